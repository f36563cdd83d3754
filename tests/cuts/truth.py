"""What is true of a thread: its whole log, against which all that a viewer was ever told is held.

A viewer's cursor says which state it shows: the fold of all events up to a seq, and of each open message
the text up to a place. The text never changes once it is said, so a viewer was always right exactly if
every event it took is the next one of the log, every delta the next bytes of the text, and every cursor
says where that has led.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.events import MESSAGE_ENDS, RUN_STREAM_TYPES
from livethread.domain.fold import Fold
from livethread.domain.transitions import TERMINAL
from livethread.sse import Decoder, Event
from tests.cuts.connection import get
from tests.cuts.viewer import Wrong, text_of


class Truth:
    """See the module.

    Args:
        thread: as it was created, without messages.
        log: every event since.

    Raises:
        Wrong: a text has no end.
    """

    def __init__(self, thread: Any, log: Iterable[Event]) -> None:
        self._thread = thread
        self.events: dict[int, Event] = {}
        self.tags: dict[int, str] = {}
        self.run_of: dict[int, str | None] = {}
        """The run of each event, by its seq."""
        self.born: dict[str, int] = {}
        """The seq at which each object was created."""
        self.created: dict[str, int] = {}
        """Likewise, of the messages whose text grew."""
        self.ended: dict[str, int] = {}
        self.deleted: dict[str, int] = {}
        self.final: dict[str, bytes] = {}
        """The text of each of them."""
        for event in log:
            self._note(event)
        if unended := self.created.keys() - self.ended.keys():
            raise Wrong(f"{thread['id']}: nothing is said any more, and the log has no end of {unended}")

    def _note(self, event: Event) -> None:
        at = cursor.parse(event.id)
        if event.type == "thread.message.delta":
            return
        data = json.loads(event.data)
        self.events[at.seq] = event
        self.tags[at.seq] = at.tag
        if event.type.endswith(".created"):
            self.born[data["id"]] = at.seq
        if data["object"] == "thread.run":
            self.run_of[at.seq] = data["id"]
        elif event.type == "thread.run.step.delta":
            self.run_of[at.seq] = self.run_of[self.born[data["id"]]]
        else:
            self.run_of[at.seq] = data.get("run_id")
        if event.type == "thread.message.created" and data["status"] == "in_progress":
            self.created[data["id"]] = at.seq
        elif event.type in MESSAGE_ENDS:
            self.ended[data["id"]] = at.seq
            self.final[data["id"]] = text_of(data).encode()
        elif event.type == "thread.message.deleted":
            self.deleted[data["id"]] = at.seq

    def texts(self, run_id: str) -> list[str]:
        """What a run said, message by message."""
        return [self.final[id].decode() for id, seq in self.created.items() if self.run_of[seq] == run_id]

    def seqs(self, run_id: str | None) -> list[int]:
        """The events that a stream of the thread, or of one run, consists of."""
        if run_id is None:
            return list(self.events)
        return [
            seq for seq, event in self.events.items() if self.run_of[seq] == run_id and event.type in RUN_STREAM_TYPES
        ]

    def fold(self, run_id: str | None = None, at: Cursor | None = None) -> Fold:
        """The state of the thread, or as one run's stream makes it: now, or at a cursor."""
        fold = Fold(thread=self._thread if run_id is None else None)
        for seq in self.seqs(run_id):
            if at is None or seq <= at.seq:
                fold.take(self.events[seq].type, json.loads(self.events[seq].data))
        by_seq = {seq: id for id, seq in self.created.items()}
        for seq, (part, offset) in () if at is None else at.places.items():
            said = {"value": self.final[by_seq[seq]][:offset].decode(), "annotations": []}
            delta = {"content": [{"index": part, "type": "text", "text": said}]}
            fold.take("thread.message.delta", {"id": by_seq[seq], "delta": delta})
        return fold


