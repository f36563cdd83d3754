"""The viewers: they look on until the server is gone, and come back by cursor."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from livethread.sse import Decoder
from tests.cuts.connection import get
from tests.cuts.viewer import Held, Wrong
from tests.kills.client import Client, said
from tests.kills.stored import events_with, reading


class Viewers:
    """All that look on.

    Args:
        client: for what is stored.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: dict[str, list[Held]] = {}
        self._watching: list[asyncio.Task[None]] = []

    def follow(self, thread_id: str, count: int = 3) -> None:
        """So many begin to follow a thread."""
        self._held[thread_id] = [Held(f"{thread_id} {number}") for number in range(count)]
        self._watch(thread_id)

    async def come_back(self) -> None:
        """Behind a restart: compare what was shown with what is stored, and go on by cursor."""
        await self._leave()
        for thread_id in self._held:
            await self._compare_shown(thread_id)
            self._watch(thread_id)

    async def end(self, thread_id: str, messages: list[Any]) -> None:
        """All of a thread's end with exactly what is stored, and go."""
        for held in self._held.pop(thread_id, []):
            for _ in range(500):
                # One that began with a snapshot of a long thread holds the newest, and knows that there are more.
                due = messages[: len(held.fold.messages)] if held.fold.has_more else messages
                if held.last_id and json.dumps(held.fold.messages) == json.dumps(due):
                    break
                await asyncio.sleep(0.02)
            else:
                difference = _difference(held.fold.messages, messages)
                self._client.wrong(f"{held.name} does not end with what is stored: {difference}")
            if held.snapshots > 1:  # a killed process loses nothing: the log is the same, and every cursor good
                self._client.wrong(f"{held.name} was told by a snapshot that the log is another")

    async def close(self) -> None:
        """Send them away."""
        await self._leave()

    def _watch(self, thread_id: str) -> None:
        for held in self._held[thread_id]:
            self._client.report.did["streams resumed"] += held.last_id is not None
            self._watching.append(asyncio.create_task(self._look(thread_id, held)))

    async def _leave(self) -> None:
        for task in self._watching:
            task.cancel()
        for error in await asyncio.gather(*self._watching, return_exceptions=True):
            if isinstance(error, Wrong):
                self._client.wrong(str(error))
        self._watching.clear()

    async def _look(self, thread_id: str, held: Held) -> None:
        """Until the server is gone."""
        decoder = Decoder(last_event_id=held.last_id or "")
        url = f"{self._client.server.url}/v1/threads/{thread_id}/events"
        try:
            async with get(url, held.last_id, reset=False) as answer:
                while piece := await answer.read(65536):
                    for event in decoder.feed(piece):
                        held.take(event)
        except (OSError, asyncio.IncompleteReadError):
            return

    async def _compare_shown(self, thread_id: str) -> None:
        """The stored text is at least everything that any viewer was shown."""
        messages = await self._client.all_of(f"/threads/{thread_id}/messages")
        stored = {message["id"]: said(message) for message in messages}
        status = {message["id"]: message["status"] for message in messages}
        for held in self._held[thread_id]:
            for message_id, shown in held.text.items():
                self._client.report.did["bytes shown at the kills"] += len(shown.encode())
                text = stored.get(message_id, "")
                if not text.startswith(shown) and not self._is_deleted(message_id):
                    found = f"{text[-60:]!r}, {len(text)} characters, {status.get(message_id, 'not listed')}"
                    more = f"{held.name} was shown more of {message_id} than is stored"
                    self._client.wrong(f"{more}: {shown[-60:]!r}, {len(shown)} characters, and not {found}")

    def _is_deleted(self, message_id: str) -> bool:
        """Whether its log says so, perhaps in the moment of the kill."""
        with reading(self._client.server.data) as database:
            return events_with(database, message_id, "deleted") > 0


def _difference(held: Any, stored: list[Any]) -> str:
    ids = [{message["id"]: message for message in messages} for messages in (held, stored)]
    for id in ids[0].keys() | ids[1].keys():
        one, other = (json.dumps(messages.get(id))[:600] for messages in ids)
        if one != other:
            return f"{id} is held as {one} and stored as {other}"
    return f"order {list(ids[0])} and {list(ids[1])}"
