"""docs/guides/move.md, from its first step to its last, with a model API that answers."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.cuts.scene import Caller
from tests.docs.blocks import ROOT, the
from tests.docs.shell import ADDRESS, Terminal

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

GUIDE = (ROOT / "docs" / "guides" / "move.md").read_text(encoding="utf-8")
ANSWER = "On Friday. 📦"


@contextlib.asynccontextmanager
async def model_api(asked: list[str]) -> AsyncIterator[str]:
    """One that has the guide's model, and notes what it was asked last."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert body["model"] == "llama3.3"
        asked.append(body["messages"][-1]["content"])
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for delta, reason in (({"content": ANSWER}, None), ({}, "stop")):
            chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            await stream.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await stream.write(b"data: [DONE]\n\n")
        return stream

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "llama3.3", "object": "model"}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def test_an_app_moves(caller: Caller, terminal: Terminal) -> None:
    folder, asked = terminal.folder, list[str]()
    dump = the("docs/guides/move.md", "2. Bring what you have kept", "json")
    (folder / "dump.ndjson").write_text(dump, encoding="utf-8")
    async with model_api(asked) as api:
        toml = the("docs/guides/move.md", "1. Say which model answers", "toml")
        (usual,) = (upstream["url"] for upstream in tomllib.loads(toml)["upstreams"].values())
        (folder / "livethread.toml").write_text(toml.replace(usual, api), encoding="utf-8")
        told = await terminal.run(the("docs/guides/move.md", "2. Bring what you have kept", "sh"))
        assert [line.split()[1] for line in told.splitlines() if line.startswith("messages")] == ["2", "2"]
        async with terminal.running(the("docs/guides/move.md", "3. Start it", "sh", 1)) as server:
            url = await terminal.serves(server)
            told = await terminal.run(the("docs/guides/move.md", "3. Start it", "sh", 2))
            assert "gpt-4-1106-preview  -> local/llama3.3" in told
            assert "Nothing serves" not in told

            (folder / "app.py").write_text(the("docs/guides/move.md", "4. Change the address", "python"))
            assert await app(terminal, url, "python -W ignore app.py") == ANSWER
            (folder / "app.mjs").write_text(the("docs/guides/move.md", "4. Change the address", "js"))
            (folder / "node_modules").symlink_to(ROOT / "tests" / "node" / "node_modules")
            assert await app(terminal, url, "node app.mjs") == ANSWER

            seen = Caller(caller.session, url)
            kept = await seen.get("/threads/thread_abc123/messages?order=asc")
            await what_goes_wrong(seen, without_models=caller)
    question = "And when will it be here?"
    said = [message["content"][0]["text"]["value"] for message in kept["data"]]
    assert said == ["Where is my parcel?", "In Oslo. 📦", question, ANSWER, question, ANSWER]
    assert asked == [question, question]


async def app(terminal: Terminal, url: str, line: str) -> str:
    """What an app prints, with this server's address in it."""
    program = terminal.folder / line.split()[-1]
    program.write_text(program.read_text(encoding="utf-8").replace(ADDRESS, url), encoding="utf-8")
    return await terminal.run(line)


async def what_goes_wrong(caller: Caller, without_models: Caller) -> None:
    """The guide quotes what servers say."""
    for path, body, kind in (
        ("/threads/thread_abc123/runs", {"assistant_id": "asst_gone"}, "asst"),
        ("/threads/thread_gone/messages", {"role": "user", "content": "Hello"}, "thread"),
    ):
        refused, _ = await caller.call("POST", path, body, or_status=404)
        assert refused["error"]["message"].replace(f"{kind}_gone", f"{kind}_…") in GUIDE
    nobody = await without_models.post("/assistants", {"model": "gone"})
    hello = {"messages": [{"role": "user", "content": "Hello"}]}
    run = await without_models.post("/threads/runs", {"assistant_id": nobody["id"], "thread": hello})
    async with caller.session.get(
        f"{without_models.url}/v1/threads/{run['thread_id']}/runs/{run['id']}/events"
    ) as stream:
        assert "Nothing serves the model" in await stream.text()
    assert "`Nothing serves the model`" in GUIDE
