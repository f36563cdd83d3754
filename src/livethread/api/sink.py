"""A viewer's connection over plain ASGI: every server has it.

The hub writes from inside its sweep, so a ``send`` is stepped once by hand, with no task and no queue
per viewer. If it does not come back at once, the rest of it is carried on by whoever awaits it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Final

from starlette.types import Message, Receive, Send

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]
"""What every stream answers with (ARCHITECTURE, "SSE")."""


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
