"""The provider for Chat Completions: OpenAI, vLLM, llama.cpp, Ollama, LM Studio, OpenRouter and many more.

This file does the HTTP. What is sent is made by `chat_request`, what comes back is read by `chat_answer`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, Final

from yarl import URL

from livethread.clock import Clock
from livethread.errors import SetupError
from livethread.ids import Ids
from livethread.providers.chat_answer import MAX_BYTES, ChatAnswer, is_whole
from livethread.providers.chat_request import request_body, shows_images
from livethread.providers.chunks import Chunk, ProviderError, Request
from livethread.providers.failures import ModelApi, parse_leniently
from livethread.providers.http.answer import Answer
from livethread.providers.http.client import Client
from livethread.providers.http.incoming import NotHttp
from livethread.providers.unable import abilities
from livethread.providers.word_by_word import word_by_word

_FAILURES: Final = (OSError, NotHttp)  # time-outs are the former, too
_OPENAI_HOSTS: Final = (".openai.com", ".openai.azure.com")
_NO_REASONING_HOSTS: Final = (*_OPENAI_HOSTS, ".groq.com", ".cerebras.ai")
"""They refuse messages with reasoning in them."""

_MAX_ERROR_BYTES: Final = 64 * 1024
_AFTER_FINISH_SECONDS: Final = 5.0
_AFTER_DONE_SECONDS: Final = 0.25
_MODELS_SECONDS: Final = 10.0


class ChatCompletions:
    """A provider for one Chat Completions API.

    Args:
        base_url: what stands before ``/chat/completions``, such as ``http://127.0.0.1:11434/v1``.
        key: sent as a bearer token; None for engines that ask for none.
        ids: makes the ids of tool calls that come without.
        clock: the time in which a whole answer is told.
        headers: sent with every request besides our own.
        connect_timeout: seconds until a connection must stand.
        stall_timeout: seconds the API may send nothing, before its answer or in it.
        stream: False for an API that cannot stream: its answers are asked for whole, and told word by word.
        images: False for models that take no images, so that a turn with one fails before it is sent.
        words_per_second: how fast a whole answer is told; 0 for at once.

    Raises:
        SetupError: the address is not one of HTTP.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        ids: Ids,
        clock: Clock,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 10.0,
        stall_timeout: float = 120.0,
        stream: bool = True,
        images: bool | None = None,
        words_per_second: float = 40.0,
    ) -> None:
        try:
            url = URL(base_url.strip().rstrip("/"))
        except ValueError:
            url = URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise SetupError(f"The model API's address must look like http://host/v1, but is '{base_url}'.")
        sent = dict(headers or {})
        key = (key or "").strip()  # read from a file, it ends in a newline, which no header may hold
        if key:
            sent["Authorization"] = f"Bearer {key}"
        elif url.user:
            user = f"{url.user}:{url.password or ''}".encode()
            sent["Authorization"] = f"Basic {base64.b64encode(user).decode()}"
        self._url = url.with_user(None)
        self._address = str(self._url.with_query(None))
        self._openai = f".{url.host}".endswith(_OPENAI_HOSTS)
        self._reasoning = not f".{url.host}".endswith(_NO_REASONING_HOSTS)
        self._ids = ids
        self._stall = stall_timeout
        self._stream = stream
        self._images = images
        self._words_per_second = words_per_second
        self._clock = clock
        self._secrets = _secrets(key, url.password, *url.query.values(), *sent.values())
        self._headers = {
            **sent,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # a proxy that compresses a stream also holds it back
            "User-Agent": "livethread",
            "x-livethread-hop": "1",
        }
        self._client = Client(url.origin(), connect_timeout=connect_timeout, stall_timeout=stall_timeout)

    def stream(self, request: Request) -> _Turn:
        """One model turn; usage (if reported) and `Finish` come last. Closing the iterator closes the socket.

        Raises:
            ProviderError: for everything that goes wrong, also a stream without a finish reason.
        """
        api = ModelApi(self._address, self._secrets, request.model, abilities(request, stream=self._stream))
        said = ChatAnswer(self._ids, api)
        return _Turn(said, self._told(request, api, said))

    async def _told(self, request: Request, api: ModelApi, said: ChatAnswer) -> AsyncGenerator[Chunk, None]:
        if self._images is False and shows_images(request):
            raise _no_images(request.model)
        body = request_body(request, openai=self._openai, stream=self._stream, reasoning=self._reasoning)
        accept = "text/event-stream" if self._stream else "application/json"
        answer = await self._open(api, "chat/completions", accept, body)
        try:
            # The API's own word counts, whatever was asked for: some never stream, and some always do.
            if answer.head.content_type == "text/event-stream":
                answer.at_once = said.at_once
                while not said.done:
                    try:
                        data = await (answer.read() if not said.finished else self._rest(answer))
                    except _FAILURES as error:
                        if said.finished:
                            break
                        raise api.failed(error, limit=self._stall, answering=True, partial=said.partial) from None
                    if not data:
                        break
                    for chunk in said.feed(data):
                        yield chunk
                for chunk in said.end():
                    yield chunk
                await _drain(answer)
                return
            chunks = said.whole(await self._whole(api, answer))
        finally:
            answer.close()
        for pause, chunk in word_by_word(chunks, 0 if request.whole else self._words_per_second):
            if pause:
                await self._clock.sleep(pause)
            yield chunk

    async def models(self) -> list[str]:
        """The names that ``GET /models`` lists.

        Raises:
            ProviderError: the API does not answer, or not with a list.
        """
        api = ModelApi(self._address, self._secrets, None)
        try:
            async with asyncio.timeout(_MODELS_SECONDS):
                answer = await self._open(api, "models", "application/json", None)
                try:
                    listed = json.loads(await self._text(api, answer))
                finally:
                    answer.close()
            return [str(model["id"]) for model in listed["data"]]
        except _FAILURES as error:
            raise api.failed(error, limit=_MODELS_SECONDS, answering=False) from None
        except (ValueError, TypeError, KeyError, RecursionError):
            sentence = f"{api} did not answer GET /models with a list. Check the address: it usually ends in /v1."
            raise ProviderError("bad_stream", sentence) from None

    async def close(self) -> None:
        """Close all connections; streams still open end with an error."""
        self._client.close()

    async def _open(self, api: ModelApi, path: str, accept: str, body: bytes | None) -> Answer:
        """An answer whose status is 200; anything else is raised."""
        url = (self._url / path).with_query(self._url.query)  # Azure wants its api-version there
        try:
            answer = await self._client.send(url, {**self._headers, "Accept": accept}, body)
        except _FAILURES as error:
            raise api.failed(error, limit=self._stall, answering=False) from None
        status, headers = answer.head
        if status == 200:
            return answer
        try:
            if 300 <= status < 400:
                sentence = f"{api} redirects to {headers.get('location', 'another address')}. Set its address to where "
                raise ProviderError("not_found", api.redact(f"{sentence}that leads."), status=status)
            raise api.reported(await _small_body(answer), status=status, headers=headers)
        finally:
            answer.close()

    async def _whole(self, api: ModelApi, answer: Answer) -> Any:
        """The JSON of a whole answer; anything else that came with 200 is raised.

        That is an error in disguise, a wrong address, or an answer that got broken on its way.
        """
        if answer.head.content_type in ("text/html", "application/xhtml+xml"):
            raise api.no_answer("an HTML page")
        text = await self._text(api, answer)
        try:
            found = parse_leniently(text)
        except (ValueError, RecursionError):
            if answer.head.content_type == "application/json":
                raise api.no_answer(f"JSON that is broken ({text[:40]!r})", retryable=True) from None
            found = None
        if isinstance(found, dict) and (found.get("error") or found.get("object") == "error"):
            raise api.reported(found)
        if is_whole(found):
            return found
        raise api.no_answer(
            f"{answer.head.content_type} that is no answer"
            if not self._stream
            else f"{answer.head.content_type} instead of a stream of events",
        )

    async def _text(self, api: ModelApi, answer: Answer) -> str:
        body = bytearray()
        try:
            while piece := await answer.read():
                body += piece
                if len(body) > MAX_BYTES:
                    raise api.no_answer("an answer that is longer than 16 MB")
        except _FAILURES as error:
            raise api.failed(error, limit=self._stall, answering=True) from None
        return body.decode(errors="replace")

    async def _rest(self, answer: Answer) -> bytes:
        """What follows the finish: usage and [DONE], which some engines never send though they keep the line open."""
        async with asyncio.timeout(min(self._stall, _AFTER_FINISH_SECONDS)):
            return await answer.read()


