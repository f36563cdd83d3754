"""ASGI in front of the rest: what is asked for at Socket.IO's path is the sockets'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from livethread.errors import ApiError
from livethread.sockets.conversation import SocketConversation
from livethread.sockets.engine import Engine
from livethread.sockets.live import Live
from livethread.sockets.room_lobby import Lobby

PATH: Final = "/socket.io"
"""Where every Socket.IO client looks, unless told otherwise."""


class Sockets:
    """See the module.

    Args:
        app: the rest.
        admits: why a client with this ``Authorization`` may not connect; None if it may.
        live: what sockets follow.
        lobby: the way into rooms.
    """

    def __init__(self, app: ASGIApp, admits: Callable[[bytes], ApiError | None], live: Live, lobby: Lobby) -> None:
        self._app = app
        self._engine = Engine(admits, lambda outlet: SocketConversation(outlet, live, lobby))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket"):
            path: str = scope["path"]
            if path.removeprefix(scope.get("root_path", "")).rstrip("/") == PATH:
                await self._engine(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """Send every client away; they come back."""
        await self._engine.close()
