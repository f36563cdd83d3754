"""The fold: a thread as its events make it. Pure; the twin of the fold in ``clients/js``.

Both replay ``spec/cases``, so whatever is added here begins with a case there. It folds the stream of a
thread and that of one run alike. Objects are the API's own, as parsed JSON, and are never changed once
they have been taken or given: what was looked at stays as it was, and who looks may compare by identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from livethread.domain.events import THREAD_STREAM_TYPES

Object = dict[str, Any]
"""An object of the API as parsed JSON."""


class Fold:
    """The state of a thread after some events.

    It begins empty, for a stream from its very start or for one that opens with ``thread.snapshot``; or
    with a page read over REST, for a stream from that answer's ``x-thread-cursor``. Then it holds the
    page's objects and those created since: an event about any other object changes nothing. Older messages
    can be added later, page by page: `ask_older` before one is asked for, `add_older` when it is there.

    Args:
        thread: the thread, if it was read.
        messages: a page of messages, newest first; those ``in_progress`` with their text so far.
        runs: runs, newest first.
        run_steps: run steps, oldest first.
        has_more: whether older messages exist that the page does not show.
        people: who is there, if that is known.
        viewers: how many look on, likewise.
        cursor: where the stream goes on.
    """

    def __init__(
        self,
        *,
        thread: Object | None = None,
        messages: Iterable[Object] = (),
        runs: Iterable[Object] = (),
        run_steps: Iterable[Object] = (),
        has_more: bool = False,
        people: Iterable[Object] = (),
        viewers: int = 0,
        cursor: str | None = None,
    ) -> None:
        self.cursor = cursor
        """What this state is the fold of: the id to resume the stream with; None before the first."""
        self._shown: tuple[Object, ...] | None = None
        self._messages: dict[str, _Message]
        self._loose: tuple[str, ...]
        self._oldest: str | None
        self._said: dict[str, Object | None] | None  # what events say of messages, while older ones are asked for
        self._hold(thread, messages, runs, run_steps, has_more=has_more)
        self.people = tuple(people)
        """Who is there, as far as they are listed; of the stream alone, as no page has it."""
        self.viewers = viewers
        """How many look on, people included; 0 before the first ``thread.presence``."""

    @property
    def messages(self) -> tuple[Object, ...]:
        """The messages, newest first, with the text so far of those that grow.

        One without any content is not shown yet. A message that has not changed since the last look is the
        same object; so is the list, if no event since was about one of its messages.
        """
        if self._shown is None:
            self._shown = tuple(
                shown for message in reversed(self._messages.values()) if (shown := message.shown())["content"]
            )
        return self._shown

    @property
    def runs(self) -> tuple[Object, ...]:
        """The runs, newest first."""
        return tuple(reversed(self._runs.values()))

    @property
    def run_steps(self) -> tuple[Object, ...]:
        """The run steps, oldest first."""
        return tuple(self._steps.values())

    def take(self, type: str, data: Any, id: str | None = None) -> None:
        """Move on by one event.

        Args:
            type: the event's type. Unknown ones, ``error`` and ``done`` change nothing.
            data: the event's data, parsed.
            id: the cursor behind the event; None or "" where it has none.
        """
        if type in THREAD_STREAM_TYPES:
            noun, _, verb = type.rpartition(".")
            match noun:
                case "thread":
                    self._take_thread(verb, data)
                case "thread.message":
                    self._take_message(verb, data)
                case "thread.run":
                    self._take_run(verb, data)
                case "thread.run.step":
                    self._take_step(verb, data)
        if id:
            self.cursor = id

    def ask_older(self) -> str | None:
        """A page of older messages is about to be asked for: heed what events say of them from now on.

        Returns:
            The id of the message behind which they begin, also if that is deleted by now; None if there are none.
        """
        self._said = {}
        return self._oldest if self.has_more else None

    def add_older(self, messages: Iterable[Object], has_more: bool) -> bool:
        """Hold a page of older messages, too; those that are held already stay as they are.

        Args:
            messages: newest first, as they were read behind what `ask_older` has said.
            has_more: whether there are older ones still.

        Returns:
            False if the page is void and has changed nothing, because the fold has begun anew since it was asked for.
        """
        said, self._said = self._said, None
        if said is None:
            return False
        rows = list(messages)
        page: dict[str, _Message] = {}
        for row in reversed(rows):
            id = row["id"]
            last = said.get(id, row)
            if id in self._messages:
                page[id] = self._messages[id]
            elif last is not None:
                page[id] = _Message(row, grows=False)
                page[id].replace(last)
        loose = {id: self._messages[id] for id in self._loose if id in self._messages and id not in page}
        self._messages = {**loose, **page, **self._messages}
        self._loose = tuple(loose)
        if rows:
            self._oldest = rows[-1]["id"]
        self.has_more = has_more
        self._shown = None
        return True

    def _hold(
        self,
        thread: Object | None,
        messages: Iterable[Object] = (),
        runs: Iterable[Object] = (),
        run_steps: Iterable[Object] = (),
        *,
        has_more: bool = False,
    ) -> None:
        """Hold this and nothing else; in the order of creation."""
        self.thread = thread
        """The thread; None if it was deleted, or is not known."""
        self.has_more = has_more
        """Whether the thread has older messages, that only REST brings."""
        rows = tuple(messages)
        self._messages = {message["id"]: _Message(message) for message in reversed(rows)}
        # What is shown may end in older messages that grow, with others in between that are left out.
        ended = [place for place, message in enumerate(rows) if message["status"] != "in_progress"]
        last = ended[-1] if ended else 0
        self._oldest = rows[last]["id"] if rows else None
        self._loose = tuple(message["id"] for message in reversed(rows[last + 1 :]))
        self._said = None
        self._runs = {run["id"]: run for run in reversed(tuple(runs))}
        self._steps = {step["id"]: step for step in run_steps}
        self._shown = None

    def _take_thread(self, verb: str, data: Any) -> None:
        match verb:
            case "snapshot":
                self._hold(data["thread"], data["messages"], data["runs"], data["run_steps"], has_more=data["has_more"])
                self.people, self.cursor = tuple(data["people"]), data["cursor"]
            case "created":  # the log's first event
                self._hold(data)
            case "updated" if self.thread is not None:
                self.thread = data
            case "deleted":
                self._hold(None)
                self.people, self.viewers = (), 0
            case "presence":
                self.people, self.viewers = tuple(data["people"]), data["viewers"]
            case "typing":
                self.people = tuple(_typing(person, data) for person in self.people)

    def _take_message(self, verb: str, data: Object) -> None:
        id = data["id"]
        if self._said is not None and verb not in ("created", "delta"):
            self._said[id] = None if verb == "deleted" else data
        if verb == "created":
            self._messages[id] = _Message(data)
        elif id not in self._messages:
            return
        elif verb == "deleted":
            del self._messages[id]
        elif verb == "delta":
            self._messages[id].grow(data["delta"])
        else:
            self._messages[id].replace(data)
        self._shown = None

    def _take_run(self, verb: str, data: Object) -> None:
        id = data["id"]
        if verb == "created":  # also where a run's stream begins again that cannot go on from its reader's cursor
            self._forget_run(id)
            self._runs[id] = data
        elif id in self._runs:
            self._runs[id] = data

    def _take_step(self, verb: str, data: Object) -> None:
        id = data["id"]
        if verb == "created":
            self._steps[id] = data
        elif id in self._steps:
            self._steps[id] = _with_calls(self._steps[id], data["delta"]) if verb == "delta" else data

    def _forget_run(self, run_id: str) -> None:
        self._runs.pop(run_id, None)
        self._steps = {id: step for id, step in self._steps.items() if step["run_id"] != run_id}
        self._messages = {id: message for id, message in self._messages.items() if message.row["run_id"] != run_id}
        self._shown = None


class _Message:
    """A message's row and, apart from it, the text that grows: so an update of the row loses none of it."""

    __slots__ = ("_draft", "_shown", "row")

    def __init__(self, row: Object, *, grows: bool = True) -> None:
        self.row = row
        self._draft: dict[int, _Part] | None = None
        self._shown: Object | None = None
        if grows and row["status"] == "in_progress":
            self._draft = {index: _Part(block) for index, block in enumerate(row["content"])}

    def replace(self, row: Object) -> None:
        """Take a new row; one that has ended carries the whole text itself."""
        if row["status"] != "in_progress":
            self._draft = None
        elif self._draft is None:
            row = {**row, "content": self.row["content"]}
        self.row = row
        self._shown = None

    def grow(self, delta: Object) -> None:
        """Add to the draft what a delta brings, if the message still grows."""
        if self._draft is None:
            return
        for item in delta.get("content") or ():
            part = self._draft.get(item["index"])
            if part is None:
                self._draft[item["index"]] = _Part(item)
            else:
                part.add(item)
        self._shown = None

    def shown(self) -> Object:
        """The message with its text so far."""
        if self._draft is None:
            return self.row
        if self._shown is None:
            content = [part.block() for _, part in sorted(self._draft.items())]
            self._shown = {**self.row, "content": content}
        return self._shown


