"""A socket as something to write to: straight to its transport where that is ours, else through Engine.IO's queue.

Engine.IO's own queue knows no bound. Here whoever writes is told to wait until the client has fetched what it was
handed, so that one write at a time is kept for it, whatever its transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Final

from engineio.async_socket import AsyncSocket
from engineio.packet import MESSAGE, Packet

from livethread.sockets.connection import WebSocketConnection
from livethread.sockets.packets import Bundle

HEAP: Final = 64
"""Packets, of whatever it was handed, beyond which a client that polls is not heard until it has fetched some."""

AT_ONCE: Final = 8
"""Packets in Engine.IO's queue; its clients take no more than 16 in one answer to a poll, its own pings among them."""


class Outlet:
    """See the module.

    Args:
        socket: Engine.IO's.
        connection_of: finds the WebSocket of a socket that has one which may be written to straight.
    """

    __slots__ = ("_connection", "_connection_of", "_fetched", "_queued", "_rest", "_socket", "transport")

    def __init__(self, socket: AsyncSocket, connection_of: Callable[[str], WebSocketConnection | None]) -> None:
        self._socket = socket
        self._connection_of = connection_of
        self._connection: WebSocketConnection | None = None
        self.transport: asyncio.Transport | None = None
        """Where frames may be written straight to, once they may."""
        self._queued = 0  # packets of ours in Engine.IO's queue
        self._rest: list[str] = []  # those that are to follow
        self._fetched: asyncio.Future[None] | None = None

    def write(self, bundle: Bundle) -> Awaitable[None] | None:
        """Hand packets to the client.

        Returns:
            None if it may be handed more; else what to wait for before: these count as sent.
        """
        transport = self.transport
        if transport is None and (transport := self._upgraded()) is None:
            return self._queue(bundle.texts)
        if transport.is_closing():  # its reader hears of that by itself
            return None
        transport.write(bundle.frames)
        return self if transport.get_write_buffer_size() else None

    async def answer(self, bundle: Bundle) -> None:
        """Hand packets to a client that has said something; come back when it may say more.

        Who says much and reads nothing is heard no more. Who polls may say something and fetch the answer afterwards.
        """
        wait = self.write(bundle)
        if wait is not None and (self.transport is not None or len(self._rest) > HEAP):
            await wait

    @property
    def unfetched(self) -> int:
        """Packets in Engine.IO's queue, the acknowledgements that the engine itself puts there among them."""
        return int(self._socket.queue.qsize())

    def close(self) -> None:
        """The client has gone, or is to go: the engine would leave a poll of its waiting, and its end unsaid."""
        asyncio.get_running_loop().call_soon(self._socket.queue.put_nowait, None)  # behind what it says at last

    def __await__(self) -> Generator[Any, Any, None]:
        assert self._connection is not None
        return self._connection.drain().__await__()

    def _upgraded(self) -> asyncio.Transport | None:
        if self._socket.upgraded and not self._queued:
            self._connection = self._connection_of(self._socket.sid)
            if self._connection is not None:
                self.transport = self._connection.transport
        return self.transport

    def _queue(self, packets: Sequence[str]) -> Awaitable[None] | None:
        if self._socket.closed:
            return None
        self._rest.extend(packets)
        if self._fetched is None:
            self._fetched = asyncio.get_running_loop().create_future()
        fetched = asyncio.shield(self._fetched)  # others may wait for it, too
        self._feed()
        return fetched

    def _feed(self) -> None:
        while self._rest and self._queued < AT_ONCE:
            self._queued += 1
            self._socket.queue.put_nowait(_Prepared(self._rest.pop(0), self._taken))

    def _taken(self) -> None:
        self._queued -= 1
        if self._queued:
            return
        if self._rest:
            self._feed()
        elif self._fetched is not None:
            if not self._fetched.done():
                self._fetched.set_result(None)
            self._fetched = None


class _Prepared(Packet):  # type: ignore[misc]  # Engine.IO has no types
    """A packet that is encoded already; Engine.IO encodes it when it writes it."""

    def __init__(self, text: str, taken: Callable[[], None]) -> None:
        super().__init__(MESSAGE, text)
        self._taken: Callable[[], None] | None = taken

    def encode(self, b64: bool = False) -> Any:
        """The text of the packet; from now on it is the connection's."""
        if self._taken is not None:
            taken, self._taken = self._taken, None
            taken()
        return super().encode(b64)
