"""The provider for Chat Completions: OpenAI, vLLM, llama.cpp, Ollama, LM Studio, OpenRouter and many more.

This file does the HTTP. What is sent is made by `chat_request`, what comes back is read by `chat_answer`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import aiohttp
from yarl import URL

from livethread.errors import SetupError
from livethread.ids import Ids
from livethread.providers.chat_answer import ChatAnswer
from livethread.providers.chat_request import request_body
from livethread.providers.chunks import Chunk, ProviderError, Request
from livethread.providers.failures import ModelApi, parse_leniently, seconds_to_wait

_FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError)
_OPENAI_HOSTS: Final = (".openai.com", ".openai.azure.com")
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
        headers: sent with every request besides our own.
        connect_timeout: seconds until a connection must stand.
        stall_timeout: seconds the API may send nothing, before its answer or in it.

    Raises:
        SetupError: the address is not one of HTTP.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        ids: Ids,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 10.0,
        stall_timeout: float = 120.0,
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
            sent["Authorization"] = aiohttp.encode_basic_auth(url.user, url.password or "")
        self._url = url.with_user(None)
        self._address = str(self._url.with_query(None))
        self._openai = f".{url.host}".endswith(_OPENAI_HOSTS)
        self._ids = ids
        self._stall = stall_timeout
        self._secrets = _secrets(key, url.password, *url.query.values(), *sent.values())
        self._headers = {
            **sent,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # a proxy that compresses a stream also holds it back
            "User-Agent": "livethread",
            "x-livethread-hop": "1",
        }
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout, sock_connect=connect_timeout, sock_read=stall_timeout
        )
        self._session: aiohttp.ClientSession | None = None

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """One model turn; usage (if reported) and `Finish` come last. Closing the iterator closes the socket.

        Raises:
            ProviderError: for everything that goes wrong, also a stream without a finish reason.
        """
        api = self._api(request.model)
        answer = ChatAnswer(self._ids, api)
        body = request_body(request, openai=self._openai)
        response = await self._open(api, "chat/completions", "text/event-stream", body)
        try:
            if response.content_type != "text/event-stream":
                raise await self._no_stream(api, response)
            while not answer.done and (data := await self._read(api, response, answer)):
                for chunk in answer.feed(data):
                    yield chunk
            for chunk in answer.end():
                yield chunk
            await _drain(response)
        finally:
            response.close()

    async def models(self) -> list[str]:
        """The names that ``GET /models`` lists.

        Raises:
            ProviderError: the API does not answer, or not with a list.
        """
        api = self._api(None)
        try:
            async with asyncio.timeout(_MODELS_SECONDS):
                response = await self._open(api, "models", "application/json", None)
                async with response:
                    listed = json.loads(await response.read())
            return [str(model["id"]) for model in listed["data"]]
        except _FAILURES as error:
            raise api.failed(error, limit=_MODELS_SECONDS, answering=False) from None
        except (ValueError, TypeError, KeyError, RecursionError):
            sentence = f"{api} did not answer GET /models with a list. Check the address: it usually ends in /v1."
            raise ProviderError("bad_stream", sentence) from None

    async def close(self) -> None:
        """Close all connections; streams still open end with an error."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _api(self, model: str | None) -> ModelApi:
        return ModelApi(self._address, self._secrets, model)

    async def _open(self, api: ModelApi, path: str, accept: str, body: bytes | None) -> aiohttp.ClientResponse:
        """An answer whose status is 200; anything else is raised.

        The causes are not chained: a repr of aiohttp's errors shows the headers of the request, and so the key.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # Every run may stream at once, and waiting for a free connection would count as connecting.
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        headers = {**self._headers, "Accept": accept}
        url = (self._url / path).with_query(self._url.query)  # Azure wants its api-version there
        try:
            response = await self._session.request(
                "GET" if body is None else "POST", url, data=body, headers=headers, allow_redirects=False
            )
        except _FAILURES as error:
            raise api.failed(error, limit=self._stall, answering=False) from None
        if response.status == 200:
            return response
        try:
            if 300 <= response.status < 400:
                target = response.headers.get("Location", "another address")
                sentence = api.redact(f"{api} redirects to {target}. Set LIVETHREAD_UPSTREAM_URL to where it leads.")
                raise ProviderError("not_found", sentence, status=response.status)
            body_found = await _small_body(response)
            raise api.reported(body_found, status=response.status, retry_after=seconds_to_wait(response.headers))
        finally:
            response.close()

    async def _no_stream(self, api: ModelApi, response: aiohttp.ClientResponse) -> ProviderError:
        """What an answer means that came with 200 and is no stream: an error in disguise, or a wrong address."""
        body = await _small_body(response)
        if isinstance(body, dict) and body.get("error"):
            return api.reported(body)
        if response.content_type in ("text/html", "application/xhtml+xml"):
            what = "an HTML page"
        else:
            what = f"{response.content_type} instead of a stream of events"
        sentence = f"{api} answered with {what}. Check the address: it must be a Chat Completions API, often …/v1."
        return ProviderError("bad_stream", sentence, status=response.status)

    async def _read(self, api: ModelApi, response: aiohttp.ClientResponse, answer: ChatAnswer) -> bytes:
        """The next bytes; nothing at the end, and when there is trouble after the finish."""
        try:
            if not answer.finished:
                return await response.content.readany()
            # Only usage and [DONE] are left, which some engines never send though they keep the line open.
            async with asyncio.timeout(min(self._stall, _AFTER_FINISH_SECONDS)):
                return await response.content.readany()
        except (*_FAILURES, RuntimeError) as error:  # the last when `close` has closed it while the answer waited
            if answer.finished:
                return b""
            raise api.failed(error, limit=self._stall, answering=True, partial=answer.partial) from None


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read to the very end, so that the connection can serve the next turn; it is not worth a long wait."""
    try:
        async with asyncio.timeout(_AFTER_DONE_SECONDS):
            while await response.content.readany():
                pass
    except (*_FAILURES, RuntimeError):
        pass


async def _small_body(response: aiohttp.ClientResponse) -> Any:
    """The JSON of an error, or its text; as much of it as comes."""
    body = b""
    try:
        async with asyncio.timeout(_MODELS_SECONDS):
            while len(body) < _MAX_ERROR_BYTES and (piece := await response.content.readany()):
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
