"""A provider that only knows names, and a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from livethread.providers.chunks import Chunk, Request


class Named:
    """Lists names, and counts how often it was asked.

    Args:
        names: what it lists.
        failure: raised instead, and when it is closed.
    """

    def __init__(self, *names: str, failure: Exception | None = None) -> None:
        self.names = list(names)
        self.failure = failure
        self.asked = 0
        self.closed = False
        self.answers = asyncio.Event()
        self.answers.set()

    def stream(self, request: Request) -> AsyncIterator[Chunk]:
        raise AssertionError("nothing is asked here")

    async def models(self) -> list[str]:
        self.asked += 1
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        return list(self.names)

    async def close(self) -> None:
        self.closed = True
        if self.failure is not None:
            raise self.failure


class Still:
    """A clock that only moves by hand."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits for time here")
