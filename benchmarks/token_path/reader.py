"""Readers of streams that cost as little as they can, and the same for everyone they read from.

A reader looks for the stamps of `benchmarks.token_path.upstream` in the bytes as they come, and parses nothing else.
"""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import uvloop

_STAMP = re.compile(rb"@(\d+);")
_LAST = b"0\r\n\r\n"
_SETTLING = 500_000
"""Microseconds."""


class Reader(asyncio.Protocol):
    """Sends one request, and notes when each token of its answer came and how old it was.

    Args:
        request: ready for the wire.
        tokens: how many there will be; what comes behind them says them again.
    """

    def __init__(self, request: bytes, tokens: int) -> None:
        self.came = array("q")  # microseconds of the monotonic clock
        self.aged = array("q")  # microseconds since the upstream wrote it
        self.reads = 0  # that brought any
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._tokens = tokens
        self._rest = b""  # a stamp that is not whole yet
        self._end = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if len(self.came) < self._tokens:
            now = time.monotonic_ns() // 1000
            read = self._rest + data
            stamps = _STAMP.findall(read)
            self.reads += bool(stamps)
            for stamp in stamps:
                self.came.append(now)
                self.aged.append(now - int(stamp))
            begun = read.rfind(b"@")
            self._rest = read[begun:] if begun >= 0 and b";" not in read[begun:] else b""
        self._end = (self._end + data[-len(_LAST) :])[-len(_LAST) :]
        if self._end == _LAST:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        del self.came[self._tokens :], self.aged[self._tokens :]
        if self.done.done():
            return
        if len(self.came) == self._tokens and self._end == _LAST:
            self.done.set_result(None)
        else:
            self.done.set_exception(RuntimeError(f"{len(self.came)} of {self._tokens} tokens came; {error}"))


def read_all(url: str, requests: Sequence[bytes], tokens: int, within: float) -> list[Reader]:
    """Send all of these at once, each on a connection of its own, and read what they are answered.

    Args:
        url: of the server.
        requests: each ready for the wire.
        tokens: of every answer.
        within: seconds, after which it is a failure.
    """
    address = urlsplit(url)
    host, port = str(address.hostname), int(address.port or 80)

    async def read() -> list[Reader]:
        loop = asyncio.get_running_loop()
        made = await asyncio.gather(
            *(loop.create_connection(partial(Reader, request, tokens), host, port) for request in requests)
        )
        readers = [reader for _, reader in made]
        async with asyncio.timeout(within):
            await asyncio.gather(*(reader.done for reader in readers))
        return readers

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(read())


def ages(readers: Sequence[Reader]) -> list[float]:
    """How old the tokens were, in milliseconds, that came while every stream was under way.

    The first half second of that does not count, for the server has just begun all the runs. If there is no
    such time, all tokens count.
    """
    tokens = [token for reader in readers for token in zip(reader.came, reader.aged, strict=True)]
    begin = max(reader.came[0] for reader in readers) + _SETTLING
    end = min(reader.came[-1] for reader in readers)
    steady = [age / 1000 for came, age in tokens if begin <= came <= end]
    return steady or [age / 1000 for _, age in tokens]
