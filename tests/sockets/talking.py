"""Socket.IO clients that remember all that they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import socketio

PATIENCE = 20.0
"""Seconds for anything that is waited for."""


class Talker:
    """A client, and what it was told.

    Args:
        client: python-socketio's.
    """

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.told: list[tuple[str, Any]] = []
        self._heard = asyncio.Condition()
        client.on("*", self._hear)

    async def ask(self, name: str, said: Any) -> Any:
        """Say an event, and return what it is acknowledged with."""
        return await self.client.call(name, said, timeout=PATIENCE)

    async def say(self, name: str, *said: Any) -> None:
        """Say an event."""
        await self.client.emit(name, said)

    def all(self, name: str) -> list[Any]:
        """What was told by that name, up to now."""
        return [said for told, said in self.told if told == name]

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something of what was told holds, and return that."""
        async with asyncio.timeout(PATIENCE), self._heard:
            await self._heard.wait_for(holds)
        return holds()

    async def first(self, name: str) -> Any:
        """The first that is told by that name."""
        return (await self.until(lambda: self.all(name)))[0]

    async def _hear(self, name: str, *said: Any) -> None:
        async with self._heard:
            self.told.append((name, said[0] if said else None))
            self._heard.notify_all()


@asynccontextmanager
async def talking(url: str, transport: str = "websocket", **options: Any) -> AsyncIterator[Talker]:
    """A client that is connected as long as the block lasts."""
    client = socketio.AsyncClient(reconnection=False)
    talker = Talker(client)
    try:
        await client.connect(url, transports=[transport], wait_timeout=PATIENCE, **options)
        yield talker
    finally:
        await client.disconnect()
        if client.eio.http is not None:  # of one that was refused
            await client.eio.http.close()
