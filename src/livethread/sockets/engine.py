"""python-socketio as protocol engine: connections, polls, pings and packets are its own, all else is ours.

Its fan-out, with a task and an unbounded queue per recipient, is not used: hubs write to the `Outlet` of each socket.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

import engineio
import socketio
from engineio.async_drivers.asgi import WebSocket
from engineio.async_socket import AsyncSocket
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from livethread.errors import ApiError
from livethread.sockets.connection import CONNECTION, WebSocketConnection
from livethread.sockets.outlet import Outlet
from livethread.sockets.polls import Polls

MOST_AT_ONCE: Final = 2 * 1024 * 1024
"""Bytes of one packet of a client; a larger one ends its connection. Events of less are refused with a sentence."""

MOST_UNFETCHED: Final = 1000
"""Packets; who asks for more acknowledgements than that and fetches none is sent away."""

_SILENT: Final = logging.getLogger("livethread.engineio")
"""Whatever a client sends, the engine would log it with a stack."""
_SILENT.setLevel(logging.CRITICAL + 1)


class Conversation(Protocol):
    """What is behind one socket."""

    async def hear(self, name: str | None, args: tuple[Any, ...]) -> Any:
        """The client says an event; None for what cannot be read as one.

        Returns:
            What it is acknowledged with, where the client asks for that.
        """
        ...

    def close(self) -> None:
        """The client has gone."""
        ...


class _EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # has no types
    async def disconnect(self, sid: str | None = None) -> None:
        """End the session of a client that breaks the protocol, without waiting until it has fetched what is left."""
        if sid in self.sockets:
            await self.sockets.pop(sid).close(wait=False)


class _Server(socketio.AsyncServer):  # type: ignore[misc]  # has no types
    def _engineio_server_class(self) -> type[_EngineServer]:
        return _EngineServer


class Engine:
    """Sockets at one path; an ASGI application.

    Args:
        admits: why a client with this ``Authorization`` may not connect; None if it may.
        begin: a client has connected.
    """

    def __init__(self, admits: Callable[[bytes], ApiError | None], begin: Callable[[Outlet], Conversation]) -> None:
        self._admits = admits
        self._begin = begin
        self._conversations: dict[str, tuple[Conversation, Outlet]] = {}
        self._connections: dict[str, WebSocketConnection] = {}
        self._polls = Polls()
        self._server = _Server(
            async_mode="asgi",
            async_handlers=False,  # what a client says is heard in its order, and no faster than it is answered
            cors_allowed_origins=[],  # judged before, with those of all other requests
            http_compression=False,
            ping_interval=15,  # a sign of life as often as a stream has one, by which clients know who is dead
            ping_timeout=30,
            max_http_buffer_size=MOST_AT_ONCE,
            logger=_SILENT,
            engineio_logger=_SILENT,
        )
        self._server.eio._async = {**self._server.eio._async, "websocket": self._websocket}
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        self._server.on("*", self._hear)
        self._server.eio.on("message", self._take)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one poll, or one WebSocket to its end."""
        if scope["type"] == "http" and scope["method"] == "POST" and not _is_small(scope):
            sentence = f"A packet may have at most {MOST_AT_ONCE} bytes, and says in content-length how many it has."
            await PlainTextResponse(sentence, 413, {"connection": "close"})(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] == "GET":
            await self._end_if_lost(scope["query_string"])
        await self._server.handle_request(scope, receive, send)

    async def close(self) -> None:
        """Send every client away; they come back."""
        for socket in tuple(self._server.eio.sockets.values()):
            await socket.close(wait=False)
        await self._server.shutdown()

    async def _end_if_lost(self, query: bytes) -> None:
        """End a session whose client has not got the answer to a poll: it comes back, and goes on by its cursors."""
        socket = self._server.eio.sockets.get(parse_qs(query.decode("ascii", "replace")).get("sid", [""])[0])
        if socket is not None and self._polls.repeats(socket, query):
            await socket.close(wait=False, abort=True)

    def _websocket(self, handler: Callable[..., Awaitable[None]], server: Any) -> Callable[..., Awaitable[str]]:
        """A WebSocket of the engine; where its frames may be written straight to the transport, that is kept."""
        websocket = WebSocket(handler, server)
        socket: AsyncSocket = handler.__self__  # type: ignore[attr-defined]  # the engine's own bound method

        async def run(environ: dict[str, Any]) -> str:
            connection = (environ["asgi.scope"].get("extensions") or {}).get(CONNECTION)
            if connection is not None:
                self._connections[socket.sid] = connection
            try:
                return str(await websocket(environ))
            except Exception:  # the client does not speak the protocol
                await socket.close(wait=False, abort=True)
                return ""
            finally:
                self._connections.pop(socket.sid, None)

        return run

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        authorization = f"Bearer {token}" if isinstance(token, str) else environ.get("HTTP_AUTHORIZATION", "")
        refused = self._admits(authorization.encode("utf-8", "replace"))
        if refused is not None:
            described = {"status": refused.status, **refused.described}
            raise socketio.exceptions.ConnectionRefusedError(refused.message, described)
        if sid in self._conversations:  # a client may say an event of this name
            return
        socket = self._server.eio.sockets[self._server.manager.eio_sid_from_sid(sid, "/")]
        outlet = Outlet(socket, self._connections.get)
        self._conversations[sid] = self._begin(outlet), outlet

    async def _disconnect(self, sid: str, reason: str) -> None:
        if sid in self._conversations:
            conversation, outlet = self._conversations.pop(sid)
            conversation.close()
            outlet.close()

    async def _take(self, engine_sid: str, data: Any) -> None:
        try:
            await self._server._handle_eio_message(engine_sid, data)
        except Exception:  # of ours there are none: a conversation answers whatever it hears
            self._server._binary_packet.pop(engine_sid, None)  # whose parts would be waited for
            sid = self._server.manager.sid_from_eio_sid(engine_sid, "/")
            if sid in self._conversations:
                await self._conversations[sid][0].hear(None, ())

    async def _hear(self, name: Any, sid: str, *args: Any) -> Any:
        if sid not in self._conversations:
            return None
        conversation, outlet = self._conversations[sid]
        if outlet.unfetched > MOST_UNFETCHED:
            await self._server.disconnect(sid)
            return None
        return await conversation.hear(name if isinstance(name, str) else None, args)


def _is_small(scope: Scope) -> bool:
    """Whether a body may be read: the engine would take any into memory before it looks at its length."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return length.isdigit() and len(length) < 10 and int(length) <= MOST_AT_ONCE