class _Part:
    """One block of content that grows: pieces are collected, and joined when somebody looks."""

    __slots__ = ("_annotations", "_other", "_pieces", "_type")

    def __init__(self, first: Object) -> None:
        self._type: str = first["type"]
        self._pieces: list[str] = []
        self._annotations: list[Object] = []
        self._other: Object = {}
        self.add(first)

    def add(self, item: Object) -> None:
        """Append the text of a delta's item; a block of any other type, such as an image, comes whole."""
        if self._type == "text":
            text = item["text"]
            self._pieces.append(text.get("value") or "")
            self._annotations += (_without_index(annotation) for annotation in text.get("annotations") or ())
        elif self._type == "refusal":
            self._pieces.append(item["refusal"])
        else:
            self._other = _without_index(item)

    def block(self) -> Object:
        """The block as a message carries it."""
        if self._type not in ("text", "refusal"):
            return self._other
        text = "".join(self._pieces)
        self._pieces = [text]
        if self._type == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "text", "text": {"value": text, "annotations": list(self._annotations)}}


def _typing(person: Object, said: Object) -> Object:
    """The person, typing or not if it is the one of whom that is said."""
    return {**person, "typing": said["typing"]} if person["user_id"] == said["user_id"] else person


def _with_calls(step: Object, delta: Object) -> Object:
    """The step with the calls that its delta brings, each at its index."""
    details = step["step_details"]
    calls = dict(enumerate(details.get("tool_calls") or ()))
    calls.update((call["index"], _without_index(call)) for call in delta["step_details"].get("tool_calls") or ())
    if not calls:
        return step
    return {**step, "step_details": {**details, "tool_calls": [call for _, call in sorted(calls.items())]}}


def _without_index(item: Object) -> Object:
    return {key: value for key, value in item.items() if key != "index"}
