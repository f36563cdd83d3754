"""A WebSocket of our own server: frames that many share are written straight to its transport."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

CONNECTION: Final = "livethread.websocket"
"""Where a server leaves the `WebSocketConnection`, among the extensions of the scope.

Only one whose frames are neither compressed nor encrypted behind our back may do so.
"""


class WebSocketConnection(WebSocketsSansIOProtocol):
    """uvicorn's protocol; see the module."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(0)  # whose socket is full is lagging from then on

    def handle_connect(self, event: Request) -> None:
        """A client asks for a WebSocket."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else it was refused
            cast(dict[str, Any], self.scope)["extensions"][CONNECTION] = self

    async def drain(self) -> None:
        """Come back when it has written all."""
        await self.writable.wait()