class Judge:
    """Holds against the log all that one viewer has taken.

    Args:
        truth: of the thread.
        name: of the viewer, for complaints.
        run_id: whose stream it follows; None for the thread's.
        limit: what it asked a snapshot to show.
    """

    def __init__(self, truth: Truth, name: str, run_id: str | None, limit: int) -> None:
        self._truth = truth
        self._name = name
        self._run_id = run_id
        self._limit = limit
        self._seqs = truth.seqs(run_id)
        self._next = 0  # among these
        self._at: int | None = None  # the seq that is held
        self._held: dict[str, int] = {}  # bytes of each open message

    def hear(self, told: Iterable[Event]) -> None:
        """Follow the viewer through what it was told, in order.

        Raises:
            Wrong: it was told something that was not so then, or not told something, or told it twice.
        """
        for event in told:
            now = cursor.parse(event.id)
            if event.type == "thread.snapshot":
                self._snapshot(event, now)
            elif event.type == "thread.message.delta":
                self._delta(event, now)
            else:
                self._event(event, now)
            self._at = now.seq
            self._agree(event, now)

    def _wrong(self, what: str, event: Event) -> Wrong:
        return Wrong(f"{self._name}: {what}: {event.type} {event.id} {event.data[:300]}, held {self._at} {self._held}")

    def _event(self, event: Event, now: Cursor) -> None:
        if self._run_id is not None and event.type == "thread.run.created":
            self._begin_anew(event)
            self._next, self._held = 0, {}
        if self._next == len(self._seqs) or now.seq != self._seqs[self._next]:
            raise self._wrong(f"is not the next one of {self._seqs[self._next : self._next + 3]}", event)
        logged = self._truth.events[now.seq]
        if (event.type, event.data) != (logged.type, logged.data):
            raise self._wrong(f"is not what was logged: {logged.data[:300]}", event)
        self._next += 1
        id = json.loads(event.data)["id"]
        if self._truth.created.get(id) == now.seq:
            self._held[id] = 0
        elif self._truth.ended.get(id) == now.seq and self._held.pop(id) != len(self._truth.final[id]):
            raise self._wrong("ended before all its text was told", event)

    def _delta(self, event: Event, now: Cursor) -> None:
        if self._next < len(self._seqs) and now.seq >= self._seqs[self._next]:
            raise self._wrong(f"steps over the event {self._seqs[self._next]}", event)
        data = json.loads(event.data)
        if data["id"] not in self._held:
            raise self._wrong("is text of a message that does not grow", event)
        held = self._held[data["id"]]
        piece = "".join(part["text"]["value"] for part in data["delta"]["content"]).encode()
        if not piece or not self._truth.final[data["id"]].startswith(piece, held):
            raise self._wrong("is not the text that follows", event)
        self._held[data["id"]] = held + len(piece)

    def _snapshot(self, event: Event, now: Cursor) -> None:
        self._begin_anew(event)
        data, state = json.loads(event.data), self._truth.fold(at=now)
        if data["cursor"] != event.id:
            raise self._wrong("has another cursor inside", event)
        growing = {message["id"] for message in state.messages if message["status"] == "in_progress"}
        active = {run["id"] for run in state.runs if run["status"] not in TERMINAL}
        ended = [run["id"] for run in state.runs if run["id"] not in active][: self._limit]
        runs = [run for run in state.runs if run["id"] in {*active, *ended}]
        due = {
            "thread": state.thread,
            "messages": [
                message
                for number, message in enumerate(state.messages)
                if number < self._limit or message["id"] in growing
            ],
            "has_more": len(state.messages) > self._limit,
            "runs": runs,
        }
        for part, expected in due.items():
            if json.dumps(data[part]) != json.dumps(expected):
                raise self._wrong(f"shows {part} and not {json.dumps(expected)[:900]}", event)
        for run in runs:
            steps = [step for step in data["run_steps"] if step["run_id"] == run["id"]]
            if json.dumps(steps) != json.dumps([step for step in state.run_steps if step["run_id"] == run["id"]]):
                raise self._wrong(f"shows other steps of {run['id']}", event)
        self._held = {
            id: now.places.get(seq, (0, 0))[1]
            for id, seq in self._truth.created.items()
            if seq <= now.seq < self._truth.ended[id]
        }
        self._next = sum(seq <= now.seq for seq in self._seqs)

    def _begin_anew(self, event: Event) -> None:
        """A log that stays what it is makes no cursor bad, but where a text that is held in part was deleted."""
        if self._at is not None and self._held.keys().isdisjoint(self._truth.deleted):
            raise self._wrong("came though the cursor was good", event)

    def _agree(self, event: Event, now: Cursor) -> None:
        """The cursor names the event and, of each open message, just the text that is held."""
        places = {self._truth.created[id]: (0, length) for id, length in self._held.items() if length}
        run_seq = None if self._run_id is None else self._seqs[0]
        if (now.tag, now.run, now.places) != (self._truth.tags[now.seq], run_seq, places):
            raise self._wrong(f"has a cursor that says something else than {places}", event)


async def read_log(url: str, cursor_at_start: str, until: int) -> list[Event]:
    """All events behind a cursor, over one connection that nothing cuts.

    Args:
        url: of the thread's stream.
        cursor_at_start: the cursor.
        until: the seq of the last event there is.
    """
    log: list[Event] = []
    decoder = Decoder()
    async with get(f"{url}?cursor={cursor_at_start}", None, reset=False) as answer:
        while not log or cursor.parse(log[-1].id).seq < until:
            piece = await answer.read(65536)
            if not piece:
                raise Wrong(f"{url}: the whole log ends before {until}")
            log += [event for event in decoder.feed(piece) if event.type not in ("thread.presence", "thread.typing")]
    return log
