"""The blocks of the reference pages: shapes are parsed and held against the server's, lines are typed."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from openai import OpenAI

from livethread.settings import Settings
from tests.browser.example import ended
from tests.cuts.scene import Caller
from tests.docs.blocks import ROOT, the
from tests.docs.shell import PATIENCE, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="package")


@contextlib.asynccontextmanager
async def program(code: str, **names: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """A block with ``await`` outside of a function, on its way; what goes on is ended with the block."""
    compiled = compile(code, "a block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(compiled, CodeType)
    task = asyncio.ensure_future(eval(compiled, {"__name__": "block", **names}))
    try:
        yield task
        assert not task.done() or task.exception() is None
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def listed(caller: Caller, title: str) -> list[str]:
    """The ids of the threads of this title, newest first."""
    return [one["id"] for one in (await caller.get("/threads?limit=100"))["data"] if one["title"] == title]


# ------------------------------------------------------------------------------------------------ docs/client.md


async def test_the_client_asks_and_looks_on(caller: Caller, beside: Terminal) -> None:
    async with program(beside.typed(the("docs/client.md", "The Python client", "python"))):
        async with asyncio.timeout(PATIENCE):
            while not (asked := await listed(caller, "What is a thread?")):
                await asyncio.sleep(0.01)
        await ended(caller, asked[0])


async def test_the_client_takes_another_transport(beside: Terminal) -> None:
    code = the("docs/client.md", "The Python client", "python").splitlines()[0]
    async with program(beside.typed(f"{code}\n{the('docs/client.md', 'Over Socket.IO', 'python')}")) as task:
        async with asyncio.timeout(PATIENCE):
            await task


@pytest.mark.examples
async def test_the_terminal_looks_on_and_chats(beside: Terminal) -> None:
    tail, *chats = the("docs/client.md", "On the command line", "sh").splitlines()
    async with beside.running(tail) as looking:
        await looking.until("Hello 🌳")
    for chat in chats:
        told = await beside.run(chat, entered="What is a run?\n")
        assert "What is a run?" in told
        assert "not a language model" in told or "Latency lab" in told


# ------------------------------------------------------------------------------------------------ docs/compatibility.md


async def test_the_sdk_is_given_an_address(beside: Terminal) -> None:
    names: dict[str, Any] = {"OpenAI": OpenAI}
    exec(beside.typed(the("docs/compatibility.md", "What an app has to change", "python")), names)
    with names["client"] as client:
        models = await asyncio.to_thread(client.models.list)
        assert "builtin/guide" in [model.id for model in models]


@pytest.mark.examples
async def test_the_sdk_finds_an_address_in_the_environment(beside: Terminal) -> None:
    lines = the("docs/guides/move.md", "4. Change the address", "sh")
    script = "from openai import OpenAI; print([model.id for model in OpenAI().models.list()])"
    assert "builtin/guide" in await beside.run(f'{lines}exec python -c "{script}"')
    same = the("docs/sse.md", "Server-sent events in Flask, FastAPI and Django", "sh")
    assert variables(same) == variables(lines)


def variables(block: str) -> list[str]:
    """What a block exports."""
    words = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [word for first, *rest in words for word in rest if first == "export"]


# ------------------------------------------------------------------------------------------------ docs/models.md


def settings(folder: Path, toml: str) -> Settings:
    (folder / "livethread.toml").write_text(toml, encoding="utf-8")
    return Settings.read(folder=folder, environment={"EXAMPLE_KEY": "k1", "LOCAL_KEY": "k2"})


async def test_several_upstreams(tmp_path: Path) -> None:
    read = settings(tmp_path, the("docs/models.md", "Several, in livethread.toml", "toml"))
    assert [(one.name, one.url, one.key, one.context) for one in read.upstreams] == [
        ("default", "https://models.example.com/v1", "k1", None),
        ("gpu", "http://10.0.0.7:8000/v1", None, 32768),
    ]


async def test_aliases(tmp_path: Path) -> None:
    read = settings(tmp_path, the("docs/models.md", "Aliases: assistants whose model is gone", "toml"))
    assert read.aliases == {
        "gpt-4-1106-preview": "local/llama3.3", "gpt-4o": "gpt-4-1106-preview", "*": "builtin/guide"
    }  # fmt: skip
    wire = settings(tmp_path, the("docs/wire.md", "Settings", "toml"))
    assert wire.aliases == {"gpt-4-1106-preview": "local/llama3.3", "*": "builtin/guide"}
    assert [(one.name, one.key) for one in wire.upstreams] == [("local", "k2")]


@pytest.mark.examples
async def test_one_model_api_is_told_in_the_environment(terminal: Terminal) -> None:
    async with terminal.running(the("docs/models.md", "One model API", "sh")) as server:
        await terminal.serves(server)
    told = await terminal.run(the("docs/models.md", "`livethread models`", "sh"))
    assert "builtin/guide" in told


# ------------------------------------------------------------------------------------------------ docs/import.md


@pytest.mark.examples
async def test_what_is_exported_is_imported(terminal: Terminal) -> None:
    folder = terminal.folder
    row = json.loads(the("docs/import.md", "From your own tables", "json"))
    assert len(row) == 6
    (folder / "dump.ndjson").write_text(json.dumps(row) + "\n")
    assert "Made 1 thread" in await terminal.run("livethread import dump.ndjson")
    await terminal.run(the("docs/import.md", "Exporting", "sh"))
    backup = (folder / "backup.ndjson").read_text()
    assert [json.loads(line)["object"] for line in backup.splitlines()] == ["thread", "thread.message"]
    assert await terminal.run("livethread export --data new") == backup


# ------------------------------------------------------------------------------------------------ the wire


async def test_a_snapshot_has_these_fields(caller: Caller, beside: Terminal) -> None:
    shown = json.loads(the("docs/wire.md", "`thread.snapshot`", "json"))
    async with beside.running(the("README.md", "Use it", "sh")) as curl:
        told = await curl.until("\nid: ")
    data, *_ = re.findall("^data: (.*)$", told, re.MULTILINE)
    sent = json.loads(data)
    assert set(sent) == set(shown)
    assert {name: type(value) for name, value in sent.items()} == {name: type(value) for name, value in shown.items()}


async def test_an_error_has_these_fields(caller: Caller) -> None:
    async with caller.session.get(f"{caller.url}/v1/threads/thread_gone") as refused:
        sent = await refused.json()
    shown = json.loads(the("docs/assistants-v2.md", "1.5 Errors", "json"))
    assert (set(sent), set(sent["error"])) == (set(shown), set(shown["error"]))


async def test_recorded_objects_are_objects() -> None:
    recorded = [
        the("docs/assistants-v2.md", "3.7 Wire examples (field order as recorded, ids invented)", "json", 1),
        the("docs/assistants-v2.md", "3.7 Wire examples (field order as recorded, ids invented)", "json", 2),
        the("docs/assistants-v2.md", "3.7 Wire examples (field order as recorded, ids invented)", "json", 3),
    ]
    kinds = [[json.loads(line)["object"] for line in block.splitlines()] for block in recorded]
    assert kinds == [["thread.run"], ["thread.run.step"] * 2, ["thread.message"] * 2]


# ------------------------------------------------------------------------------------------------ docs/performance.md


BENCHMARKS = [
    the("docs/performance.md", "Performance", "sh"),
    the("docs/performance.md", "The token path", "sh"),
    the("docs/performance.md", "Fan-out", "sh"),
    the("docs/performance.md", "Over Socket.IO", "sh"),
    the("docs/performance.md", "Calls", "sh"),
    the("docs/performance.md", "Slow viewers, joiners, a stop, idle viewers", "sh"),
    the("docs/performance.md", "Rendering", "sh"),
]
"""They take minutes, and two quiet cores: they are run by hand. Here each is asked whether it knows its options."""

HELP = """
import contextlib, io, json, runpy, sys
told = {}
for module in sys.argv[1:]:
    sys.argv = [module, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    told[module] = said.getvalue()
print(json.dumps(told))
"""


async def test_a_benchmark_knows_its_options(terminal: Terminal) -> None:
    lines = [line for block in BENCHMARKS for line in block.splitlines()]
    asked = [shlex.split(await terminal.made(line) if line.startswith("make ") else line) for line in lines]
    assert {tuple(words[:2]) for words in asked} == {(".venv/bin/python", "-m")}
    modules = [words[2] for words in asked]
    asking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HELP, *modules, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asking.communicate()
    known = json.loads(told)
    assert [words for words in asked for word in words if word.startswith("--") and word not in known[words[2]]] == []
