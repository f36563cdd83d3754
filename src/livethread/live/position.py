"""What a viewer holds of a thread, and how it moves on: by one event, or by a piece of a draft.

The hub is such a position itself, and so is every viewer that is behind it; both move by the same steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

import msgspec

from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.events import MESSAGE_ENDS, RUN_ENDS, RUN_STREAM_TYPES, LoggedEvent, refusal_delta, text_delta
from livethread.live.draft import Draft, Piece
from livethread.sse import encode

MAX_PIECE: Final = 24 * 1024
"""At most so many bytes of text in one delta; on the wire they are up to twice as many, in most languages."""

DONE: Final = encode("done", "[DONE]")
"""The end of a run stream."""

_DELTA: Final = "thread.message.delta"

DraftOf = Callable[[str], Draft | None]

Form = Callable[[str, bytes], bytes]
"""Makes of a thread's id, and of its events as a hub writes them, what goes over a connection of some kind."""


class OpenText:
    """A message whose text grows, and how far it is held."""

    __slots__ = ("_group", "_group_of", "_stem", "created_seq", "draft", "message_id", "place", "run_id")

    def __init__(
        self, created_seq: int, message_id: str, run_id: str, draft: Draft | None, place: tuple[int, int] = (0, 0)
    ) -> None:
        self.created_seq = created_seq
        self.message_id = message_id
        self.run_id = run_id
        self.draft = draft
        self.place = place  # how far it is held: (content part, UTF-8 byte offset)
        self._stem = cursor.group_stem(created_seq)
        self._group, self._group_of = "", (0, 0)

    @property
    def group(self) -> str:
        """Its part of a cursor; of many open texts one has grown, and the others' stay as they are."""
        if self._group_of is not self.place:
            self._group_of = self.place
            self._group = cursor.group_at(self._stem, *self.place) if self.place != (0, 0) else ""
        return self._group

    def copy(self) -> OpenText:
        """The same, free to move on by itself."""
        return OpenText(self.created_seq, self.message_id, self.run_id, self.draft, self.place)


class Frame:
    """One event or delta as viewers get it; encoded once for all who look at it the same way.

    Args:
        type: the event's type.
        data: one line of ASCII JSON.
        run_id: the run it belongs to, if any.
        seq: the last event that its reader then holds.
        tag: that event's tag.
        places: the text its reader then holds: (run, group of a cursor) for each draft.
    """

    __slots__ = ("_encoded", "data", "places", "run_id", "seq", "tag", "type")

    def __init__(
        self, type: str, data: bytes, run_id: str | None, seq: int, tag: str, places: tuple[tuple[str, str], ...]
    ) -> None:
        self.type = type
        self.data = data
        self.run_id = run_id
        self.seq = seq
        self.tag = tag
        self.places = places
        self._encoded: dict[str | None, bytes] = {}

    def sse(self, view: View) -> bytes:
        """The frame as a server-sent event."""
        encoded = self._encoded.get(view.run_id)
        if encoded is None:
            id = view.head(self.seq, self.tag)
            for run_id, group in self.places:
                if view.run_id is None or run_id == view.run_id:
                    id += group
            encoded = b"%b%b\nid: %b\n\n" % (_opening(self.type), self.data, id.encode("ascii"))
            self._encoded[view.run_id] = encoded
        return encoded


@cache
def _opening(type: str) -> bytes:
    """What stands before the data of every event of a type (`livethread.sse.encode`, once for all)."""
    return encode(type, b"").removesuffix(b"\n\n")


