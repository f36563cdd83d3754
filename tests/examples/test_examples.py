"""Every example, run as examples/README.md says, in a copy of its folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from livethread import testing
from tests.examples.gate import Gate, gated
from tests.sdk.scenes import texts

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FILES = sorted(path for kind in ("python/*.py", "node/*.mjs", "curl/*.sh") for path in EXAMPLES.glob(kind))
COMMANDS = sorted(re.findall(r"^(?:python|node|sh) examples/\S+$", (EXAMPLES / "README.md").read_text(), re.MULTILINE))

NODE = ROOT / ".venv" / "bin" / "node"
NODE_MODULES = ROOT / "tests" / "node" / "node_modules"

ASKED = "You: What is the weather in Oslo and in Bergen? Then book a cabin in Bergen for 2 guests."
CALLED = [
    '  get_weather({"city": "Oslo"}) -> sun, 14 degrees',
    '  get_weather({"city": "Bergen"}) -> rain, 9 degrees',
    '  book_cabin({"city": "Bergen", "guests": 2}) -> cabin 7 in Bergen, with a stove and 2 beds',
]
IN_ASCII = str.maketrans("“”‘’–—", "\"\"''--")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server() as url:
        yield url


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a copy of the examples, and the SDK for Node where `npm install` would put it."""
    for needed in (NODE, NODE_MODULES / "openai"):
        assert needed.exists(), f"{needed.relative_to(ROOT)} is missing, so the examples cannot be run: run make test"
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "examples" / "node" / "node_modules").symlink_to(NODE_MODULES)
    return tmp_path


async def start(command: str, place: Path, url: str) -> asyncio.subprocess.Process:
    """Run a line of the README, with the programs that the tests come with."""
    return await asyncio.create_subprocess_shell(
        command,
        cwd=place,
        env={"PATH": f"{Path(sys.executable).parent}:{NODE.parent}:{os.environ['PATH']}", "LIVETHREAD_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def shown(command: str, place: Path, gate: Gate, *, speaker: str) -> str:
    """All that an example shows; the first words of the answer while the rest is still held back."""
    example = await start(command, place, gate.url)
    assert example.stdout is not None
    first = b""
    async with asyncio.timeout(30):
        while not re.search(rf"^{speaker}: .{{9}}".encode(), first, re.MULTILINE):
            piece = await example.stdout.read(4096)
            assert piece, (await example.communicate())[1].decode()
            first += piece
    gate.open()
    rest, errors = await example.communicate()
    assert (errors.decode(), example.returncode) == ("", 0)
    return (first + rest).decode()


def test_the_readme_says_how_to_run_each_of_them() -> None:
    assert sorted(command.split()[1] for command in COMMANDS) == [path.relative_to(ROOT).as_posix() for path in FILES]
    assert len(FILES) == 7


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_each_is_short_enough_to_be_copied(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 60


def test_node_is_given_the_sdk_that_the_tests_run() -> None:
    tested, told = (
        json.loads((path / "package.json").read_text()) for path in (ROOT / "tests/node", EXAMPLES / "node")
    )
    assert told["dependencies"] == {"openai": tested["dependencies"]["openai"]}


@pytest.mark.parametrize("command", [command for command in COMMANDS if "/streaming." in command])
async def test_an_answer_is_shown_as_it_is_written(command: str, place: Path, url: str) -> None:
    async with gated(url, before=b"event: thread.message.completed") as gate:
        told = await shown(command, place, gate, speaker="Guide")
        at = gate.url
    found = re.search(r"threads/(thread_\w+)/events", told)
    assert found is not None
    with OpenAI(base_url=f"{url}/v1", api_key="any") as client:
        (_, asked), (_, answer) = [(status, text) for _, status, text in texts(client, found[1])]
    if command.startswith("sh "):
        answer = answer.translate(IN_ASCII)
    assert "not a language model" in answer
    assert told == (
        f"You: {asked}\n\nGuide: {answer}\n\n"
        f"Anybody can watch this very thread:\n  curl -N {at}/v1/threads/{found[1]}/events\n"
    )


@pytest.mark.parametrize("command", [command for command in COMMANDS if "/function_calling." in command])
async def test_functions_are_called_at_once_and_in_turn_and_their_outputs_told(
    command: str, place: Path, url: str
) -> None:
    async with gated(url, before=b"event: thread.message.completed") as gate:
        told = await shown(command, place, gate, speaker="Toolbox")
    calls, _, answer = told.partition("\n\nToolbox: ")
    assert calls.splitlines() == [ASKED, *CALLED]
    assert gate.asked.count(b"/submit_tool_outputs HTTP/1.1\r\n") == 2
    for output in ("sun, 14 degrees", "rain, 9 degrees", "cabin 7 in Bergen, with a stove and 2 beds"):
        assert output in answer
    assert "not a language model" in answer


async def test_two_answers_are_seen_to_grow_at_once_by_the_client(place: Path) -> None:
    (command,) = (command for command in COMMANDS if "/live_thread." in command)
    with testing.server(words_per_second=200) as url:
        told, errors = await (await start(command, place, url)).communicate()
        found = re.search(r"livethread tail (thread_\w+) --url (\S+)\n", told.decode())
        assert found is not None, errors.decode()
        with OpenAI(base_url=f"{url}/v1", api_key="any") as client:
            stored = [text for _, _, text in texts(client, found[1])]
    assert (found[2], errors) == (url, b"")
    progress = re.findall(r"Guide: (\d+) characters|lab: (\d+) characters", told.decode())
    for grown in zip(*progress, strict=True):
        assert len({*grown} - {""}) > 3
    for text in stored:
        assert f": {text}\n" in told.decode()
    assert len(stored) == 3


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("sh ")])
async def test_a_shell_script_says_so_when_nobody_answers(command: str, place: Path) -> None:
    example = await start(command, place, "http://127.0.0.1:9")
    told, errors = await example.communicate()
    assert example.returncode != 0
    assert "Failed to connect" in errors.decode()
    assert "Guide" not in told.decode()
