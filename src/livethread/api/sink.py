"""A viewer's connection: straight to the transport where our own server serves, else over plain ASGI.

The hub writes from inside its sweep, with no task and no queue per viewer. A ``send`` is stepped once by hand; if it
does not come back at once, the rest of it is carried on by whoever awaits it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator
from functools import lru_cache
from typing import Any, Final, Protocol

from starlette.types import Message, Receive, Scope, Send

from livethread.live.viewer import Sink

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]
"""What every stream answers with (ARCHITECTURE, "SSE")."""


TRANSPORT: Final = "livethread.transport"
"""Where a server leaves the connection's transport and its `Flow`, among the extensions of the scope.

Only one that sends an answer without a length in chunks, and nothing behind our back, may do so.
"""


class Flow(Protocol):
    """Whether a connection takes more, as uvicorn's protocols know it."""

    write_paused: bool

    async def drain(self) -> None:
        """Come back when it does."""
        ...


def sink(scope: Scope, send: Send) -> Sink:
    """The sink of a response that was started.

    Args:
        scope: of its request.
        send: the server's.
    """
    connection = scope.get("extensions", {}).get(TRANSPORT)
    return AsgiSink(send) if connection is None else DirectSink(**connection)


class DirectSink:
    """Writes chunks of an HTTP/1.1 answer to a transport; see `livethread.live.viewer.Sink`.

    Args:
        transport: of the connection.
        flow: its buffer's state.
    """

    __slots__ = ("_flow", "_transport")

    def __init__(self, transport: asyncio.Transport, flow: Flow) -> None:
        self._transport = transport
        self._flow = flow

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand bytes to the transport; this itself is to be awaited if its buffer is full now."""
        if not self._transport.is_closing():  # its reader hears of that by itself
            self._transport.write(_chunk(data))
        return self if self._flow.write_paused else None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._flow.drain().__await__()


@lru_cache(maxsize=8)
def _chunk(data: bytes) -> bytes:
    """One chunk, made once for all viewers that are handed the same bytes."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class AsgiSink:
    """Writes to one connection through ASGI ``send``; see `livethread.live.viewer.Sink`.

    Args:
        send: of a response that was started.
    """

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand bytes to the server; an awaitable if it is not ready for more."""
        step: Any = self._send({"type": "http.response.body", "body": data, "more_body": True})
        try:
            return _Rest(step, step.send(None))
        except StopIteration:
            return None
        except OSError:  # some servers say so when the peer has gone; its reader hears of it by itself
            return None


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