class View:
    """How a viewer looks at a thread: all of it, or one run.

    Args:
        run_id: the run; None for the whole thread.
        run_seq: the seq of the run's ``created``.
    """

    __slots__ = (
        "_head", "_head_of", "data", "ended", "form", "formed", "run_id", "run_seq", "status_seq", "users", "waits_at",
    )  # fmt: skip

    def __init__(self, run_id: str | None = None, run_seq: int | None = None) -> None:
        self.run_id = run_id
        self.run_seq = run_seq
        self.form: Form | None = None  # that all who look so share, if they have one
        self.data, self.ended = b"", False  # what a sweep hands them, and whether it is the last
        self.formed = b""  # the same, in that form; nothing if each sink has to be asked
        self.users = 0  # the hub's viewers that look so
        self.status_seq = 0  # the event that set the run's status, as far as is known
        self.waits_at: int | None = None  # the requires_action that the run still waits in
        self._head = ""
        self._head_of: tuple[int, str] | None = None

    def head(self, seq: int, tag: str) -> str:
        """The first part of its cursors there; it stays the same while only drafts grow."""
        if self._head_of != (seq, tag):
            self._head_of, self._head = (seq, tag), cursor.head(seq, tag, self.run_seq)
        return self._head

    def note_status(self, status: str, seq: int) -> None:
        """The run's status was set by this event; older news changes nothing."""
        if seq > self.status_seq:
            self.status_seq = seq
            self.waits_at = seq if status == "requires_action" else None

    def passes(self, frame: Frame) -> bool:
        """Whether this view shows the frame."""
        if self.run_id is None:
            return True
        if frame.run_id == self.run_id:
            return frame.type in RUN_STREAM_TYPES
        return frame.type == "thread.created"

    def ends(self, frame: Frame) -> bool:
        """Whether a stream ends behind this frame (wire.md, Streams)."""
        if self.run_id is None:
            return frame.type == "thread.deleted"
        if frame.type == "thread.run.requires_action":
            return frame.seq == self.waits_at
        return frame.type in RUN_ENDS

    def offer(self, thread_id: str, data: bytes, ended: bool = False) -> None:
        """This is for all who look so, in the sweep that begins."""
        self.data, self.ended = data, ended
        self.formed = self.form(thread_id, data) if data and not ended and self.form is not None else b""

    def render(self, frames: Iterable[Frame], enough: int | None = None) -> tuple[bytes, bool]:
        """What who looks so gets of these frames, and whether that is the last it gets.

        Args:
            frames: in order; no more of them are taken than are shown.
            enough: bytes after which to stop.
        """
        if isinstance(frames, list) and len(frames) == 1 and frames[0].type == _DELTA:  # so it is once for every token
            mine = self.run_id is None or self.run_id == frames[0].run_id
            return (frames[0].sse(self) if mine else b""), False
        data: list[bytes] = []
        size = 0
        for frame in frames:
            if self.passes(frame):
                data.append(frame.sse(self))
                size += len(data[-1])
                if self.ends(frame):
                    if self.run_id is not None:
                        data.append(DONE)
                    return b"".join(data), True
                if enough is not None and size >= enough:
                    break
        return b"".join(data), False


class Beyond(Exception):
    """The text of a message ended before what the viewer holds of it, or differs."""


