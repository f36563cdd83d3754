"""From a plain sequence of chunks and waits to the async stream that a provider hands out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from livethread.clock import Clock
from livethread.providers.chunks import Chunk, ProviderError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause before the next chunk; ``seconds=None`` lasts until the stream is closed."""

    seconds: float | None


def paced(items: Iterable[T], seconds: float) -> Iterator[T | Wait]:
    """The items with a wait between each two, none when ``seconds`` is 0."""
    first = True
    for item in items:
        if not first and seconds:
            yield Wait(seconds)
        first = False
        yield item


class Playback:
    """One model turn, played in time. What is said comes from ``begin``; only this class waits.

    Args:
        clock: whose time passes in a wait.
        begin: called at the first read, for the chunks and waits in order. Both may raise `ProviderError`, which leaves
            with the right ``partial``.
    """

    def __init__(self, clock: Clock, begin: Callable[[], Awaitable[Iterator[Chunk | Wait]]]) -> None:
        self._clock = clock
        self._begin = begin
        self._items: Iterator[Chunk | Wait] | None = None
        self._begun = False
        self._closed = False
        self._pause: asyncio.Future[None] | None = None

    def __aiter__(self) -> Playback:
        return self

    async def __anext__(self) -> Chunk:
        while not self._closed:
            try:
                if self._items is None:
                    self._items = await self._begin()
                    continue
                item = next(self._items, None)
            except ProviderError as error:
                error.partial = self._begun
                self._closed = True
                raise
            if item is None:
                break
            if not isinstance(item, Wait):
                self._begun = True
                return item
            await self._wait(item.seconds)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the stream, also out of the middle of a wait in another task; a second call changes nothing."""
        self._closed = True
        if self._pause is not None:
            self._pause.cancel()

    async def _wait(self, seconds: float | None) -> None:
        # The pause is a future of its own: an async generator could not be closed while another task waits in it.
        loop = asyncio.get_running_loop()
        pause = loop.create_future() if seconds is None else asyncio.ensure_future(self._clock.sleep(seconds))
        self._pause = pause
        try:
            await asyncio.wait([pause])
        finally:
            pause.cancel()
            self._pause = None
        if not pause.cancelled():
            pause.result()
