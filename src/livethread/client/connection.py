"""One server over HTTP: calls that are safe to send again, and streams."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, Final

import aiohttp
from yarl import URL

from livethread.client.event import Event
from livethread.client.pause import Pause
from livethread.client.refusals import PASSING, Interrupted, Unreachable, refusal, retry_after
from livethread.clock import Clock
from livethread.sse import Decoder

ATTEMPTS: Final = 4
"""How often a call is sent before its error is told."""

PATIENCE: Final = 60.0
"""Seconds for one attempt of a call."""

CLOSED: Final = "This client has been closed; make another one."

CONNECTING: Final = 10.0
"""Seconds for a connection to stand."""


class Connection:
    """Where a server is, and how it is asked.

    Args:
        url: of the server, with or without ``/v1`` at its end.
        api_key: sent as a bearer token; none if None.
        silence: seconds without a byte after which a stream counts as cut.
        clock: time, for the pauses.
        dice: chance, for the pauses.

    Raises:
        ValueError: the url is none.
    """

    def __init__(self, url: str, api_key: str | None, *, silence: float, clock: Clock, dice: random.Random) -> None:
        self.url = _root(url)
        self.clock = clock
        self.dice = dice
        self.closed = False
        self._headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._streaming = aiohttp.ClientTimeout(total=None, sock_connect=CONNECTING, sock_read=silence)
        self._calling = aiohttp.ClientTimeout(total=PATIENCE, sock_connect=CONNECTING)
        self._session: aiohttp.ClientSession | None = None
        self._open: set[aiohttp.ClientResponse] = set()
        self._met = False  # whether a Livethread server has ever answered here

    async def close(self) -> None:
        """Close every connection; streams end."""
        self.closed = True
        for answer in tuple(self._open):
            answer.close()  # the session alone would leave whoever reads one waiting
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
        claim: str | None = None,
    ) -> Any:
        """Ask for something, up to four times while nobody answers; a POST bears one key, so it is done once.

        Args:
            method: of HTTP.
            path: behind ``/v1``.
            body: JSON, if any.
            query: parameters, if any.
            key: an ``Idempotency-Key`` of the caller's; one is made where there is none.
            claim: the token of a claim on a run, if any.

        Returns:
            The answer's JSON.

        Raises:
            ApiError: it is refused.
            Unreachable: nobody answers.
        """
        headers = {"Idempotency-Key": key or secrets.token_hex(16)} if method == "POST" else {}
        if claim is not None:
            headers["x-livethread-claim"] = claim
        pause = Pause(self.dice)
        for left in reversed(range(ATTEMPTS)):
            try:
                async with self._ask(method, path, query, headers, self._calling, json=body) as answer:
                    parsed = _parsed(await answer.read(), answer.url)
                    self._met = True
                    return parsed
            except Interrupted as cut:
                if not left or self.closed:
                    raise cut.error from cut
                await self.clock.sleep(pause.next(cut.after))
        raise AssertionError("the last attempt raises or returns")

    @asynccontextmanager
    async def stream(
        self, thread_id: str, query: Mapping[str, str], cursor: str | None
    ) -> AsyncIterator[AsyncGenerator[Event, None] | None]:
        """Open the stream of a thread once; it is read no faster than its events are taken.

        Args:
            thread_id: of the thread.
            query: parameters.
            cursor: where to go on.

        Yields:
            The events, to the end of the connection; None if there will never be any more.

        Raises:
            ApiError: it is refused for good.
            Interrupted: it cannot be opened now, or has broken off.
            Unreachable: there is no such server.
        """
        headers = {"Accept": "text/event-stream"} | ({} if cursor is None else {"Last-Event-ID": cursor})
        async with self._ask("GET", f"/threads/{thread_id}/events", query, headers, self._streaming) as answer:
            if answer.status == 204:
                yield None
                return
            if answer.content_type != "text/event-stream":
                raise self._stranger(f"{answer.url} is no stream of events; check that a Livethread server is there.")
            self._met = True
            async with aclosing(_events(answer.content, cursor)) as events:
                yield events

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        patience: aiohttp.ClientTimeout,
        **body: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; what breaks before the end of the block is `Interrupted`."""
        url = f"{self.url}/v1{path}"
        with self._explained():
            async with self._opened().request(
                method, url, params=query, headers=headers, timeout=patience, **body
            ) as answer:
                if answer.status >= 400:
                    after = retry_after(answer.headers.get("Retry-After"))
                    raise self._refused(answer.status, await answer.read(), str(answer.url), after)
                self._open.add(answer)
                try:
                    yield answer
                finally:
                    self._open.discard(answer)

    def _opened(self) -> aiohttp.ClientSession:
        if self.closed:
            raise Unreachable(CLOSED)
        if self._session is None:  # made here, since it wants a loop that runs
            self._session = aiohttp.ClientSession(
                headers=self._headers, connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the network raises in the block is told as `Interrupted`, or as `Unreachable` of a stranger."""
        try:
            yield
        except aiohttp.ClientConnectorError as error:
            sentence = f"{self.url} cannot be reached ({error.strerror or error}); check that a server runs there."
            raise self._stranger(sentence) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            raise Interrupted(Unreachable(f"{self.url} broke off before its answer was whole ({why}).")) from error

    def _refused(self, status: int, body: bytes, url: str, after: float | None = None) -> Exception:
        """The error for a refusal: `Interrupted` where another attempt may be welcome."""
        error = refusal(status, body, url)
        return Interrupted(error, after) if status in PASSING else error

    def _stranger(self, sentence: str) -> Exception:
        """A server that was there is waited for; one that never was is told of at once."""
        error = Unreachable(sentence)
        return Interrupted(error) if self._met else error


async def _events(pieces: aiohttp.StreamReader, cursor: str | None) -> AsyncGenerator[Event, None]:
    """The events in the bytes of a stream."""
    decoder = Decoder(last_event_id=cursor or "")
    async for piece in pieces.iter_any():
        for sent in decoder.feed(piece):
            if sent.type == "error":  # too many viewers, say: nothing is wrong with the thread
                raise Interrupted(Unreachable(sent.data), None if sent.retry is None else sent.retry / 1000)
            try:
                data = json.loads(sent.data)
            except ValueError as error:
                sentence = "An event of the stream is no JSON; check that a Livethread server is there."
                raise Unreachable(sentence) from error
            yield Event(sent.type, data, sent.id)


def _root(url: str) -> str:
    try:
        parsed = URL(url.strip())
        good = parsed.scheme in ("http", "https") and bool(parsed.host)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"'{url}' is no address of a server; it looks like http://127.0.0.1:8000.")
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def _parsed(body: bytes, url: URL) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise Unreachable(f"{url} does not answer in JSON; check that a Livethread server is there.") from error
