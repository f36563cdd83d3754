"""A server whose sockets are played, one script for each connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer


class Session:
    """A connection, as the server sees it.

    Args:
        websocket: its own.
    """

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        self._websocket = websocket
        self._number = ""

    async def send(self, packet: str) -> None:
        """Send a packet."""
        await self._websocket.send_str(packet)

    async def welcome(self) -> None:
        """Let the client connect."""
        await self.send('0{"sid":"1","upgrades":[],"pingInterval":15000,"pingTimeout":30000}')
        assert await self.packet() == "40"
        await self.send('40{"sid":"2"}')

    async def packet(self) -> str:
        """The next packet of the client; "" once it has gone."""
        message = await self._websocket.receive()
        return str(message.data) if message.type is WSMsgType.TEXT else ""

    async def heard(self) -> list[Any]:
        """The next event of the client; nothing once it has gone."""
        packet = await self.packet()
        if not packet:
            return []
        self._number, bracket, rest = packet.removeprefix("42").partition("[")
        event: list[Any] = json.loads(bracket + rest)
        return event

    async def answer(self, said: Any = None) -> None:
        """Acknowledge that event."""
        await self.send(f"43{self._number}{json.dumps([said])}")

    async def tell(self, number: int, thread_id: str = "thread_1", size: int = 0) -> None:
        """Tell of a thread; the id of the event is its number."""
        said = {"thread_id": thread_id, "id": str(number), "event": "thread.updated"}
        await self.send(f"42{json.dumps(['thread.event', {**said, 'data': {'n': number, 'text': 'x' * size}}])}")

    async def say(self, event: str, said: Any) -> None:
        """Say any event."""
        await self.send(f"42{json.dumps([event, said])}")


Script = Callable[[Session], Awaitable[None]]


async def enough(session: Session) -> None:
    """Refuse the connection."""
    await session.send('0{"sid":"1"}')
    await session.packet()
    await session.send('44{"message":"Enough.","data":{"status":410,"message":"Enough.","param":null,"code":null}}')


@asynccontextmanager
async def playing(*scripts: Script) -> AsyncIterator[str]:
    """The address of a server whose sockets go so, and are cut at their end; one more is told 410.

    What is asserted in a script is raised at the end.
    """
    left = list(scripts)
    wrong: list[AssertionError] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        session = Session(websocket)
        if not left:
            await enough(session)
            return websocket
        script = left.pop(0)
        try:
            await session.welcome()
            await script(session)
        except AssertionError as error:
            wrong.append(error)
        assert request.transport is not None
        request.transport.abort()
        return websocket

    app = web.Application()
    app.router.add_get("/socket.io/", handle)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")
    if wrong:
        raise wrong[0]
