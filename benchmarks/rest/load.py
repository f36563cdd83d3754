"""Connections that each send a request, read the whole answer, and send the next one."""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import uvloop

from benchmarks.figures import percentile

_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)


class Load(NamedTuple):
    """What came of it.

    Args:
        answers: that came.
        seconds: that it took.
        p50: of an answer, in ms.
        p99: likewise.
    """

    answers: int
    seconds: float
    p50: float
    p99: float


class Caller(asyncio.Protocol):
    """One connection.

    Args:
        requests: what all connections take their next request from, ready for the wire.
        took: microseconds of each answer, for all connections.
    """

    def __init__(self, requests: Iterator[bytes], took: array[int]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._took = took
        self._received = b""
        self._sent = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200") or length is None:
            self._transport.close()
            self.done.set_exception(RuntimeError(f"answered: {self._received[:500]!r}"))
        elif len(body) >= int(length[1]):
            self._took.append((time.monotonic_ns() - self._sent) // 1000)
            self._received = b""
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the connection was lost: {error}"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._sent = time.monotonic_ns()
            self._transport.write(request)


def load(url: str, request: Callable[[int], bytes], *, connections: int, count: int, seconds: float) -> Load:
    """Send requests over all connections, each its next one as soon as it has the answer to the last.

    Args:
        url: of the server.
        request: makes the n-th request, ready for the wire.
        connections: how many.
        count: of requests, at most.
        seconds: after which no more are sent.
    """
    address = urlsplit(url)
    host, port = str(address.hostname), int(address.port or 80)
    took = array("q")
    began = time.monotonic()

    def requests() -> Iterator[bytes]:
        for number in range(count):
            if time.monotonic() - began > seconds:
                return
            yield request(number)

    async def send() -> None:
        loop, waiting = asyncio.get_running_loop(), requests()
        made = [await loop.create_connection(partial(Caller, waiting, took), host, port) for _ in range(connections)]
        async with asyncio.timeout(60 + seconds):
            await asyncio.gather(*(caller.done for _, caller in made))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send())
    seconds, milliseconds = time.monotonic() - began, [each / 1000 for each in took]
    return Load(len(took), seconds, percentile(milliseconds, 0.5), percentile(milliseconds, 0.99))
