"""What one follows of a thread over a socket, taken in no faster than it is wanted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Final

from livethread.client.event import Event
from livethread.client.socket import Socket

APART: Final = 16 * 1024
"""Bytes that are taken before the server is told so; it tells no more than 64 KB ahead."""

QUIET: Final = 1.0
"""Seconds without an event after which it is told all the same."""


class Subscription:
    """One thread on one socket.

    Args:
        thread_id: of the thread.
        cursor: behind which it goes on.
    """

    def __init__(self, thread_id: str, cursor: str | None) -> None:
        self.thread_id = thread_id
        self.cursor = cursor or ""
        self._told: deque[tuple[Event, int]] = deque()
        self._news = asyncio.Event()
        self._end: Exception | None = None
        self._bounded = False

    async def hear(self, socket: Socket, said: Any, size: int) -> None:
        """The server tells of the thread.

        Args:
            socket: on which.
            said: what a ``thread.event`` carries.
            size: of it, in bytes.
        """
        id = said["id"]
        self.cursor = id or self.cursor
        begins = bool(id) and not self._bounded
        self._told.append((Event(said["event"], said["data"], self.cursor), size if id and not begins else 0))
        self._news.set()
        if begins:  # from now on the server waits for us
            self._bounded = True
            await self._acknowledge(socket, id)

    def cut(self, why: Exception) -> None:
        """Nothing more comes, for this reason."""
        self._end = self._end or why
        self._news.set()

    async def events(self, socket: Socket) -> AsyncGenerator[Event, None]:
        """All that is told, to the end, which is raised.

        Args:
            socket: on which what was taken is acknowledged.
        """
        taken, id = 0, ""
        while True:
            while self._told:
                event, size = self._told.popleft()
                yield event
                id = event.id
                taken += size
                if taken >= APART:
                    taken = 0
                    await self._acknowledge(socket, id)
            if self._end is not None:
                raise self._end
            self._news.clear()
            try:
                async with asyncio.timeout(QUIET if taken else None):
                    await self._news.wait()
            except TimeoutError:
                taken = 0
                await self._acknowledge(socket, id)

    async def _acknowledge(self, socket: Socket, id: str) -> None:
        await socket.say("ack", {"thread_id": self.thread_id, "id": id})