class Position:
    """The fold of all events up to ``seq`` and, of each open message, the text up to a place.

    Args:
        seq: the last event held; 0 for none.
        tag: its tag.
        opened: the messages open there.
        run_id: look at one run's messages only.
    """

    __slots__ = ("open", "run_id", "seq", "tag")

    def __init__(self, seq: int, tag: str, opened: list[OpenText], run_id: str | None = None) -> None:
        self.seq = seq
        self.tag = tag
        self.run_id = run_id
        self.open = {text.message_id: text for text in opened if run_id is None or text.run_id == run_id}

    def copy(self, run_id: str | None = None) -> Position:
        """The same position, free to move on by itself, of one run's messages only if so asked."""
        return Position(self.seq, self.tag, [text.copy() for text in self.open.values()], run_id)

    def cursor(self, run_seq: int | None = None) -> Cursor:
        """What a viewer there holds, as a cursor."""
        return Cursor(self.seq, self.tag, run_seq, {text.created_seq: text.place for text in self.open.values()})

    def step(self, event: LoggedEvent, draft_of: DraftOf) -> Iterator[Frame]:
        """Move on by the next event: before a message ends, the tail of its text that is still missing.

        Raises:
            Beyond: the message ended shorter than, or different from, what is held of it. The
                position has moved on past the event.
        """
        mine = self.run_id is None or event.run_id == self.run_id
        beyond = False
        if event.run_id is not None and mine:
            if event.type in MESSAGE_ENDS and event.object_id in self.open:
                text = self.open[event.object_id]
                final = _final(text, event.data)
                if final is None:
                    beyond = True
                else:
                    for piece in final.since(*text.place, final.end):
                        yield from self._pieces(text, piece)
                del self.open[event.object_id]
            elif event.type == "thread.message.created" and _status(event.data) == "in_progress":
                self.open[event.object_id] = OpenText(
                    event.seq, event.object_id, event.run_id, draft_of(event.object_id)
                )
        if event.type == "thread.message.deleted":
            self.open.pop(event.object_id, None)
        elif event.type == "thread.deleted":
            self.open.clear()
        self.seq, self.tag = event.seq, event.tag
        if beyond:
            raise Beyond
        if mine or event.type == "thread.created":
            yield Frame(event.type, event.data, event.run_id, self.seq, self.tag, self._places())

    def grow(self, message_id: str, until: tuple[int, int]) -> Iterable[Frame]:
        """Move on in one draft, as far as its text goes up to a place; a frame at a time, as they are taken."""
        text = self.open[message_id]
        if text.draft is None or text.place >= until:
            return ()
        pieces = text.draft.since(*text.place, until)
        if len(pieces) == 1 and len(pieces[0].text) <= MAX_PIECE:  # so it is once for every token
            return (self._frame(text, pieces[0]),)
        return (frame for piece in pieces for frame in self._pieces(text, piece))

    def _pieces(self, text: OpenText, piece: Piece) -> Iterator[Frame]:
        at = 0
        while at < len(piece.text):
            end = _code_point(piece.text, at + MAX_PIECE)
            yield self._frame(text, Piece(piece.part, piece.offset + at, piece.kind, piece.text[at:end]))
            at = end

    def _frame(self, text: OpenText, piece: Piece) -> Frame:
        """The delta that says a piece; the position moves past it."""
        said = piece.text.decode()
        if piece.kind == "text":
            data = text_delta(text.message_id, piece.part, said, first=piece.offset == 0)
        else:
            data = refusal_delta(text.message_id, piece.part, said)
        text.place = (piece.part, piece.offset + len(piece.text))
        places = self._places() if len(self.open) > 1 else ((text.run_id, text.group),)
        return Frame(_DELTA, data, text.run_id, self.seq, self.tag, places)

    def _places(self) -> tuple[tuple[str, str], ...]:
        return tuple([(text.run_id, text.group) for text in self.open.values()])


class _Ended(msgspec.Struct):
    content: list[dict[str, Any]]


class _State(msgspec.Struct):
    status: str


_ended: Final = msgspec.json.Decoder(_Ended)
_state: Final = msgspec.json.Decoder(_State)


def _status(data: bytes) -> str:
    return _state.decode(data).status


def _final(text: OpenText, data: bytes) -> Draft | None:
    """The whole text of a message that ends; None if it does not extend what is held of it."""
    final = Draft.of("", text.message_id, _ended.decode(data).content)
    if not final.holds(*text.place):
        return None
    if text.draft is not None and text.draft.since(0, 0, text.place) != final.since(0, 0, text.place):
        return None
    return final


def _code_point(text: bytes, at: int) -> int:
    """The last place up to ``at`` where a character begins; the end, if that is nearer."""
    if at >= len(text):
        return len(text)
    while text[at] & 0xC0 == 0x80:
        at -= 1
    return at
