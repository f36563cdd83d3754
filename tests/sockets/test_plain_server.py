"""Sockets where another server serves: nothing may be written straight to a transport there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
import uvicorn

from livethread.app import Livethread
from livethread.settings import Settings
from tests.sockets.talking import talking


@pytest.fixture(params=["websockets-sansio", "wsproto"])
async def plain(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """uvicorn as it comes, with each of its WebSockets."""
    app = Livethread(Settings(port=0, data=tmp_path, words_per_second=0, local_engines=False))
    config = uvicorn.Config(app, port=0, ws=request.param, lifespan="on", log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    with suppress(KeyboardInterrupt):
        await serving


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_every_event_arrives_once_and_in_order(plain: str, transport: str) -> None:
    async with aiohttp.ClientSession(plain) as web, talking(plain, transport) as talker:
        thread = (await (await web.post("/v1/threads", json={})).json())["id"]
        assert (await talker.ask("subscribe", {"thread_id": thread}))["verdict"] == "snapshot"
        await talker.first("thread.event")
        said = [f"This is message {number}." for number in range(40)]
        for text in said:
            await web.post(f"/v1/threads/{thread}/messages", json={"role": "user", "content": text})

        def created() -> list[str]:
            events = [event for event in talker.all("thread.event") if event["event"] == "thread.message.created"]
            return [event["data"]["content"][0]["text"]["value"] for event in events]

        await talker.until(lambda: len(created()) == len(said))
        assert created() == said
