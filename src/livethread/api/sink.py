"""A viewer's connection: straight to the transport where our own server serves, else over plain ASGI.

The hub writes from inside its sweep, with no task and no queue per viewer. A ``send`` is stepped once by hand; if it
does not come back at once, the rest of it is carried on by whoever awaits it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import lru_cache
from typing import Any, Final, Protocol

from starlette.types import Message, Receive, Scope, Send

from livethread.live.viewer import StraightSink

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]
"""What every stream answers with (ARCHITECTURE, "SSE")."""


TRANSPORT: Final = "livethread.transport"
"""Where a server leaves the `Connection`, among the extensions of the scope.

Only one that sends an answer without a length in chunks, and nothing behind our back, may do so.
"""

LARGE: Final = 16 * 1024
"""Bytes beyond which data is not copied into a chunk: what a slow client has not read yet is then shared by all."""


class Flow(Protocol):
    """Whether a connection takes more, as uvicorn's protocols know it."""

    write_paused: bool

    async def drain(self) -> None:
        """Come back when it does."""
        ...


class Connection(Protocol):
    """A connection that may be written to straight."""

    @property
    def transport(self) -> asyncio.Transport:
        """Where bytes go."""
        ...

    @property
    def flow(self) -> Flow:
        """The state of its buffer."""
        ...

    def stream(self, gone: Callable[[], None]) -> None:
        """Until the answer has ended, nobody reads what the client sends; ``gone`` is called when it has gone."""
        ...


def sink(scope: Scope, receive: Receive, send: Send) -> DirectSink | AsgiSink:
    """The sink of a response that was started.

    Args:
        scope: of its request.
        receive: the server's.
        send: the server's.
    """
    direct = scope.get("extensions", {}).get(TRANSPORT)
    return AsgiSink(receive, send) if direct is None else DirectSink(**direct)


class DirectSink(StraightSink):
    """Writes chunks of an HTTP/1.1 answer to a transport; see `livethread.live.viewer.StraightSink`.

    Args:
        connection: whose transport it is.
    """

    __slots__ = ("_connection", "_flow", "_transport")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._transport = connection.transport
        self._flow = connection.flow

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand bytes to the transport; this itself is to be awaited if its buffer is full now."""
        transport = self._transport
        if transport.is_closing():  # its reader hears of that by itself
            return None
        if len(data) > LARGE:
            transport.writelines((b"%x\r\n" % len(data), data, b"\r\n"))
        else:
            transport.write(_shared_chunk(data))
        return self if transport.get_write_buffer_size() and self._flow.write_paused else None

    @staticmethod
    def form(thread_id: str, data: bytes) -> bytes:
        """Events as one chunk."""
        return _chunk(data)

    @property
    def transport(self) -> asyncio.Transport:
        """Where chunks go."""
        return self._transport

    def __await__(self) -> Generator[Any, Any, None]:
        return self._flow.drain().__await__()

    @property
    def gone(self) -> bool:
        """Whether the client has."""
        return self._transport.is_closing()

    def watch(self, gone: Callable[[], None]) -> None:
        """Have it called when the client goes, or now if it has gone."""
        if self.gone:
            gone()
        else:
            self._connection.stream(gone)

    def unwatch(self) -> None:
        """Nobody is to be called any more."""

    def leave(self) -> bool:
        """Whether the end is to be sent. A client that takes nothing is not waited for: its connection is cut."""
        if self._flow.write_paused:
            self._transport.abort()
        return True


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_shared_chunk: Final = lru_cache(maxsize=8)(_chunk)
"""Made once for all that are handed the same bytes one after the other, as presence is."""


class AsgiSink:
    """Writes to one connection through ASGI ``send``; see `livethread.live.viewer.Sink`.

    Args:
        receive: of the request.
        send: of a response that was started.
    """

    __slots__ = ("_receive", "_send", "_watching")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._watching: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand bytes to the server; an awaitable if it is not ready for more."""
        step: Any = self._send({"type": "http.response.body", "body": data, "more_body": True})
        try:
            return _Rest(step, step.send(None))
        except StopIteration:
            return None
        except OSError:  # some servers say so when the peer has gone; its reader hears of it by itself
            return None

    @property
    def gone(self) -> bool:
        """Whether the client has, as far as is known."""
        return self._watching is not None and self._watching.done()

    def watch(self, gone: Callable[[], None]) -> None:
        """Have it called when the client goes."""
        self._watching = asyncio.ensure_future(disconnected(self._receive))
        self._watching.add_done_callback(lambda _: gone())

    def unwatch(self) -> None:
        """Nobody is to be called any more."""
        if self._watching is not None:
            self._watching.cancel()

    def leave(self) -> bool:
        """Whether the end is to be sent."""
        return not self.gone


class _Rest:
    """A coroutine that was stepped once: awaiting this carries it on to its end."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                try:
                    answer = yield waits_for
                except BaseException as error:  # a cancelled task: the coroutine decides what that means
                    waits_for = self._coroutine.throw(error)
                else:
                    waits_for = self._coroutine.send(answer)
            except (StopIteration, OSError):
                return


async def disconnected(receive: Receive) -> None:
    """Come back when the client has gone."""
    message: Message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()