def _no_images(model: str) -> ProviderError:
    sentence = (
        f"The model '{model}' takes no images (images = false in livethread.toml), and this conversation has one. Ask "
        "in one without images, or choose a model that takes them."
    )
    return ProviderError("bad_request", sentence, param="messages")


async def _drain(answer: Answer) -> None:
    """Read to the very end, so that the connection can serve the next turn; it is not worth a long wait."""
    try:
        async with asyncio.timeout(_AFTER_DONE_SECONDS):
            while await answer.read():
                pass
    except _FAILURES:
        pass


async def _small_body(answer: Answer) -> Any:
    """The JSON of an error, or its text; as much of it as comes."""
    body = b""
    try:
        async with asyncio.timeout(_MODELS_SECONDS):
            while len(body) < _MAX_ERROR_BYTES and (piece := await answer.read()):
                body += piece
    except _FAILURES:
        pass
    text = body[:_MAX_ERROR_BYTES].decode(errors="replace")
    try:
        return parse_leniently(text)
    except (ValueError, RecursionError):
        return text


def _secrets(*values: str | None) -> tuple[str, ...]:
    """The values, and the second words of "Bearer x", longest first; too short ones would blot out plain words."""
    found = {word for value in values if value for word in (value, value.rpartition(" ")[2]) if len(word) >= 6}
    return tuple(sorted(found, key=len, reverse=True))


class _Turn:
    """The chunks of one model turn; see `Direct`.

    Args:
        answer: reads them from the bytes.
        chunks: yields them.
    """

    def __init__(self, answer: ChatAnswer, chunks: AsyncGenerator[Chunk, None]) -> None:
        self._answer = answer
        self._chunks = chunks

    def __aiter__(self) -> AsyncGenerator[Chunk, None]:
        return self._chunks

    def __anext__(self) -> Coroutine[Any, Any, Chunk]:
        return self._chunks.__anext__()

    async def aclose(self) -> None:
        """Close the socket."""
        await self._chunks.aclose()

    def text_to(self, take: Callable[[str], None] | None) -> None:
        """Hand text over in the very call that brings it, or yield it again."""
        self._answer.take = take
