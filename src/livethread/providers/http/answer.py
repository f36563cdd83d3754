"""One answer on its connection: the protocol of the transport for as long as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from livethread.providers.http.incoming import Head, Incoming

MOST_GATHERED: Final = 256 * 1024
"""Bytes that wait for their reader, after which the upstream has to wait."""

LOOKS: Final = 4
"""Looks without a new byte, one after another, after which it is over: the silence is at most a quarter too long."""


class Broken(ConnectionError):
    """The connection has ended before the answer."""


class Unanswered(Broken):
    """It has ended before the first byte."""


class Answer(asyncio.Protocol):
    """What one request is answered.

    Args:
        transport: that the request goes over; it is this answer's alone until that is over.
        patience: seconds of silence after which it is. One timer looks now and then whether anything has come; a timer
            for each piece is dear.
        over: called once with the transport, where it may serve another request, or None.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        patience: float,
        over: Callable[[Answer, asyncio.Transport | None], None],
    ) -> None:
        self.at_once: Callable[[bytes], bool] | None = None
        """Is offered each piece that comes while `read` waits, and all before it was read: if it takes it, nobody is
        woken."""
        self._transport: asyncio.Transport | None = transport
        self._over = over
        self._incoming = Incoming()
        self._gathered: list[bytes] = []
        self._size = 0
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = 0
        self._seen = (0, 0)
        self._silent = 0
        self._every = patience / LOOKS
        self._timer = self._loop.call_later(self._every, self._look)

    @property
    def head(self) -> Head:
        """Its status and headers; they are there once `begun` has come back."""
        assert self._incoming.head is not None
        return self._incoming.head

    async def begun(self) -> None:
        """Come back when the head is there.

        Raises:
            Unanswered: the connection has ended without a byte.
            Broken: it has ended within the head.
            TimeoutError: nothing came for too long.
            NotHttp: it is none.
        """
        while self._incoming.head is None:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def read(self) -> bytes:
        """What has come of the body, at least a byte; nothing at its end.

        Raises:
            Broken: the connection has ended before.
            TimeoutError: nothing came for too long.
            NotHttp: it is none.
        """
        while not self._gathered:
            if self._error is not None:
                raise self._error
            if self._incoming.whole:
                return b""
            await self._wait()
        data = b"".join(self._gathered)
        self._gathered.clear()
        if self._size > MOST_GATHERED and self._transport is not None:
            self._transport.resume_reading()
        self._size = 0
        return data

    def close(self) -> None:
        """End it, wherever it is; the socket closes at once."""
        self._end(Broken("it was closed"))

    # -- what the transport says -----------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._heard += 1
        try:
            body = self._incoming.feed(data)
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                if body and self.at_once is not None and self.at_once(body):
                    if self._incoming.whole:
                        self._end(None)
                    return
                waiter.set_result(None)
        except Exception as error:  # whoever reads gets it
            self._end(error)
            return
        if body:
            self._gathered.append(body)
            self._size += len(body)
        if self._incoming.whole:
            self._end(None)
        elif self._size > MOST_GATHERED and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has ended."""
        if error is None and self._incoming.end():
            self._end(None)
        else:
            self._end(Broken("it has ended") if self._heard else Unanswered("it has ended"))

    # -- its end -----------------------------------------------------------------------------------

    def _end(self, error: Exception | None) -> None:
        """It is over: its transport serves another request, or none."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        self._timer.cancel()
        self._error = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if error is None and self._incoming.keeps and not transport.is_closing() and not _unsent(transport):
            self._over(self, transport)
        else:
            transport.abort()
            self._over(self, None)

    def _look(self) -> None:
        if self._transport is None:
            return
        seen, self._seen = self._seen, (self._heard, _unsent(self._transport))
        waits = self._waiter is not None  # else the upstream may be waiting for us
        self._silent = self._silent + 1 if seen == self._seen and waits else 0
        if self._silent < LOOKS:
            self._timer = self._loop.call_later(self._every, self._look)
        else:
            self._end(TimeoutError("nothing came for too long"))

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


def _unsent(transport: asyncio.Transport) -> int:
    """Bytes of the request that wait for the network."""
    return transport.get_write_buffer_size()
