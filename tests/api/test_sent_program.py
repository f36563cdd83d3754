"""Many callers say the same few things at the same time, lose answers and ask again: each thing is said once each."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from random import Random

import httpx2
import pytest
from fastapi import FastAPI

from tests.api.caller import Caller

PROGRAMS = 150 if os.environ.get("TORTURE") else 12


class Speaker:
    """Says things, one behind the other, each until an answer has arrived.

    Args:
        app: whom it tells.
        thread: where its messages go.
        draw: decides what it says, and what gets lost.
        name: goes into its keys.
    """

    def __init__(self, app: FastAPI, thread: str, draw: Random, name: str) -> None:
        self._app = app
        self._thread = thread
        self._draw = draw
        self._name = name
        self.said: list[tuple[str, str]] = []

    async def speak(self, times: int) -> None:
        for time in range(times):
            text = self._draw.choice(["ok", "go on"])
            key = self._draw.choice([{}, {}, {"idempotency-key": f"{self._name}.{time}"}])
            self.said.append((text, await self._say(text, key)))

    async def _say(self, text: str, key: dict[str, str]) -> str:
        ids: list[str] = []
        for count in range(10):
            gone = self._draw.random() < 0.5 and count < 9
            headers = key | {"x-stainless-retry-count": str(count)}
            caller = Caller(self._app, self._thread, {"role": "user", "content": text}, headers, gone=gone)
            ids.append((await caller.called()).id)
            for _ in range(self._draw.randrange(5)):
                await asyncio.sleep(0)
            if not gone:
                break
        if key:
            assert len(set(ids)) == 1
        return ids[-1]


@pytest.mark.torture
async def test_everything_is_said_as_often_as_it_was_meant(app: FastAPI, client: httpx2.AsyncClient) -> None:
    for seed in range(PROGRAMS):
        draw = Random(seed)
        thread = f"/v1/threads/{(await client.post('/v1/threads')).json()['id']}/messages"
        speakers = [Speaker(app, thread, draw, f"{seed}.{name}") for name in range(draw.randint(1, 5))]
        await asyncio.gather(*(speaker.speak(draw.randint(1, 6)) for speaker in speakers))
        meant = [said for speaker in speakers for said in speaker.said]
        page = (await client.get(thread, params={"limit": 100})).json()["data"]
        stored = {message["id"]: message["content"][0]["text"]["value"] for message in page}
        assert (seed, Counter(stored.values())) == (seed, Counter(text for text, _ in meant))
        assert (seed, {id: stored.get(id) for _, id in meant}) == (seed, {id: text for text, id in meant})
