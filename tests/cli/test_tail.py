"""``livethread tail``, as somebody runs it beside a real server."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections.abc import Iterator

import pytest

from livethread import testing
from livethread.client import Client
from tests.cli.commands import command
from tests.client.conftest import player
from tests.cuts.proxy import Proxy

SLOWLY = "turns: [[{pieces: ['One', ' two', ' three', ' four', ' five'], delay_ms: 30}]]"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server() as url:
        yield url


async def test_texts_are_printed_as_they_grow_until_the_thread_is_deleted(url: str) -> None:
    async with Client(url, name="Ann") as client:
        thread = await client.create_thread(["Zero", "Begin"])
        async with command("tail", thread.id, "--url", url, "-n", "1") as tail:
            await tail.until("user: Begin\n")
            await thread.turn("Count \x1b[31m.", [await player(client, SLOWLY, "Counter")])
            await tail.until("Counter: One")
            assert "five" not in tail.printed
            await tail.until("five\n")
            await thread.delete()
            ended = await tail.end()
    assert ended == (
        0,
        "user: Begin\nAnn: Count �[31m.\nCounter: One two three four five\n",
        "livethread: The thread was deleted.\n",
    )


async def test_events_are_printed_as_lines_of_json_each_once_however_the_connection_is_cut(url: str) -> None:
    async with Client(url) as client, Proxy(url, random.Random(3)).running() as between:
        thread = await client.create_thread(["Hello"])
        async with command("tail", thread.id, "--json", LIVETHREAD_URL=between.url) as tail:
            await tail.until("thread.snapshot")
            for number in range(40):
                await thread.post(f"{number} " + "x" * 500)
            await thread.delete()
            code, out, _ = await tail.end()
    events = [json.loads(line) for line in out.splitlines()]
    said = [
        event["data"]["content"][0]["text"]["value"] for event in events if event["type"] == "thread.message.created"
    ]
    assert code == 0
    assert between.cuts > 0
    assert [text.split()[0] for text in said] == [str(number) for number in range(40)]
    assert events[-1]["type"] == "thread.deleted"
    assert all(set(event) == {"type", "id", "data"} for event in events)


async def test_it_ends_without_a_word_when_nobody_reads_it_any_more(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["Hello"])
        async with command("tail", thread.id, "--url", url, "--json") as tail:
            await tail.until("\n")
            # A reader has no way to close its pipe, as `head` does.
            tail.process.stdout._transport.close()  # type: ignore[union-attr]
            await thread.post("More")
            await thread.post("Still more")
            async with asyncio.timeout(30):
                assert await tail.process.wait() == 0
            assert tail.process.stderr is not None
            assert await tail.process.stderr.read() == b""


async def test_ctrl_c_ends_it_without_a_word(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["Hello"])
        async with command("tail", thread.id, "--url", url) as tail:
            await tail.until("user: Hello\n")
            tail.process.send_signal(signal.SIGINT)
            assert await tail.end() == (130, "user: Hello\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["thread_none"], "No thread found with id 'thread_none'."),
        (["../x"], "No thread found with id '../x'."),
        (["thread_none", "--key", "simsim"], "Incorrect API key provided: sim***."),
        (["thread_none", "--url", "http://127.0.0.1:9"], "http://127.0.0.1:9 cannot be reached"),
        (["thread_none", "--url", "nowhere"], "--url has a value that makes no sense"),
    ],
)
async def test_what_goes_wrong_is_one_sentence(arguments: list[str], told: str) -> None:
    with testing.server(api_keys=("sesame",)) as url:
        async with command("tail", *arguments, LIVETHREAD_URL=url, LIVETHREAD_API_KEY="sesame") as tail:
            code, out, errors = await tail.end()
    assert (code, out) == (1, "")
    assert errors.startswith(f"livethread: {told}")
    assert errors.count("\n") == 1
