"""The loop of the example and what it is made of, run by Node as they stand, with no framework around them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.cuts.scene import Caller
from tests.examples.stage.line import Line
from tests.examples.stage.running import EXAMPLES, NODE, ROOT

PROGRAM = Path(__file__).parent / "loop.mjs"
SDK = ROOT / "tests" / "node" / "node_modules"
WAITING = "turns: [[{tool_calls: [{name: get_daily_cat_trivia, arguments: {}}]}], [{text: Half}, {stall_ms: forever}]]"
BROKEN = "turns: [[{text: Half}, {error: {status: 500, message: The moon is full.}}]]"
UNKNOWN = "turns: [[{tool_calls: [{name: feed_the_cat, arguments: {}}]}], [{text: Then not.}]]"
SLOWLY = "turns: [[{text: One two three four five six seven eight nine ten., words_per_second: 30}]]"

Told = list[list[Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example's own files, and the SDK where `npm install` would put it."""
    for needed in (NODE, SDK / "openai"):
        assert needed.exists(), f"{needed.relative_to(ROOT)} is missing: scripts/setup dev installs it"
    shutil.copytree(EXAMPLES / "nextjs" / "lib", tmp_path / "lib")
    shutil.copy(EXAMPLES / "nextjs" / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(SDK)
    return tmp_path


@contextlib.asynccontextmanager
async def played(folder: Path, *args: str, url: str = "") -> AsyncIterator[AsyncIterator[list[Any]]]:
    """A scene of the program, line by line; it ends well."""
    program = await asyncio.create_subprocess_exec(
        NODE, PROGRAM, folder, *args,
        env={"LIVETHREAD_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    stdout, stderr = program.stdout, program.stderr
    assert stdout is not None
    assert stderr is not None

    async def lines() -> AsyncIterator[list[Any]]:
        async for line in stdout:
            yield json.loads(line)

    try:
        async with asyncio.timeout(20):
            yield lines()
            assert ((await stderr.read()).decode(), await program.wait()) == ("", 0)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def all_of(folder: Path, *args: str, url: str = "") -> Told:
    async with played(folder, *args, url=url) as lines:
        return [line async for line in lines]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server(words_per_second=0, retries=0) as url:
        yield url


@pytest_asyncio.fixture
async def caller(url: str) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, url)


async def assistant(caller: Caller, instructions: str = "") -> str:
    """One that has a cat's functions; it plays these instructions, or finds its calls in the message."""
    theme = {"type": "string", "enum": ["food", "music", "space"]}
    parameters = {"type": "object", "properties": {"theme": theme}, "required": ["theme"]}
    functions = [
        {"name": "get_daily_cat_trivia", "description": "Get the cat trivia of the day."},
        {"name": "generate_cat_name", "description": "Generate a name for a cat.", "parameters": parameters},
        {"name": "feed_the_cat", "description": "Feed it; the example cannot."},
    ]
    body = {
        "model": "builtin/script" if instructions else "builtin/tools",
        "instructions": instructions,
        "tools": [{"type": "function", "function": function} for function in functions],
    }
    id: str = (await caller.post("/assistants", body))["id"]
    return id


async def statuses(caller: Caller, told: Told) -> list[str]:
    """How far the runs are of all threads that it tells of."""
    threads = [data["id"] for event, data in told if event == "thread"]
    runs = [(await caller.get(f"/threads/{id}/runs"))["data"] for id in threads]
    return [run["status"] for of_one in runs for run in of_one]


async def test_calls_at_once_and_in_turn_failures_and_unknown_functions(folder: Path, caller: Caller) -> None:
    assistants = [await assistant(caller, text) for text in ("", BROKEN, UNKNOWN)]
    told = await all_of(folder, "answer", *assistants, url=caller.url)
    assert await statuses(caller, told) == ["completed", "failed", "completed"]
    first, second, third = _by_run(told)
    assert [event for event, _ in first if event != "text"] == [
        "thread", "tool", "tool", "tool", "message", "message", "message", "ended",
    ]  # fmt: skip
    assert [(data["name"], data["arguments"]) for event, data in first if event == "tool"] == [
        ("generate_cat_name", '{"theme": "food"}'),
        ("generate_cat_name", '{"theme": "music"}'),
        ("get_daily_cat_trivia", "{}"),
    ]
    whole = first[-2][1]["text"]
    assert "".join(data["text"] for event, data in first if event == "text") == whole
    for output in ('"theme":"food"', '"theme":"music"', '"trivia":"'):
        assert output in whole
    error, ended = second[-2:]
    assert error[0] == "error"
    assert re.match("The answer failed: .*The moon is full", error[1]["message"])
    assert ended == ["ended", {"as": "failed"}]
    assert third[-2][1]["text"] == "Then not."
    assert third[-1] == ["ended", {"as": "completed"}]


async def test_a_run_that_is_cancelled_ends_the_loop(folder: Path, caller: Caller) -> None:
    async with played(folder, "answer", await assistant(caller, WAITING), url=caller.url) as lines:
        told = await until_text(lines)
        await caller.post(f"/threads/{told[0][1]['id']}/stop", {})
        told += [line async for line in lines]
    assert await statuses(caller, told) == ["cancelled"]
    assert [event for event, _ in told if event in ("error", "ended")] == ["ended"]
    assert told[-1] == ["ended", {"as": "cancelled"}]
    assert told[-2][1]["text"] == "Half"


async def test_a_stream_that_breaks_off_is_followed_again_and_no_run_is_begun(folder: Path, caller: Caller) -> None:
    slow = await assistant(caller, SLOWLY)
    async with Line(caller.url).running() as line, played(folder, "answer", slow, url=line.url) as lines:
        told = await until_text(lines)
        line.cut()
        line.mend()
        told += [line async for line in lines]
    assert await statuses(caller, told) == ["completed"]
    text = "One two three four five six seven eight nine ten."
    assert [told[-2][1]["text"], told[-1]] == [text, ["ended", {"as": "completed"}]]
    begun = [at for at, (event, data) in enumerate(told) if event == "message" and data["text"] == ""]
    assert len(begun) > 1
    assert "".join(data["text"] for event, data in told[begun[-1] :] if event == "text") == text


async def until_text(lines: AsyncIterator[list[Any]]) -> Told:
    """All that comes up to the first text."""
    told = [await anext(lines)]
    while told[-1][0] != "text":
        told.append(await anext(lines))
    return told


async def test_whatever_a_model_gives_as_arguments_there_is_an_output(folder: Path) -> None:
    calls = [
        ("get_daily_cat_trivia", ""),
        ("generate_cat_name", '{"theme": "fo'),
        ("generate_cat_name", "[1]"),
        ("generate_cat_name", "null"),
        ("generate_cat_name", '{"theme": "toString"}'),
        ("generate_cat_name", "{}"),
        ("__proto__", "{}"),
    ]
    outputs = [output for (output,) in await all_of(folder, "outputs", *map(json.dumps, calls))]
    assert json.loads(outputs[0]).keys() == {"trivia"}
    assert re.match("The function generate_cat_name failed: .*JSON", outputs[1])
    themes = "only food, music, science, space"
    assert outputs[2:] == [
        "The function generate_cat_name failed: its arguments are no object",
        "The function generate_cat_name failed: its arguments are no object",
        f'The function generate_cat_name failed: there is no theme "toString", {themes}',
        f"The function generate_cat_name failed: there is no theme undefined, {themes}",
        "The function __proto__ failed: there is no such function",
    ]


async def test_a_stream_in_any_pieces_with_any_line_ends_is_read_alike(folder: Path) -> None:
    stream = (
        "\ufeff: hello\n\nevent: text\ndata: a 猫\r\ndata:b 🐈\r\rdata\n\nevent: lost\n\nid: 7\nretry: 1\n"
        "data:  two: \n\r\ndata: never ended\n"
    ).encode()
    in_pieces = (
        ",".join(stream[at : at + size].hex() for at in range(0, len(stream), size)) for size in (1, 2, 3, 1000)
    )
    events = [["text", "a 猫\nb 🐈"], ["message", ""], ["message", " two: "]]
    assert await all_of(folder, "sse", *in_pieces) == [events] * 4


def _by_run(told: Told) -> list[Told]:
    runs: list[Told] = [[]]
    for line in told:
        runs[-1].append(line)
        if line[0] == "ended":
            runs.append([])
    return runs[:-1]
