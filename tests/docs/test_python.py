"""docs/guides/python.md: each program, as it stands there, beside a running server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from tests.browser.example import player
from tests.cuts.scene import Caller
from tests.docs.blocks import the
from tests.docs.shell import PATIENCE, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="package")

THREAD = "/v1/threads/thread_…"
WEATHER = ["Oslo", "sun, 14 degrees", "Bergen", "rain, 9 degrees"]


async def present(caller: Caller, beside: Terminal, *, viewers: int = 1, names: Sequence[str] = ()) -> None:
    """Come back when at least so many watch the thread, whoever asks included, and people of these names."""
    async with asyncio.timeout(PATIENCE), caller.session.get(beside.typed(f"{caller.url}{THREAD}/events")) as stream:
        async for line in stream.content:
            if line.startswith(b'data: {"people"'):
                told = json.loads(line.removeprefix(b"data: "))
                if told["viewers"] >= viewers and [person["name"] for person in told["people"]] == list(names):
                    return


async def newest(caller: Caller, beside: Terminal) -> str:
    """The newest message of the thread."""
    messages = (await caller.get(beside.typed("/threads/thread_…/messages")))["data"]
    return str(messages[0]["content"][0]["text"]["value"])


async def test_a_script_asks_and_prints(beside: Terminal) -> None:
    async with beside.program(
        the("docs/guides/python.md", "Ask, and print the answer as it grows", "python")
    ) as script:
        code, told, complaints = await script.end()
    assert (code, complaints) == (0, "")
    assert "cursor" in told
    assert told.endswith("not a language model.)\n")


async def test_a_program_looks_on(caller: Caller, beside: Terminal) -> None:
    assistant = await player(caller, [{"text": "Here I am."}])
    async with beside.program(the("docs/guides/python.md", "Look on", "python")) as script:
        await present(caller, beside, viewers=2)
        await caller.post(beside.typed("/threads/thread_…/turns"), {"message": "木", "assistants": [assistant]})
        await script.until("assistant - Here I am.\n")
    assert script.printed.splitlines() == ["user - 木", "assistant - Here I am."]


async def test_a_bot_answers_people_and_not_itself(caller: Caller, beside: Terminal) -> None:
    async with beside.program(the("docs/guides/python.md", "A bot that takes part", "python")):
        await present(caller, beside, names=["Reminder"])
        await caller.post(beside.typed("/threads/thread_…/messages"), {"role": "user", "content": "Milk!"})
        async with asyncio.timeout(PATIENCE):
            while await newest(caller, beside) == "Milk!":
                await asyncio.sleep(0.01)
        await caller.post(beside.typed("/threads/thread_…/messages"), {"role": "user", "content": "Bread!"})
        async with asyncio.timeout(PATIENCE):
            while await newest(caller, beside) == "Bread!":
                await asyncio.sleep(0.01)
    listed = (await caller.get(beside.typed("/threads/thread_…/messages?order=asc")))["data"]
    note = "I have made a note of that. 📝"
    assert [one["content"][0]["text"]["value"] for one in listed] == ["Hello 🌳", "Milk!", note, "Bread!", note]


@pytest.mark.examples
async def test_functions_are_called_by_a_model(beside: Terminal) -> None:
    async with beside.program(the("docs/guides/python.md", "Your functions, called by a model", "python")) as script:
        code, told, complaints = await script.end()
    assert (code, complaints) == (0, "")
    assert told.startswith("completed")
    assert [word for word in WEATHER if word not in told] == []


async def test_a_bot_answers_the_calls_of_others(caller: Caller, beside: Terminal) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    function = {"name": "get_weather", "description": "The weather in a city", "parameters": parameters}
    tools = [{"type": "function", "function": function}]
    assistant = (await caller.post("/assistants", {"model": "builtin/tools", "tools": tools}))["id"]
    turn = {"message": "How is the weather in Oslo and in Bergen?", "assistants": [assistant]}
    await caller.post(beside.typed("/threads/thread_…/turns"), turn)  # waits before anybody is there
    async with beside.program(the("docs/guides/python.md", "A bot that answers the calls of others", "python")):
        for _ in range(2):
            async with asyncio.timeout(PATIENCE):
                while [word for word in WEATHER if word not in await newest(caller, beside)]:
                    await asyncio.sleep(0.01)
            await caller.post(beside.typed("/threads/thread_…/turns"), turn)
