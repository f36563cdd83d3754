"""Whatever can be iterated over, read by a thread or a task of its own, so that its silence can be noticed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

from livethread.sse.frames import Piece, ending, frame, sentence
from livethread.sse.wire import KEEP_ALIVE

_T = TypeVar("_T")
_ROOM: Final = 16
"""Events that are held for a reader who is slow; then its source has to wait."""


class ThreadSource:
    """A blocking iterable, read on a thread.

    When the reader has gone, the thread closes it as soon as it gives its next piece: what runs cannot be closed.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._changed = threading.Condition()
        self._held: list[bytes] = []
        self._over = self._left = False
        threading.Thread(target=self._run, args=(pieces,), name="livethread-sse", daemon=True).start()

    def take(self, seconds: float) -> bytes | None:
        """The next events; a keep-alive if there is none for so long; None behind the last."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._held or self._over, seconds):
                return KEEP_ALIVE
            data = b"".join(self._held)
            self._held.clear()
            self._changed.notify_all()
            return data or None

    def close(self) -> None:
        """The reader has gone, or has read everything."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def _run(self, pieces: Iterable[Piece]) -> None:
        failed = drain(pieces, lambda piece: self._hold(frame(piece)))
        with self._changed:
            self._held.append(ending(failed))
            self._over = True
            self._changed.notify_all()

    def _hold(self, data: bytes) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._left or len(self._held) < _ROOM)
            self._held.append(data)
            self._changed.notify_all()
            return not self._left


class TaskSource:
    """An asynchronous iterable, read in a task: one and the same from its first piece to its closing."""

    def __init__(self, pieces: AsyncIterable[Piece]) -> None:
        self._held: asyncio.Queue[bytes | None] = asyncio.Queue(_ROOM)
        self._task = keep(self._run(pieces))

    async def atake(self, seconds: float) -> bytes | None:
        """The next events; a keep-alive if there is none for so long; None behind the last."""
        try:
            async with asyncio.timeout(seconds):
                return await self._held.get()
        except TimeoutError:
            return KEEP_ALIVE

    def close(self) -> None:
        """The reader has gone, or has read everything."""
        self._task.cancel()

    async def _run(self, pieces: AsyncIterable[Piece]) -> None:
        async def hold(piece: Piece) -> None:
            await self._held.put(frame(piece))

        failed = await adrain(pieces, hold)
        await self._held.put(ending(failed))
        await self._held.put(None)


def drain(pieces: Iterable[_T], hand_over: Callable[[_T], bool]) -> str | None:
    """Hand over every piece until one is refused, then close the source; returns what to tell readers if it failed."""
    try:
        try:
            for piece in pieces:
                if not hand_over(piece):
                    break
        finally:
            shut(pieces)
    except BaseException as error:  # a thread has nobody above it, and its reader would wait for ever
        return sentence(error)
    return None


async def adrain(pieces: AsyncIterable[_T], hand_over: Callable[[_T], Awaitable[None]]) -> str | None:
    """Hand over every piece, then close the source, also when cancelled; returns what to tell readers if it failed."""
    try:
        try:
            async for piece in pieces:
                await hand_over(piece)
        finally:
            await ashut(pieces)
    except Exception as error:
        return sentence(error)
    return None


def shut(source: object) -> None:
    """Close what can be closed."""
    if (close := getattr(source, "close", None)) is not None:
        close()


async def ashut(source: object) -> None:
    """Close what can be closed, be it a generator or the SDK's stream."""
    if (close := getattr(source, "aclose", None) or getattr(source, "close", None)) is not None:
        await close()


def keep(running: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that is not collected before its end; its loop alone would let go of it."""
    task = asyncio.create_task(running)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
    return task


_kept: set[asyncio.Task[None]] = set()
