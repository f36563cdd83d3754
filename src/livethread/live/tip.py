"""The tip: where a thread stands, as this process knows it; a cursor on log and drafts.

It subscribes to the bus first, reads second, and drops what it already has. What it hears is only a
hint: whatever is odd about it sends it to the log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import structlog

from livethread.domain.events import LoggedEvent
from livethread.errors import NotFound
from livethread.live.bus import Bus, Hint
from livethread.live.position import Beyond, DraftOf, Frame, OpenText, Position
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.queries import AnyRow

LOOK_EVERY: Final = 2.0
"""Seconds after which it looks for itself, where the bus can lose."""

BATCH: Final = 200
"""Events read from the log at a time."""

RECENT: Final = 64
"""Events kept in memory, so that a viewer that is a little behind needs no query."""

log = structlog.get_logger()


class Moves(NamedTuple):
    """How the tip moved on.

    Args:
        events: the events it took, in order.
        frames: what those who stood where it stood are shown.
        beyond: a message ended shorter than, or different from, what they had been shown of it.
    """

    events: list[LoggedEvent]
    frames: list[Frame]
    beyond: bool


class Tip:
    """See the module.

    Args:
        thread_id: which thread.
        database: where its log is.
        draft_of: finds a draft by its message's id.
        bus: where hints come from.
        stirred: called when there may be events to advance to.
        grown: called when a draft has grown, whose text is stored by then.
        rebuilt: called when the log turned out to be another one than before.
    """

    def __init__(
        self,
        thread_id: str,
        database: Database,
        draft_of: DraftOf,
        bus: Bus,
        *,
        stirred: Callable[[], None],
        grown: Callable[[], None],
        rebuilt: Callable[[], None],
    ) -> None:
        self.thread_id = thread_id
        self.draft_of = draft_of
        self.position = Position(0, "", [])
        self.waiting: dict[str, int] = {}
        """The runs that wait for their caller there: the seq of their ``requires_action``."""
        self._moved: asyncio.Event | None = None
        self._database = database
        self._stirred = stirred
        self._grown = grown
        self._rebuilt = rebuilt
        self._loop = asyncio.get_running_loop()
        self._recent: deque[LoggedEvent] = deque(maxlen=RECENT)
        self._heard: list[LoggedEvent] = []
        self._odd = False
        self._reading: asyncio.Task[None] | None = None
        self._unsubscribe = bus.subscribe(thread_id, self._hear)
        self._timer = self._loop.call_later(LOOK_EVERY, self._look) if bus.lossy else None
        self.loaded = self._loop.create_task(self._load())

    @property
    def moved(self) -> asyncio.Event:
        """Set when the position moves next; made only where somebody asks, since that is not per token."""
        self._moved = self._moved or asyncio.Event()
        return self._moved

    @property
    def lives(self) -> bool:
        """Whether the thread is known to be there: it was found, and nothing was heard of its end."""
        return self.position.seq > 0 and not (self._recent and self._recent[-1].type == "thread.deleted")

    def close(self) -> None:
        """Stop following."""
        self._unsubscribe()
        self.loaded.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._reading is not None:
            self._reading.cancel()

    def advance(self) -> Moves:
        """Move on to where log and drafts are, as far as they are known."""
        events = self._following() if self._heard else []
        frames: list[Frame] = []
        beyond = False
        for event in events:
            self._recent.append(event)
            if event.object_id == event.run_id and event.type != "thread.run.updated":
                self.waiting.pop(event.run_id, None)
                if event.type == "thread.run.requires_action":
                    self.waiting[event.run_id] = event.seq
            try:
                frames.extend(self.position.step(event, self.draft_of))
            except Beyond:
                beyond = True
                frames.append(Frame(event.type, event.data, event.run_id, event.seq, event.tag, ()))
        frames += self.grow()
        if events:
            self._tell_moved()
        return Moves(events, frames, beyond)

    def grow(self) -> list[Frame]:
        """Move on in the open drafts, as far as their text is stored."""
        frames: list[Frame] = []
        for text in self.position.open.values():
            if text.draft is None:
                text.draft = self.draft_of(text.message_id)
            if text.draft is not None and text.place < text.draft.stored:
                frames += self.position.grow(text.message_id, text.draft.stored)
        if frames:
            self._tell_moved()
        return frames

    async def events(self, after: int) -> list[LoggedEvent]:
        """The next events behind a seq, up to the tip's own."""
        until = self.position.seq
        if after >= until:
            return []
        if self._recent and self._recent[0].seq <= after + 1:
            return [event for event in self._recent if after < event.seq <= until]
        return await self.read(after, until)

    async def read(self, after: int, until: int) -> list[LoggedEvent]:
        """Events as the log has them."""
        return await self._database.read(
            lambda connection: _logged(queries.events_between(connection, self.thread_id, after, until, BATCH))
        )

    def check(self) -> None:
        """Something is odd: read the log from where we stand, or anew if it is another log."""
        self._odd = True  # also while a read is under way, which may have begun too early
        if self._reading is None or self._reading.done():
            self._reading = self._loop.create_task(self._check())

    def _hear(self, hint: Hint) -> None:
        if hint.events:
            self._heard.extend(hint.events)
            self._stirred()
        else:
            self._grown()

    def _look(self) -> None:
        """Where the bus can lose, the last hint leaves no gap: compare for ourselves."""
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        self.check()

    def _following(self) -> list[LoggedEvent]:
        """The heard events that continue our position; a gap or a contradiction sends us to the log."""
        heard, self._heard = sorted(self._heard, key=lambda event: event.seq), []
        known = {event.seq: event.tag for event in self._recent}
        known[self.position.seq] = self.position.tag
        seq = self.position.seq
        following: list[LoggedEvent] = []
        for event in heard:
            if known.setdefault(event.seq, event.tag) != event.tag:
                self.check()
                return []  # one of the two logs is not ours any more: believe nothing of this
            if event.seq == seq + 1:
                following.append(event)
                seq = event.seq
            elif event.seq > seq:
                self.check()
        return following

    async def _load(self) -> None:
        """Read where the log stands, having subscribed before."""

        def read(connection: Connection) -> tuple[int, str, list[OpenText], list[LoggedEvent], dict[str, int]]:
            row = queries.thread(connection, self.thread_id)
            if row is None:
                raise NotFound("thread", self.thread_id)
            opened = [
                OpenText(message.created_seq, message.id, message.run_id, None)
                for message in queries.open_messages(connection, self.thread_id, row.seq)
            ]
            recent = _logged(queries.events_between(connection, self.thread_id, row.seq - RECENT // 4, row.seq, RECENT))
            waiting = queries.thread_runs(connection, self.thread_id, ["requires_action"])
            return row.seq, row.tag, opened, recent, {run.id: run.status_seq for run in waiting}

        seq, tag, opened, recent, waiting = await self._database.read(read)
        for text in opened:
            text.draft = self.draft_of(text.message_id)
            if text.draft is not None:
                text.place = text.draft.stored
        self.position, self.waiting = Position(seq, tag, opened), waiting
        self._recent = deque(recent, maxlen=RECENT)
        self._tell_moved()
        self._stirred()

    async def _check(self) -> None:
        try:
            while self._odd:
                self._odd = False
                seq, tag, more = self.position.seq, self.position.tag, True
                while more:
                    same, events = await self._database.read(self._behind(seq, tag))
                    if not same:
                        await self._load()
                        self._rebuilt()
                        return
                    self._heard.extend(events)
                    self._stirred()
                    more = len(events) == BATCH
                    if more:  # from where these lead: our own position may be elsewhere by now
                        seq, tag = events[-1].seq, events[-1].tag
        except NotFound:  # the whole thread is gone
            self._rebuilt()
        except Exception:  # the next oddity, or the next look, tries again
            log.exception("log not read", thread_id=self.thread_id)

    def _behind(self, seq: int, tag: str) -> Callable[[Connection], tuple[bool, list[LoggedEvent]]]:
        """Asks the log whether it still holds this event, and what follows it."""

        def read(connection: Connection) -> tuple[bool, list[LoggedEvent]]:
            same = seq == 0 or queries.event_tag(connection, self.thread_id, seq) == tag
            return same, _logged(queries.events_between(connection, self.thread_id, seq, seq + BATCH, BATCH))

        return read

    def _tell_moved(self) -> None:
        if self._moved is not None:
            self._moved.set()
            self._moved = None


def _logged(rows: Iterable[AnyRow]) -> list[LoggedEvent]:
    return [
        LoggedEvent(row.seq, row.tag, row.type, row.object_id, row.run_id, row.data.encode("ascii")) for row in rows
    ]
