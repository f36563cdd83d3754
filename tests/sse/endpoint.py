"""An endpoint that streams, asked over plain HTTP and left at any byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp

from livethread.sse import Decoder, Event

PATIENCE = 20.0


class Reading:
    """One response that is being read."""

    def __init__(self, response: aiohttp.ClientResponse, last_event_id: str = "") -> None:
        self.response = response
        self.events: list[Event] = []
        self.data = b""
        self._decoder = Decoder(last_event_id=last_event_id)

    @property
    def last_event_id(self) -> str:
        """What an EventSource would send now."""
        return self._decoder.last_event_id

    @property
    def text(self) -> str:
        """What has been said so far."""
        return "".join(json.loads(event.data) for event in self.events if event.type == "message")

    @property
    def others(self) -> list[tuple[str, object]]:
        """The events that are no text."""
        return [(event.type, json.loads(event.data)) for event in self.events if event.type != "message"]

    async def more(self, most: int = 65536) -> bool:
        """Read a little; whether there was any."""
        async with asyncio.timeout(PATIENCE):
            data = await self.response.content.read(most)
        self.data += data
        self.events += self._decoder.feed(data)
        return bool(data)

    async def until(self, text: str) -> None:
        """Read until so much has been said, and not a word more."""
        while self.text != text:
            assert text.startswith(self.text), f"{self.text!r} is not the beginning of {text!r}"
            assert await self.more(), f"it ended with {self.text!r}, and not with {text!r}"

    async def to_the_end(self) -> Reading:
        """Read all."""
        while await self.more():
            pass
        return self


class Endpoint:
    """The app at an address: ``POST /ask``, ``POST /answers``, ``GET /answers/<id>``."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    @contextlib.asynccontextmanager
    async def asking(self, question: str) -> AsyncIterator[Reading]:
        """Ask, and read the answer; the connection is cut behind the block."""
        async with self._session.post(f"{self.url}/ask", json={"question": question}) as response:
            yield Reading(response)
            response.close()

    async def start(self, question: str) -> str:
        """Start an answer, and return its id."""
        async with self._session.post(f"{self.url}/answers", json={"question": question}) as response:
            assert response.status == 201, await response.text()
            id: str = (await response.json())["id"]
            return id

    @contextlib.asynccontextmanager
    async def watching(self, id: str, last_event_id: str = "") -> AsyncIterator[Reading]:
        """Watch one; the connection is cut behind the block."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        async with self._session.get(f"{self.url}/answers/{id}", headers=headers) as response:
            yield Reading(response, last_event_id)
            response.close()


@contextlib.asynccontextmanager
async def endpoint(url: str) -> AsyncIterator[Endpoint]:
    """The app at this address."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield Endpoint(session, url)
