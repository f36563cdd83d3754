"""What drives the engine: a model that says what it is told to, and time that passes when it is told to."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Iterable
from itertools import count

from livethread.providers.chunks import Chunk, Request

NOW = 1_700_000_000


class TurnedClock:
    """Whoever sleeps wakes when a test turns the clock."""

    def __init__(self) -> None:
        self.time = float(NOW)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._order), woken))
        await woken

    def turn(self, seconds: float) -> None:
        self.time += seconds
        while self._sleepers and self._sleepers[0][0] <= self.time:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


class Call:
    """One model turn that was asked for. It says what is put into it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.closed = False
        self.told_all = False
        self._items: asyncio.Queue[Chunk | BaseException | None] = asyncio.Queue()

    def say(self, *chunks: Chunk) -> None:
        for chunk in chunks:
            self._items.put_nowait(chunk)

    def end(self, *chunks: Chunk) -> None:
        """Say the last chunks of the turn."""
        self.say(*chunks)
        self.told_all = True
        self._items.put_nowait(None)

    def fail(self, error: BaseException) -> None:
        self.told_all = True
        self._items.put_nowait(error)

    async def stream(self) -> AsyncIterator[Chunk]:
        while (item := await self._items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item


class ScriptedProvider:
    """Answers with what a test has planned, and else waits for the test to put words into the `Call`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.holds_on = asyncio.Event()  # what closing an upstream waits for
        self.holds_on.set()
        self._plans: deque[list[Chunk]] = deque()

    def plan(self, *turns: Iterable[Chunk]) -> None:
        self._plans.extend(list(turn) for turn in turns)

    async def stream(self, request: Request) -> AsyncIterator[Chunk]:
        call = Call(request)
        self.calls.append(call)
        if self._plans:
            call.end(*self._plans.popleft())
        try:
            async for chunk in call.stream():
                yield chunk
        finally:
            call.closed = True
            await self.holds_on.wait()

    @property
    def last(self) -> Call:
        return self.calls[-1]

    @property
    def open(self) -> list[Call]:
        return [call for call in self.calls if not call.closed]

    @property
    def unfinished(self) -> list[Call]:
        """The open ones that a test may still put words into."""
        return [call for call in self.open if not call.told_all]

    async def models(self) -> list[str]:
        return ["builtin/scripted"]

    async def close(self) -> None:
        return
