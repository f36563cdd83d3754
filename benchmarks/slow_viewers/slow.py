"""The slow ones: event streams that are read slowly, sockets that are not read, polls that come no more."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks.wire import get

_BUFFER: Final = 4096
"""Bytes of a slow viewer's receive buffer, as the kernel is asked for: so little is kept out of the server's sight."""

_UPGRADE: Final = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Slow(NamedTuple):
    """A kind of slow viewer.

    Args:
        name: in the tables.
        attach: make one that has its snapshot, from the address of the server and a thread's id; its connection, if
            it keeps one.
        rate: bytes that it reads in a second from then on.
    """

    name: str
    attach: Callable[[str, str], socket.socket | None]
    rate: int


def stream(url: str, thread_id: str, buffer: int | None = _BUFFER) -> socket.socket:
    """A viewer of an event stream that has its snapshot.

    Args:
        url: of the server.
        thread_id: what it looks at.
        buffer: bytes of its receive buffer; as many as the kernel likes if None.
    """
    viewer = _connected(url, buffer)
    _asked(viewer, get(f"{url}/v1/threads/{thread_id}/events"), b"\nevent: thread.snapshot\n", b"\n\n\r\n")
    return viewer


def _websocket(url: str, thread_id: str) -> socket.socket:
    viewer = _connected(url, _BUFFER)
    _asked(viewer, _UPGRADE, b'"pingTimeout"', b"}")
    _asked(viewer, _frame("40"), b'40{"sid"', b"}")
    _asked(viewer, _frame(_subscribe(thread_id)), b'"thread.snapshot"', b"]")
    return viewer


def _polling(url: str, thread_id: str) -> None:
    path = f"{url}/socket.io/?EIO=4&transport=polling"
    path += f"&sid={json.loads(_polled(path)[1:])['sid']}"
    _polled(path, "40")
    _polled(path)
    _polled(path, _subscribe(thread_id))


KINDS: Final = (
    Slow("streams read at 1 KB/s", stream, 1024),
    Slow("sockets not read", _websocket, 0),
    Slow("polls that come no more", _polling, 0),
)


def _connected(url: str, buffer: int | None) -> socket.socket:
    parts = urlsplit(url)
    viewer = socket.socket()
    if buffer is not None:
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    viewer.connect((parts.hostname, parts.port))
    viewer.settimeout(30)
    return viewer


def _asked(viewer: socket.socket, request: bytes, expected: bytes, end: bytes) -> None:
    """Send something, and come back when what is expected has been read to its end."""
    viewer.sendall(request)
    answer = b""
    while expected not in answer or not answer.endswith(end):
        more = viewer.recv(65536)
        if not more:
            raise RuntimeError(f"a viewer was not let in: {answer!r}")
        answer += more


def _subscribe(thread_id: str) -> str:
    return f'420["subscribe",{{"thread_id":"{thread_id}"}}]'


def _frame(packet: str) -> bytes:
    """One frame of a WebSocket, masked as a client's has to be, by a key that changes nothing."""
    return bytes([0x81, 0x80 | len(packet), 0, 0, 0, 0]) + packet.encode()


def _polled(url: str, packet: str | None = None) -> bytes:
    request = urllib.request.Request(url, None if packet is None else packet.encode(), {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said: bytes = answer.read()
    return said
