"""Events as Socket.IO packets, made once for all who are handed the same bytes. Pure.

The packets are those of Engine.IO 4 and Socket.IO 5, the frames those of RFC 6455; all text is ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

from livethread.sse import KEEP_ALIVE

_EVENT: Final = b'42["%b",%b]'
"""Engine.IO's message, in it Socket.IO's event in the default namespace."""


def event(name: str, data: bytes | None = None) -> bytes:
    """The packet of an event.

    Args:
        name: of the event, in ASCII.
        data: JSON in ASCII; an event without data if None.
    """
    return b'42["%b"]' % name.encode("ascii") if data is None else _EVENT % (name.encode("ascii"), data)


_THREAD_EVENT: Final = event("thread.event", b'{"thread_id":"%b","id":%b,"event":"%b","data":%b}')


def frame(packet: bytes) -> bytes:
    """A packet as one whole text frame of a WebSocket, as a server sends it: without a mask."""
    size = len(packet)
    if size < 126:
        return b"\x81%c%b" % (size, packet)
    if size < 1 << 16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), packet)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), packet)


class Bundle:
    """Packets that go out together.

    Args:
        packets: in order.
        cursor: what a client that has them all holds; None if they move no cursor.
    """

    def __init__(self, packets: Sequence[bytes], cursor: str | None = None) -> None:
        self.packets = packets
        self.cursor = cursor
        self.frames = b"".join(map(frame, packets))
        """As they go over a WebSocket."""

    @cached_property
    def texts(self) -> Sequence[str]:
        """As Engine.IO's messages carry them."""
        return [packet[1:].decode("ascii") for packet in self.packets]


@lru_cache(maxsize=4)
def told(thread_id: str, data: bytes) -> Bundle | None:
    """What a hub writes to its viewers, as ``thread.event`` packets (wire.md, Socket.IO).

    Args:
        thread_id: whose hub.
        data: server-sent events as `livethread.sse.encode` makes them, whole ones.

    Returns:
        None if there is nothing to tell: sockets are kept alive by their own protocol.
    """
    packets: list[bytes] = []
    cursor = None
    for type, body, id in blocks(data):
        cursor = id or cursor
        told = b"null" if id is None else b'"%b"' % id
        packets.append(_THREAD_EVENT % (thread_id.encode("ascii"), told, type, body))
    return Bundle(packets, None if cursor is None else cursor.decode("ascii")) if packets else None


def blocks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes | None]]:
    """Type, data and id of each event in what a hub writes; keep-alives are left out."""
    for block in data.split(b"\n\n"):
        lines = block.removeprefix(KEEP_ALIVE).split(b"\n")
        if len(lines) > 1:
            id = lines[2].removeprefix(b"id: ") if len(lines) > 2 else None
            yield lines[0].removeprefix(b"event: "), lines[1].removeprefix(b"data: "), id
