"""One server whose streams go over Socket.IO, all of them over one socket; calls are those of HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any, Final

import aiohttp

from livethread.client.connection import CLOSED, CONNECTING, Connection
from livethread.client.event import Event
from livethread.client.refusals import Interrupted, Unreachable
from livethread.client.socket import PATH, Refused, Socket
from livethread.client.subscription import Subscription
from livethread.errors import LivethreadError

MOST: Final = 100
"""Threads that the server lets one socket follow."""

FAREWELL: Final = 1.0
"""Seconds for the server to hear that a socket is closed."""


class SocketConnection(Connection):
    """See the module, and `livethread.client.connection.Connection` for its arguments."""

    def __init__(self, url: str, api_key: str | None, *, silence: float, **rest: Any) -> None:
        super().__init__(url, api_key, silence=silence, **rest)
        self._silence = silence
        self._lines: set[_Line] = set()

    async def close(self) -> None:
        """Close every connection; streams end."""
        self.closed = True
        await asyncio.gather(*(line.close() for line in self._lines))
        await super().close()

    @asynccontextmanager
    async def stream(
        self, thread_id: str, query: Mapping[str, str], cursor: str | None
    ) -> AsyncIterator[AsyncGenerator[Event, None] | None]:
        """Follow a thread; see `livethread.client.connection.Connection.stream`."""
        self._opened()
        asked: dict[str, Any] = {"thread_id": thread_id, **query, "limit": int(query["limit"])}
        if cursor is not None:
            asked["cursor"] = cursor
        line = next((line for line in self._lines if line.takes(thread_id)), None)
        if line is None:
            line = _Line(self._socket, self._lines.discard)
            self._lines.add(line)
        with self._explained():
            async with line.following(Subscription(thread_id, cursor)) as (socket, subscription):
                answer = await socket.ask("subscribe", asked)
                if answer["verdict"] == "error":
                    raise self._refusal(answer["status"], answer["error"])
                if answer.get("ended"):
                    yield None
                    return
                async with aclosing(subscription.events(socket)) as events:
                    yield events

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[Socket]:
        """A socket that stands as long as the block; what becomes of it is told as in HTTP."""
        patience = aiohttp.ClientWSTimeout(ws_close=FAREWELL)
        with self._explained():
            try:
                async with asyncio.timeout(CONNECTING):
                    websocket = await self._opened().ws_connect(self.url + PATH, max_msg_size=0, timeout=patience)
            except aiohttp.WSServerHandshakeError as error:
                if error.status < 400:
                    raise self._stranger(
                        f"{self.url} has no sockets; check that a Livethread server is there."
                    ) from error
                raise self._refused(error.status, b"", self.url + PATH) from error
            async with websocket:
                socket = Socket(websocket, self._silence)
                try:
                    await socket.greet()
                except Refused as refused:
                    raise self._refusal(refused.said["status"], refused.said) from refused
                self._met = True
                yield socket

    def _refusal(self, status: int, error: Any) -> Exception:
        return self._refused(status, json.dumps({"error": error}).encode(), self.url)


class _Line:
    """One socket, and the threads that are followed over it.

    Args:
        connect: opens the socket.
        gone: is told once it is of no more use.
    """

    def __init__(
        self, connect: Callable[[], AbstractAsyncContextManager[Socket]], gone: Callable[[_Line], None]
    ) -> None:
        self._connect = connect
        self._gone = gone
        self._followed: dict[str, Subscription] = {}
        self._leaving: dict[str, asyncio.Task[Any]] = {}
        """Threads whose events may still be under way although nobody follows them."""
        self._standing: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live())
        self._life.add_done_callback(self._end)

    def takes(self, thread_id: str) -> bool:
        """Whether a thread may be followed here. A socket follows a thread once: who does so again needs another."""
        standing = not self._life.cancelling() and not self._life.done()
        return standing and thread_id not in self._followed and len(self._followed) < MOST

    @asynccontextmanager
    async def following(self, subscription: Subscription) -> AsyncIterator[tuple[Socket, Subscription]]:
        """Hear of a thread as long as the block lasts, from where it asks for that.

        Raises:
            Interrupted: there is no connection.
            LivethreadError: and there will be none.
        """
        thread_id = subscription.thread_id
        self._followed[thread_id] = subscription
        asked: Socket | None = None
        try:
            socket = await asyncio.shield(self._standing)
            if thread_id in self._leaving:
                await asyncio.wait([self._leaving[thread_id]])
            asked = socket
            yield socket, subscription
        finally:
            del self._followed[thread_id]
            if not self._followed:
                self._life.cancel()
            elif asked is not None:
                self._leaving[thread_id] = asyncio.create_task(self._leave(asked, thread_id))

    async def close(self) -> None:
        """Follow nothing any more."""
        self._life.cancel()
        await asyncio.wait([self._life])

    async def _live(self) -> None:
        """Open the socket, and read it to its end."""
        async with self._connect() as socket:
            self._standing.set_result(socket)
            await socket.read(lambda event, said, size: self._hear(socket, event, said, size))

    def _end(self, life: asyncio.Task[None]) -> None:
        """Nobody hears anything any more."""
        self._gone(self)
        why = None if life.cancelled() else life.exception()
        if not isinstance(why, Exception):
            why = Interrupted(Unreachable(CLOSED))
        if not self._standing.done():
            self._standing.set_exception(why)
            self._standing.exception()  # those who waited may have gone
        for subscription in self._followed.values():
            subscription.cut(why)

    async def _hear(self, socket: Socket, event: str, said: Any, size: int) -> None:
        if event not in ("thread.event", "unsubscribed") or said["thread_id"] in self._leaving:
            return
        subscription = self._followed.get(said["thread_id"])
        if subscription is None:
            return
        if event == "thread.event":
            await subscription.hear(socket, said, size)
        else:
            subscription.cut(Interrupted(Unreachable("The server has let go of the thread.")))

    async def _leave(self, socket: Socket, thread_id: str) -> None:
        """Follow a thread no more; who wants it again waits until nothing can come that was said before."""
        try:
            await socket.ask("unsubscribe", {"thread_id": thread_id})
        except (OSError, LivethreadError):
            pass  # the socket is gone, and with it what was under way
        finally:
            self._leaving.pop(thread_id, None)
