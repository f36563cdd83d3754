"""Server-sent events by the WHATWG rules: events to bytes, bytes to events; no I/O, no dependencies.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html. Where clients in
the wild are stricter than the standard, the encoder writes what all of them read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEEP_ALIVE: Final = b":\n"
"""The comment that keeps a quiet connection open: one newline, not two.

A blank line would end an event, and the official Python SDK hands every block that is not wholly empty to
its JSON parser. Once an id has been seen its decoder carries that id along, so the block after it is never
empty, and a heartbeat of ``:\\n\\n`` crashes the client.
"""

_BOM: Final = b"\xef\xbb\xbf"
_LONGEST_RETRY: Final = 15
_NOT_IN_A_FIELD: Final = frozenset("\r\n\0")


class SseError(ValueError):
    """An event that is longer than the decoder was told to take; the decoder is of no further use.

    Args:
        message: what was too long.
        events: the events that the same piece of bytes completed before.
    """

    def __init__(self, message: str, events: list[Event]) -> None:
        super().__init__(message)
        self.events = events


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a reader of the stream gets it.

    Args:
        type: the ``event`` field, ``message`` where it had none.
        data: the ``data`` lines, joined by LF.
        id: the last event id in force, which stays until another is sent; "" before the first.
        retry: milliseconds to wait before a reconnect, if this very event said so.
    """

    type: str
    data: str
    id: str = ""
    retry: int | None = None


def encode(event: str | None, data: bytes | str, id: str | None = None, retry: int | None = None) -> bytes:
    """One event on the wire: ``event``, ``data``, ``retry``, ``id``, a blank line; LF only.

    The id comes last because some decoders store it as soon as they have read its line: a cut inside the
    event must not move their cursor past data they have not got.

    Args:
        event: the type; None leaves the line out, and readers take it as ``message``.
        data: any text; every line of it (ended by LF, CR or CRLF) becomes a ``data`` line, so a reader
            gets each line end back as LF.
        id: the new last event id; None leaves it as it is, "" unsets it.
        retry: milliseconds a reader should wait before it connects again.

    Raises:
        ValueError: CR, LF or NUL in ``event`` or ``id``, a negative ``retry``, or a lone surrogate.
    """
    if isinstance(data, str):
        data = data.encode()
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n" in data:
        data = data.replace(b"\n", b"\ndata: ")
    head = b"" if event is None else b"event: " + _field("event", event) + b"\n"
    tail = b"\n\n" if id is None else b"\nid: " + _field("id", id) + b"\n\n"
    if retry is not None:
        if retry < 0:
            raise ValueError(f"retry must not be negative, but is {retry}")
        tail = b"\nretry: %d" % retry + tail
    return head + b"data: " + data + tail


def _field(name: str, value: str) -> bytes:
    if not _NOT_IN_A_FIELD.isdisjoint(value):
        raise ValueError(f"{name} must not contain CR, LF or NUL: {value!r}")
    return value.encode()


class Decoder:
    """Turns the bytes of a stream into events, however the bytes are cut into pieces.

    The time is linear in the bytes, also when a long event comes byte by byte. An event that the stream
    leaves unfinished is never returned, and does not move `last_event_id`.

    Args:
        last_event_id: the id in force before the first event, when a stream is resumed.
        max_event_bytes: how long the data lines of one event and the line under way may be together;
            None for any length.
    """

    def __init__(self, *, last_event_id: str = "", max_event_bytes: int | None = None) -> None:
        self.last_event_id = last_event_id
        """The id to send as ``Last-Event-ID`` when the stream is opened again."""
        self.retry: int | None = None
        """Milliseconds to wait before the stream is opened again, if the stream has said so."""
        self._max = max_event_bytes
        self._rest = bytearray()  # the line that has no end yet
        self._after_cr = False
        self._at_start = True
        self._type = ""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._id = last_event_id
        self._event_retry: int | None = None

    @property
    def resting(self) -> bool:
        """Whether the next byte begins an event: whole events may then be taken past the decoder."""
        return not (self._rest or self._data or self._type or self._after_cr or self._at_start)

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with these bytes.

        Raises:
            SseError: an event or a line is longer than ``max_event_bytes``.
        """
        if self._at_start:
            data = self._without_bom(data)
        if self._after_cr and data:
            # The CR has ended its line already; waiting for a possible LF would hold the event back.
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events: list[Event] = []
        lines = data.split(b"\n")
        if len(lines) > 1 and self._rest:
            lines[0] = bytes(self._rest + lines[0])
            self._rest.clear()
        rest = lines.pop()
        for line in lines:
            if not line:
                self._dispatch(events)
                continue
            if self._max is not None and len(line) + self._data_bytes > self._max:
                raise self._too_long(events)
            if line.startswith(b"data: "):
                self._data.append(line[6:])
                self._data_bytes += len(line)
            else:
                self._read(line)
        if rest:
            self._rest += rest
            if self._max is not None and len(self._rest) + self._data_bytes > self._max:
                raise self._too_long(events)
        return events

    def _without_bom(self, data: bytes) -> bytes:
        """The bytes after a leading byte order mark; nothing while it may still be coming."""
        self._rest += data
        if len(self._rest) < len(_BOM) and _BOM.startswith(self._rest):
            return b""
        self._at_start = False
        data = bytes(self._rest).removeprefix(_BOM)
        self._rest.clear()
        return data

    def _read(self, line: bytes) -> None:
        """Takes a line that is not blank; one with an unknown name, or a comment, says nothing."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(line)
        elif name == b"event":
            self._type = value.decode(errors="replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode(errors="replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _LONGEST_RETRY:
            self.retry = self._event_retry = int(value)

    def _dispatch(self, events: list[Event]) -> None:
        """A blank line: the event is complete, and its id is in force, also when it has no data."""
        self.last_event_id = self._id
        if self._data:
            text = b"\n".join(self._data).decode(errors="replace")
            events.append(Event(self._type or "message", text, self._id, self._event_retry))
            self._data.clear()
            self._data_bytes = 0
        self._type = ""
        self._event_retry = None

    def _too_long(self, events: list[Event]) -> SseError:
        return SseError(f"an event is longer than {self._max} bytes", events)
