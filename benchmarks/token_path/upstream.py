"""A model API whose tokens carry the time at which they are written, so that their reader sees how old they are.

``python -m benchmarks.token_path.upstream PORT``; the model's name is ``<tokens>@<per second>``, 0 for at once. A token
is `` token@<microseconds of the monotonic clock>;``. The gaps are half to one and a half times their mean: the streams
are independent of each other, as streams of people are. What goes out at once goes out in batches.
"""

from __future__ import annotations

import asyncio
import random
import re
import selectors
import sys
import time
from typing import Any

from benchmarks.upstream import END, HEAD, chunk

BATCH = 50
"""Tokens in one write, where they go out at once."""

_BEFORE, _, _AFTER = chunk({"content": " token@0000000000000;"}).partition(b"0000000000000")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_MODEL = re.compile(rb'"model": ?"(\d+)@(\d+)"')


def _tokens(count: int) -> bytes:
    return (_BEFORE + b"%013d" % (time.monotonic_ns() // 1000) + _AFTER) * count


class Answering(asyncio.Protocol):
    """One connection: a request, its answer, and the next one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._left = 0
        self._gap = self._due = 0.0
        self._paused = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        model = _MODEL.search(body)
        assert model, body
        self._received = b""
        self._left, rate = int(model[1]), int(model[2])
        self._transport.write(HEAD)
        if rate:
            self._gap = 1 / rate
            self._due = self._loop.time() + random.random() * self._gap
            self._loop.call_at(self._due, self._one)
        else:
            self._batch()

    def _one(self) -> None:
        if self._transport.is_closing():
            return
        self._left -= 1
        if self._left:
            self._transport.write(_tokens(1))
            self._due += (0.5 + random.random()) * self._gap
            self._loop.call_at(self._due, self._one)
        else:
            self._transport.write(_tokens(1) + END)

    def _batch(self) -> None:
        if self._paused or not self._left or self._transport.is_closing():
            return
        count = min(self._left, BATCH)
        self._left -= count
        self._transport.write(_tokens(count))
        if self._left:
            self._loop.call_soon(self._batch)
        else:
            self._transport.write(END)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._loop.call_soon(self._batch)


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    # select takes microseconds, epoll and uvloop whole milliseconds: tokens that are due apart would go out together.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(serve(int(sys.argv[1])))
