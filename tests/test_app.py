"""The app as somebody else's server meets it: run by its lifespan, or mounted in another app."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from livethread.app import Livethread
from livethread.errors import SetupError
from livethread.providers.local_engines import LocalEngine
from livethread.settings import Settings
from tests.test_upstreams import listing


def settings(data: Path, **others: Any) -> Settings:
    return Settings(**{"data": data, "words_per_second": 0, "local_engines": False, **others})


async def test_it_starts_and_stops_with_the_lifespan_of_any_server(tmp_path: Path) -> None:
    app = Livethread(settings(tmp_path))
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, told.get, heard.put))  # type: ignore[arg-type]
    await told.put({"type": "lifespan.startup"})
    assert await heard.get() == {"type": "lifespan.startup.complete"}
    await told.put({"type": "lifespan.shutdown"})
    assert await heard.get() == {"type": "lifespan.shutdown.complete"}
    await life


async def test_a_start_that_fails_is_told_to_the_server_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    app = Livethread(settings(tmp_path / "file"))
    heard: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        heard.append(message)

    await app({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]
    (message,) = heard
    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith(f"The data folder {tmp_path}/file cannot be written")


async def test_a_start_that_fails_lets_go_of_the_folder(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "livethread.db")) as other:
        other.execute("CREATE TABLE threads (a)")
    with pytest.raises(SetupError):
        await Livethread(settings(tmp_path)).start()
    (tmp_path / "livethread.db").unlink()
    async with Livethread(settings(tmp_path)).running():
        pass


async def test_mounted_below_a_path_it_answers_there_streams_and_keys_included(tmp_path: Path) -> None:
    app = Livethread(settings(tmp_path, api_keys=("sesame",)))
    outer = FastAPI()
    outer.mount("/live", app)
    async with app.running():
        transport = httpx2.ASGITransport(app=outer)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for path in ("/live/v1/assistants", "/live/v1/threads/thread_1/events"):
                assert (await client.get(path)).status_code == 401
            client.headers["Authorization"] = "Bearer sesame"
            assistants = (await client.get("/live/v1/assistants?order=asc")).json()["data"]
            assert [assistant["name"] for assistant in assistants] == ["Guide", "Toolbox", "Latency lab"]
            unknown = await client.get("/live/v1/threads/thread_1/events")
            assert unknown.status_code == 404
            assert unknown.json()["error"]["message"] == "No thread found with id 'thread_1'."
            body = {
                "assistant_id": assistants[0]["id"],
                "thread": {"messages": [{"role": "user", "content": "What is a thread?"}]},
                "stream": True,
            }
            streamed = (await client.post("/live/v1/threads/runs", json=body)).text
            assert streamed.endswith("event: done\ndata: [DONE]\n\n")
            run = re.search(r'"id":"(run_\w+)".*?"thread_id":"(thread_\w+)"', streamed)
            assert run is not None
            again = await client.get(f"/live/v1/threads/{run[2]}/runs/{run[1]}/events")
            assert again.text.endswith("event: done\ndata: [DONE]\n\n")


async def test_a_second_start_keeps_what_the_first_has_made(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        app = Livethread(settings(tmp_path))
        async with app.running():
            ids.append(await app.guide())
    assert ids[0] is not None
    assert ids == [ids[0], ids[0]]


async def test_engines_of_this_machine_are_served_under_their_prefix(tmp_path: Path) -> None:
    async with listing("llama3.3", "meta/qwen") as ollama:
        engine = LocalEngine("ollama", "Ollama", int(ollama.origin.rpartition(":")[2]))
        app = Livethread(settings(tmp_path, local_engines=True, aliases={"gpt-4": "ollama/llama3.3"}), engines=[engine])
        async with app.running():
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
                listed = (await client.get("/v1/models")).json()["data"]
                assert [(model["id"], model["owned_by"]) for model in listed if model["owned_by"] != "livethread"] == [
                    ("ollama/llama3.3", "ollama"),
                    ("ollama/meta/qwen", "ollama"),
                    ("gpt-4", "alias"),
                ]
                one = await client.get("/v1/models/ollama/meta/qwen")
                assert one.json() == {"id": "ollama/meta/qwen", "object": "model", "created": 0, "owned_by": "ollama"}
                assert (await client.get("/v1/models/ollama/none")).status_code == 404
