"""A connection of our own server: it lets streams write to its transport, for a ``send`` per token and viewer is dear.

While it streams nobody reads what the client sends, and nothing is kept that only a next request would need.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from httptools import HttpRequestParser
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livethread.api.sink import TRANSPORT

_UNHEARD: Final = asyncio.Event()
"""Told of messages that nobody waits for."""


class Flow(FlowControl):
    """uvicorn's, without the event that every idle connection would have to keep."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.read_paused = False
        self.write_paused = False
        self._room: asyncio.Event | None = None

    async def drain(self) -> None:
        """Come back when the transport has written all that it was handed."""
        if self._room is not None:
            await self._room.wait()

    def pause_writing(self) -> None:
        """It could not."""
        self.write_paused = True
        self._room = self._room or asyncio.Event()

    def resume_writing(self) -> None:
        """It has."""
        self.write_paused = False
        if self._room is not None:
            self._room.set()
            self._room = None


class Connection(HttpToolsProtocol):
    """uvicorn's protocol; see the module."""

    _gone: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        super().connection_made(cast(asyncio.Transport, transport))
        self.flow = Flow(self.transport)
        self.transport.set_write_buffer_limits(0)  # a viewer whose socket is full is lagging from then on

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # uvicorn leaves the timer of a connection that was reset, and all of it
        self.scope = None  # type: ignore[assignment]  # it knows of us: no circle is left to the collector
        if self._gone is not None:
            gone, self._gone = self._gone, None
            gone()

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        if self._gone is None:
            super().data_received(data)
        else:
            self.cycle.keep_alive = False  # whatever it asks for there, it must ask for again

    def eof_received(self) -> None:
        """The client will send nothing more: on a stream it counts as gone, whatever it has not read."""
        if self._gone is not None:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"connection": self}}

    def stream(self, gone: Callable[[], None]) -> None:
        """See `livethread.api.sink.Connection`."""
        self._gone = gone
        if self.cycle.more_body or self.pipeline:
            self.cycle.keep_alive = False
        self.cycle.message_event = _UNHEARD
        self.headers.clear()
        self.parser = self.pipeline = None  # type: ignore[assignment]  # made anew behind the answer
        self.flow.resume_reading()  # else its going would not be noticed

    def on_response_complete(self) -> None:
        """The answer has ended."""
        if self._gone is not None:
            self._gone = None
            self.parser, self.pipeline = HttpRequestParser(self), deque()
        super().on_response_complete()
