"""A response body: the first bytes at once, a keep-alive in every silence, and always an end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from livethread.sse.answers import Reader
from livethread.sse.frames import Piece
from livethread.sse.sources import TaskSource, ThreadSource
from livethread.sse.wire import KEEP_ALIVE

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
    }
)
"""Of every stream: read as UTF-8, kept nowhere, neither compressed nor gathered on its way by what stands between."""


def stream(pieces: Iterable[Piece] | Reader, *, keep_alive: float = 15.0) -> Generator[bytes, None, None]:
    """The body of a response in Flask, in Django under WSGI, or in any other WSGI application.

    An error in the pieces becomes the event ``error`` with a sentence, and the last event is always ``done``. When the
    reader goes away, which a server notices with the next bytes that it writes, the pieces are closed.

    Args:
        pieces: are read on a thread of their own; the `Reader` of an answer needs none.
        keep_alive: seconds of silence after which a comment is sent, so that nothing between takes the line for dead.
    """
    source = pieces if isinstance(pieces, Reader) else ThreadSource(pieces)
    try:
        yield KEEP_ALIVE
        while (data := source.take(keep_alive)) is not None:
            yield data
    finally:
        source.close()


async def astream(pieces: AsyncIterable[Piece] | Reader, *, keep_alive: float = 15.0) -> AsyncGenerator[bytes, None]:
    """The body of a response in FastAPI, Starlette, Django under ASGI, or any other ASGI application; see `stream`.

    Args:
        pieces: are read in a task of their own, and closed at once when the reader goes away.
        keep_alive: seconds of silence after which a comment is sent.
    """
    source = pieces if isinstance(pieces, Reader) else TaskSource(pieces)
    try:
        yield KEEP_ALIVE
        while (data := await source.atake(keep_alive)) is not None:
            yield data
    finally:
        source.close()
