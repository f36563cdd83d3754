"""The answers of chat completions on their connections: streamed or whole, each read from its model as it is sent.

The model is read no faster than the caller reads, and no longer than the caller is there.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from contextlib import aclosing
from typing import Final

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from livethread.api import problems
from livethread.api.chat_lines import Lines, error_line
from livethread.api.chat_object import Whole
from livethread.api.envelope import ServerError
from livethread.api.sink import HEADERS, AsgiSink, DirectSink, sink
from livethread.errors import ApiError
from livethread.providers.chunks import Direct, Finish, ProviderError, Text
from livethread.services.chat import Chat, ChatTurn
from livethread.services.upstream_errors import Stopping, UpstreamError, upstream_error
from livethread.sse import KEEP_ALIVE

SILENCE: Final = 15.0
"""Seconds without a word after which a stream begins all the same, and is kept alive."""

log = structlog.get_logger()


class _Answer(Response, ABC):
    """What both have in common: a task that reads the model until the caller goes, or the server stops.

    Args:
        chat: knows when the server stops.
        turn: the turn of the model.
        silence: see `SILENCE`.
    """

    def __init__(self, chat: Chat, turn: ChatTurn, *, silence: float = SILENCE) -> None:
        super().__init__()
        self._chat = chat
        self._turn = turn
        self._most_silence = silence
        self._over = False  # its end was sent: what the model still has to say is nobody's

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; an error before the first byte is a status, behind it the last line."""
        self._connection: DirectSink | AsgiSink = sink(scope, receive, send)
        self._send = send
        speaking = asyncio.ensure_future(self._speak())

        def gone() -> None:
            if not self._over:
                speaking.cancel()

        self._connection.watch(gone)
        try:
            with self._chat.answering(speaking):
                while not (await asyncio.wait([speaking], timeout=self._most_silence))[0]:
                    await self._silence()
            error = _refusal(speaking)
            if error is not None and not self._over and not self._connection.gone and not await self._told(error):
                await _refused(error)(scope, receive, send)
        finally:
            speaking.cancel()
            self._connection.unwatch()

    @abstractmethod
    async def _speak(self) -> None:
        """Read the model, and send what it says."""

    async def _silence(self) -> None:
        """Nothing may have been sent for a while."""

    async def _told(self, error: UpstreamError) -> bool:
        """Whether an error was told in the midst of the answer, which else is one itself."""
        return False


class WholeAnswer(_Answer):
    """The answer in one piece."""

    async def _speak(self) -> None:
        turn = self._turn
        said = Whole(one_call=turn.one_call)
        async with aclosing(turn.chunks) as chunks:  # type: ignore[type-var]  # every provider's can be closed
            async for chunk in chunks:
                said.take(chunk)
                if isinstance(chunk, Finish):
                    self._over = True
                    body = json.dumps(said.object(turn.id, turn.created, turn.model))
                    await _sent(Response(body, media_type="application/json"), self._send)
        if not self._over:
            raise _unfinished()


class StreamedAnswer(_Answer):
    """The answer as it grows.

    Args:
        chat: knows when the server stops.
        turn: the turn of the model.
        usage: whether to tell what it cost.
        silence: see `SILENCE`.
    """

    def __init__(self, chat: Chat, turn: ChatTurn, *, usage: bool, silence: float = SILENCE) -> None:
        super().__init__(chat, turn, silence=silence)
        self._lines = Lines(turn.id, turn.created, turn.model, one_call=turn.one_call, usage=usage)
        self._direct: Direct | None = None
        self._head: asyncio.Future[None] | None = None  # was sent, or is being sent
        self._room: asyncio.Future[None] | None = None  # until the connection takes more
        self._silent = True

    async def _speak(self) -> None:
        try:
            async with aclosing(self._turn.chunks) as chunks:  # type: ignore[type-var]  # as above
                self._direct = chunks if isinstance(chunks, Direct) else None
                async for chunk in chunks:
                    line = self._lines.of(chunk)
                    if not line:
                        continue
                    await self._begin()
                    await self._until_taken()
                    self._write(line)
                    if isinstance(chunk, Finish):
                        await self._end()
                    elif isinstance(chunk, Text) and self._direct is not None and self._room is None:
                        self._direct.text_to(self._say)
            if not self._over:
                raise _unfinished()
        except Exception as error:
            if self._head is None or self._over:
                raise
            await self._until_taken()
            self._write(error_line(_described(error)))
            await self._end()

    def _say(self, text: str) -> None:
        """A piece of text, in the very call that brings it."""
        self._write(self._lines.text(text))
        if self._room is not None and self._direct is not None:
            self._direct.text_to(None)

    def _write(self, data: bytes) -> None:
        self._silent = False
        room = self._connection.write(data)
        if room is not None:
            self._room = asyncio.ensure_future(room)

    async def _until_taken(self) -> None:
        """Come back when the caller has read what was written: until then the model is not read."""
        if self._room is not None:
            await self._room
            self._room = None

    async def _begin(self) -> None:
        if self._head is None:
            self._head = asyncio.ensure_future(
                self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            )
        await self._head

    async def _end(self) -> None:
        await self._until_taken()
        self._over = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _silence(self) -> None:
        if self._silent and (self._room is None or self._room.done()):
            await self._begin()
            self._write(KEEP_ALIVE)
        self._silent = True

    async def _told(self, error: UpstreamError) -> bool:
        if self._head is None:
            return False
        self._write(error_line(error))
        if self._connection.leave():
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        return True


def _refusal(speaking: asyncio.Future[None]) -> UpstreamError | None:
    """Why an answer was not given to its end.

    Raises:
        Exception: what nobody expected.
    """
    if speaking.cancelled():
        return Stopping()
    error = speaking.exception()
    if error is None or isinstance(error, ProviderError):
        return None if error is None else upstream_error(error)
    raise error


def _refused(error: UpstreamError) -> Response:
    response = problems.response(error)
    response.headers.update(error.headers)
    return response


def _described(error: Exception) -> ApiError:
    if isinstance(error, ProviderError):
        return upstream_error(error)
    log.error("chat completion failed", exc_info=error)
    return ServerError()


def _unfinished() -> ProviderError:
    sentence = "The model's answer broke off: it did not say that it was over. Try again."
    return ProviderError("bad_stream", sentence, retryable=True)


async def _sent(response: Response, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})
