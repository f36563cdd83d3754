"""``livethread chat`` through pipes, beside a real server."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterator

import pytest

from livethread import testing
from livethread.cli.chat import choose
from livethread.client import Client
from livethread.domain.fold import Object
from livethread.errors import SetupError
from tests.cli.commands import command
from tests.client.conftest import player

FOREVER = "turns: [[{text: 'Once upon a time'}, {stall_ms: forever}]]"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server(retries=0) as url:
        yield url


def said(printed: str) -> list[str]:
    """What was printed, but for the lines of the chat itself."""
    return [line for line in printed.splitlines() if not line.startswith(("·", "  /"))]


async def test_lines_go_in_and_a_transcript_comes_out_when_all_is_answered(url: str) -> None:
    async with Client(url) as client:
        await player(client, "turns: [[{text: 'It is noon.'}]]", "Clock")
        await player(client, "turns: [[{text: 'It rains.'}]]", "Weather")
    arguments = ["--name", "Ann", "--assistant", "clock", "--assistant", "Weather"]
    async with command("chat", *arguments, LIVETHREAD_URL=url) as chat:
        for line in ("What now?", "/nonsense", "", "/help", "Thanks."):
            chat.enter(line)
        code, out, errors = await chat.end()
    assert (code, errors) == (0, "")
    first, second = said(out)[:3], said(out)[3:]
    assert [first[0], *sorted(first[1:])] == ["Ann: What now?", "Clock: It is noon.", "Weather: It rains."]
    assert [second[0], *sorted(second[1:])] == ["Ann: Thanks.", "Clock: It is noon.", "Weather: It rains."]
    assert "· /nonsense is no command; /help says what is.\n" in out
    assert "/people  who is here" in out


async def test_two_people_read_each_other_and_the_answers_and_either_may_stop_them(url: str) -> None:
    async with Client(url) as client:
        await player(client, FOREVER, "Teller")
        thread = await client.create_thread()
    async with command("chat", thread.id, "--url", url, "--name", "Ann", "--assistant", "Teller") as ann:
        ann.enter("/people")
        await ann.until("· Here: ")
        async with command("chat", thread.id, "--url", url, "--name", "Bob", "--assistant", "Teller") as bob:
            await ann.until("· Bob has come.\n")
            bob.enter("/people")
            await bob.until("· Here: Ann")
            ann.enter("A story!")
            for chat in (ann, bob):
                await chat.until("Ann: A story!\nTeller: Once upon a time")
            bob.enter("/stop")
            for chat in (ann, bob):
                await chat.until(" [stopped]\n")
            bob.enter("Enough.")
            bob.enter("/stop")
            await ann.until("Bob: Enough.\n")
            for chat in (ann, bob):
                chat.enter("/quit")
                assert (await chat.end())[0::2] == (0, "")


async def test_ctrl_c_stops_the_answer_and_then_ends_the_chat(url: str) -> None:
    async with Client(url) as client:
        await player(client, FOREVER, "Teller")
    async with command("chat", "--url", url, "--name", "Ann", "--assistant", "Teller") as chat:
        chat.enter("A story!")
        await chat.until("Teller: Once upon a time")
        chat.process.send_signal(signal.SIGINT)
        await chat.until(" [stopped]\n")
        chat.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await chat.process.wait() == 0
        assert (await chat.end())[2] == ""


async def test_new_begins_another_thread_and_loses_no_line(url: str) -> None:
    async with Client(url) as client:
        await player(client, "turns: [[{text: Yes.}]]", "Yes")
    async with command("chat", "--url", url, "--name", "Ann", "--assistant", "Yes") as chat:
        chat.enter("One?\n/new\nTwo?")
        code, out, _ = await chat.end()
    one, two = re.findall(r"Thread (thread_\w+);", out)
    assert (code, said(out)) == (0, ["Ann: One?", "Yes: Yes.", "Ann: Two?", "Yes: Yes."])
    async with Client(url) as client:
        for id, text in ((one, "One?"), (two, "Two?")):
            listed = await client.call("GET", f"/threads/{id}/messages", query={"order": "asc"})
            assert listed["data"][0]["content"][0]["text"]["value"] == text
            assert listed["data"][0]["metadata"] == {"name": "Ann", "user_id": "Ann"}


async def test_a_failure_a_refusal_and_a_question_to_us_are_told(url: str) -> None:
    async with Client(url) as client:
        await player(client, "turns: [[{error: {message: The moon is full.}}]]", "Failing")
        asks = "turns: [[{tool_calls: [{name: look, arguments: {at: moon}}]}]]"
        tools = [{"type": "function", "function": {"name": "look"}}]
        made = {"model": "builtin/script", "name": "Asking", "tools": tools, "instructions": asks}
        await client.call("POST", "/assistants", made)
    async with command("chat", "--url", url, "--name", "Ann", "--assistant", "Failing") as chat:
        chat.enter("Well?")
        _, out, _ = await chat.end()
    assert re.search(r"^· Failing has failed: .*The moon is full", out, re.MULTILINE)
    async with command("chat", "--url", url, "--name", "Ann", "--assistant", "Asking") as chat:
        chat.enter("Well?")
        chat.enter("And?")
        _, out, _ = await chat.end()
    assert '· Asking waits for somebody to answer look({"at": "moon"}).\n' in out
    assert re.search(r"^· .*requires_action|^· .*active run", out, re.MULTILINE)


async def test_a_thread_that_is_deleted_ends_the_chat(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["Hello"])
        async with command("chat", thread.id, "--url", url) as chat:
            await chat.until("user: Hello\n")
            await thread.delete()
            await chat.until("· The thread was deleted.\n")
            async with asyncio.timeout(30):
                assert await chat.process.wait() == 0


def test_assistants_are_chosen_by_id_or_name_and_the_oldest_where_nobody_says() -> None:
    there: list[Object] = [
        {"id": "asst_3", "name": "Ann"},
        {"id": "asst_2", "name": None},
        {"id": "asst_1", "name": "ann"},
    ]
    assert choose(there, []) == [there[2]]
    assert choose(there, ["ANN", "asst_2"]) == [there[0], there[1]]
    with pytest.raises(SetupError, match="No assistant is called 'Bob'; there are Ann, asst_2, ann"):
        choose(there, ["Bob"])
    with pytest.raises(SetupError, match="has no assistant"):
        choose([], [])
