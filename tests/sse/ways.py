"""`stream` and `astream` behind one face, so that one suite tells what both must do."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import Any, Protocol

from livethread.sse import Decoder, Event, Reader, astream, stream

PATIENCE = 10.0
_END = object()


class Live(Protocol):
    """A source that says what a test says, when it says it."""

    closed: threading.Event
    taken: int
    """How many pieces were asked of it."""

    def say(self, *pieces: Any) -> None:
        """Have it give these; an exception is raised."""
        ...

    def end(self) -> None:
        """Have it end."""
        ...

    def pieces(self) -> Any:
        """What is handed to the stream."""
        ...


class Way(Protocol):
    """One of the two."""

    def live(self) -> Live:
        """A source of its kind."""
        ...

    def pieces(self, *pieces: Any) -> Any:
        """What can be iterated over in its way."""
        ...

    def body(self, pieces: Any, keep_alive: float = 60.0) -> Body:
        """The body of a response."""
        ...


class Body(Protocol):
    """What a server does with the body of a response."""

    async def next(self) -> bytes | None:
        """The next bytes; None at the end."""
        ...

    async def leave(self) -> None:
        """The reader has gone."""
        ...


async def rest(body: Body) -> bytes:
    """All bytes up to the end."""
    told = b""
    async with asyncio.timeout(PATIENCE):
        while (data := await body.next()) is not None:
            told += data
    return told


async def events(body: Body) -> list[Event]:
    """All events up to the end."""
    return Decoder().feed(await rest(body))


async def comes(event: threading.Event) -> None:
    """Come back when an event has come true."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


class _ThreadLive:
    def __init__(self) -> None:
        self.closed, self.taken = threading.Event(), 0
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def say(self, *pieces: Any) -> None:
        for piece in pieces:
            self._said.put(piece)

    def end(self) -> None:
        self._said.put(_END)

    def pieces(self) -> Generator[Any, None, None]:
        try:
            while (piece := self._said.get(timeout=PATIENCE)) is not _END:
                self.taken += 1
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            self.closed.set()


class _TaskLive:
    def __init__(self) -> None:
        self.closed, self.taken = threading.Event(), 0
        self._said: asyncio.Queue[Any] = asyncio.Queue()

    def say(self, *pieces: Any) -> None:
        for piece in pieces:
            self._said.put_nowait(piece)

    def end(self) -> None:
        self._said.put_nowait(_END)

    async def pieces(self) -> AsyncGenerator[Any, None]:
        try:
            async with asyncio.timeout(PATIENCE):  # breaks unless one task runs it from its start to its end
                while (piece := await self._said.get()) is not _END:
                    self.taken += 1
                    if isinstance(piece, BaseException):
                        raise piece
                    yield piece
        finally:
            await asyncio.sleep(0)  # as closing a connection does
            self.closed.set()


class _SyncBody:
    def __init__(self, body: Generator[bytes, None, None]) -> None:
        self._body = body

    async def next(self) -> bytes | None:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(next, self._body, None)

    async def leave(self) -> None:
        await asyncio.to_thread(self._body.close)


class _AsyncBody:
    def __init__(self, body: AsyncGenerator[bytes, None]) -> None:
        self._body = body

    async def next(self) -> bytes | None:
        async with asyncio.timeout(PATIENCE):
            return await anext(self._body, None)

    async def leave(self) -> None:
        await self._body.aclose()


class Threads:
    """`stream`, as WSGI servers use it."""

    def live(self) -> Live:
        return _ThreadLive()

    def pieces(self, *pieces: Any) -> Any:
        return iter(pieces)

    def body(self, pieces: Iterable[Any] | Reader, keep_alive: float = 60.0) -> Body:
        return _SyncBody(stream(pieces, keep_alive=keep_alive))


class Tasks:
    """`astream`, as ASGI servers use it."""

    def live(self) -> Live:
        return _TaskLive()

    async def pieces(self, *pieces: Any) -> AsyncGenerator[Any, None]:
        for piece in pieces:
            yield piece

    def body(self, pieces: AsyncIterable[Any] | Reader, keep_alive: float = 60.0) -> Body:
        return _AsyncBody(astream(pieces, keep_alive=keep_alive))
