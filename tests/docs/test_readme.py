"""What README.md shows is run as it stands there."""

from __future__ import annotations

import shlex
import sys

import pytest

from tests.browser.chromium import Chromium
from tests.browser.example import plain, player, until
from tests.cuts.scene import Caller
from tests.docs.blocks import the
from tests.docs.shell import Terminal

pytestmark = pytest.mark.asyncio(loop_scope="package")


def commands(block: str) -> list[list[str]]:
    """Lines without what stands behind a ``#``."""
    return [shlex.split(line, comments=True) for line in block.splitlines()]


async def test_the_first_line_serves_and_the_second_tests(caller: Caller, terminal: Terminal) -> None:
    run, test = the("README.md", "Start", "sh").splitlines()
    async with terminal.running(run) as server:
        url = await terminal.serves(server)
        async with caller.session.get(url) as page:
            assert "<title>Livethread</title>" in await page.text()
    assert (terminal.folder / "data").is_dir()
    assert await terminal.made(test) == "exec .venv/bin/pytest"


async def test_the_sdk_streams_an_answer(beside: Terminal) -> None:
    told = await beside.run(f"exec {sys.executable} -W ignore - <<'EOF'\n{the('README.md', 'Use it', 'python')}EOF\n")
    assert "thread" in told
    assert "not a language model" in told


async def test_curl_watches_a_thread(beside: Terminal) -> None:
    async with beside.running(the("README.md", "Use it", "sh")) as curl:
        told = await curl.until("\nid: ")
    assert "event: thread.snapshot\ndata: {" in told
    assert "Hello \\ud83c\\udf33" in told


@pytest.mark.examples
async def test_a_model_api_is_told_in_the_environment(caller: Caller, terminal: Terminal) -> None:
    async with terminal.running(the("README.md", "A real model", "sh")) as server:
        url = await terminal.serves(server)
        async with caller.session.get(f"{url}/v1/models") as listed:
            assert listed.status == 200


async def test_a_page_shows_the_answer(browser: Chromium, caller: Caller) -> None:
    assistant = await player(caller, [{"text": "A log. 🌳"}])
    html = the("README.md", "In a browser", "html").replace("asst_…", assistant)
    async with plain(browser, caller, html) as opened:
        shown = "[...document.querySelectorAll('#messages li')].map((item) => item.textContent)"
        await until(opened, shown, ["assistant: A log. 🌳", "user: What is a thread?"])


@pytest.mark.examples
async def test_a_terminal_chats_and_looks_on(beside: Terminal) -> None:
    async with beside.running(the("README.md", "From Python, and in a terminal", "sh")) as shell:
        shell.enter("What is a run?")
        assert shell.process.stdin is not None
        shell.process.stdin.close()
        await shell.until("not a language model")
        await shell.until("Hello 🌳")


@pytest.mark.examples
async def test_a_dump_is_imported(terminal: Terminal) -> None:
    dump = the("docs/guides/move.md", "2. Bring what you have kept", "json")
    (terminal.folder / "dump.ndjson").write_text(dump, encoding="utf-8")
    lines = the("README.md", "Coming from the hosted API", "sh")
    told = await terminal.run(lines)
    assert [line.split() for line in told.splitlines() if line.startswith("messages")] == 2 * [["messages", *"2000"]]
    assert commands(the("docs/import.md", "Importing", "sh")) == commands(lines)


async def test_what_begins_with_make_run_begins_like_this() -> None:
    shown = [
        the("docs/guides/move.md", "3. Start it", "sh"),
        the("docs/guides/room.md", "On the chat page", "sh"),
        the("docs/guides/python.md", "Python: a script, a bot, your own functions", "sh"),
    ]
    assert {block.strip() for block in shown} == {the("README.md", "Start", "sh").split("  ")[0]}
