"""The always-current state of a thread: the fold of its events, as it is when somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final

from livethread.client.connection import Connection
from livethread.client.stream import follow
from livethread.domain.fold import Fold, Object

PAGE: Final = "100"
"""How many older messages are asked for at a time; the API gives no more."""


@dataclass(frozen=True, slots=True)
class State:
    """A thread at one moment. Nothing in it changes afterwards; what has not changed since is the same object.

    Args:
        thread: the thread; None once it is deleted.
        messages: newest first, with the text so far of those that grow.
        has_more: whether there are older messages, which only `livethread.client.Thread.older` brings.
        runs: newest first.
        run_steps: oldest first.
        people: who is there: ``{"user_id", "name", "typing"}``.
        viewers: how many connections look on, those of people among them.
        cursor: what this is the state at.
        connected: whether the connection stands; if not, another is being made.
    """

    thread: Object | None
    messages: tuple[Object, ...]
    has_more: bool
    runs: tuple[Object, ...]
    run_steps: tuple[Object, ...]
    people: tuple[Object, ...]
    viewers: int
    cursor: str | None
    connected: bool

    @classmethod
    def of(cls, fold: Fold, *, connected: bool) -> State:
        """What a fold holds now."""
        return cls(
            thread=fold.thread,
            messages=fold.messages,
            has_more=fold.has_more,
            runs=fold.runs,
            run_steps=fold.run_steps,
            people=fold.people,
            viewers=fold.viewers,
            cursor=fold.cursor,
            connected=connected,
        )


class Watch:
    """What somebody holds of a thread who loops over its states.

    Args:
        connection: to the server.
        thread_id: of the thread.
    """

    def __init__(self, connection: Connection, thread_id: str) -> None:
        self.thread_id = thread_id
        self.fold = Fold()
        self.news = asyncio.Event()
        self._connection = connection
        self._pages = 0
        self._turn = asyncio.Lock()

    async def older(self) -> bool:
        """Hold the next page of older messages, too; one that several ask for at once is read once.

        Returns:
            Whether there are more.
        """
        pages = self._pages
        async with self._turn:
            while self._pages == pages and (oldest := self.fold.ask_older()):
                page = await self._connection.call(
                    "GET", f"/threads/{self.thread_id}/messages", query={"limit": PAGE, "after": oldest}
                )
                if self.fold.add_older(page["data"], page["has_more"]):
                    self._pages += 1
                    self.news.set()
            return self.fold.has_more


async def states(
    connection: Connection, thread_id: str, query: Mapping[str, str], watches: set[Watch]
) -> AsyncGenerator[State, None]:
    """The newest state whenever there is one that the caller has not seen; those between are left out.

    The stream is read however slow the caller is, and only the fold is kept: memory is that of the thread.

    Args:
        connection: to the server.
        thread_id: of the thread.
        query: the parameters of the stream.
        watches: what is held, from the first state to the last, is added to these.

    Raises:
        ApiError: as `livethread.client.stream.follow`.
        Unreachable: likewise.
    """
    watch = Watch(connection, thread_id)
    fold, news = watch.fold, watch.news
    stands = False

    def connected(now: bool) -> None:
        nonlocal stands
        stands = now
        news.set()

    async def read() -> None:
        async for event in follow(connection, thread_id, query, connected=connected):
            fold.take(event.type, event.data, event.id)
            news.set()

    reading = asyncio.create_task(read())
    reading.add_done_callback(lambda _: news.set())
    try:
        shown: State | None = None
        while True:
            await news.wait()
            news.clear()
            over = reading.done()
            if fold.cursor is not None:
                watches.add(watch)
                now = State.of(fold, connected=stands)
                if now != shown:
                    shown = now
                    yield now
            if over:
                await reading
                return
    finally:
        watches.discard(watch)
        reading.cancel()
        await asyncio.wait([reading])
