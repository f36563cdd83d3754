"""Rooms over real sockets: whoever comes and goes, every screen is the stored thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from openai import AsyncOpenAI

from tests.sockets.room_screens import Line, speaker, stored, visiting

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

NODE = Path(__file__).parents[2] / ".venv" / "bin" / "node"
VISITORS = Path(__file__).with_name("room_visitors.mjs")
SLOW = [{"text": "You said: {{message}} 🎉 " + "終わり ".join(f"word{n} " for n in range(60)), "words_per_second": 150}]


@pytest.fixture(params=["websocket", "polling"])
def transport(request: pytest.FixtureRequest) -> str:
    """Every way that a Socket.IO client may come."""
    return str(request.param)


@pytest.fixture
async def api(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as api:
        yield api


async def ended(api: AsyncOpenAI, thread_id: str, runs: int) -> None:
    """Wait until so many runs of a thread have completed."""
    async with asyncio.timeout(20):
        while True:
            page = await api.beta.threads.runs.list(thread_id)
            if sum(run.status == "completed" for run in page.data) == runs:
                return
            await asyncio.sleep(0.02)


async def test_four_people_talk_at_once_come_and_go_and_every_screen_is_the_stored_thread(
    url: str, api: AsyncOpenAI, transport: str
) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, SLOW)
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with (
        visiting(url, "Ann", transport, **there) as ann,
        visiting(url, "Ben", transport, stream=True, **there) as ben,
    ):
        async with visiting(url, "Cal", transport, **there) as cal:
            await asyncio.gather(ann.say("Hello 你好", "ann-1"), ben.say("Hi 👩‍👩‍👧", "ben-1"))
            await ben.talker.until(lambda: ben.pieces > 5)
            assert cal.is_busy  # and goes in mid-answer
        async with visiting(url, "Dee", transport, stream=True, **there) as dee:
            await dee.until_shown(4)
            for visitor in (ann, ben):
                await visitor.until_shown(4)
            said = await stored(api, thread.id)
            assert [line.role for line in said].count("assistant") == 2
            answers = [line.text.partition(" 🎉")[0] for line in said if line.role == "assistant"]
            assert sorted(text.removeprefix("You said: ").split(": ")[-1] for text in answers) == [
                "Hello 你好", "Hi 👩‍👩‍👧",
            ]  # fmt: skip
            assert ann.screen == said
            assert ben.screen == said
            assert dee.screen == said
            assert ann.pieces == 0
            await ann.say("And now I go", "ann-2")
            await ben.talker.until(lambda: "And now I go" in [line.text for line in ben.screen])
    await ended(api, thread.id, 3)  # the last one has left in mid-answer
    assert [line.role for line in await stored(api, thread.id)].count("assistant") == 3


async def test_each_event_is_as_the_seed_has_it(url: str, api: AsyncOpenAI) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ann", **there) as ann, visiting(url, "Ben", **there) as ben:
        await ann.say("Hello", "ann-1", created_at=1)
        await ben.until_shown(2)
        await ann.until_shown(2)
        answer, said = ann.talker.all("message-list")[0][0], ben.talker.all("message")[0]
    assert ann.talker.told == [
        ("welcome", None),
        ("join", {"user_id": "user_ben", "name": "Ben"}),
        ("own", ann.talker.told[2][1]),
        ("ai-start", None),
        ("message-list", [answer]),
        ("ai-end", None),
    ]
    assert ben.talker.told == [
        ("welcome", None),
        ("message", said),
        ("ai-start", None),
        ("message-list", [answer]),
        ("ai-end", None),
    ]
    assert answer == {
        "user_id": None, "name": "CatGPT", "id": answer["id"], "role": "assistant", "content": "Meow.",
        "created_at": answer["created_at"],
    }  # fmt: skip
    assert said == {
        "user_id": "user_ann", "name": "Ann", "id": "ann-1", "role": "user", "content": "Hello",
        "created_at": said["created_at"],
    }  # fmt: skip
    assert isinstance(said["created_at"], int)
    assert len(answer["created_at"]) == 13
    assert said["created_at"] < int(answer["created_at"])
    kept = (await api.beta.threads.messages.list(thread.id, order="asc")).data[0].metadata
    assert kept == {
        "id": "ann-1", "user_id": "user_ann", "name": "Ann", "face": "room", "created_at": str(said["created_at"]),
    }  # fmt: skip


async def test_a_run_is_told_the_nickname_and_the_date(url: str, api: AsyncOpenAI) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.")
    own = (await api.beta.assistants.retrieve(assistant)).instructions
    async with visiting(url, "  Ann ", thread_id=thread.id, assistant_id=assistant, user_id="u") as ann:
        await ann.say("Hello", "ann-1", name="Somebody else", user_id="else")
        await ann.until_shown(2)
    run = (await api.beta.threads.runs.list(thread.id)).data[0]
    assert run.instructions.startswith(f"{own}\nPlease address the user as Ann.\nToday is ")
    assert run.instructions.endswith(" GMT.")
    assert (await stored(api, thread.id))[0] == Line("Ann", "user", "Hello")


async def test_what_comes_by_other_faces_is_told_and_so_are_its_people(url: str, api: AsyncOpenAI) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, "Meow.", name=None)
    async with visiting(url, "Ann", thread_id=thread.id, stream=True) as ann:
        query = {"name": "Web", "user_id": "user_web"}
        async with (
            aiohttp.ClientSession() as web,
            web.get(f"{url}/v1/threads/{thread.id}/events", params=query),
        ):
            await ann.talker.until(lambda: ann.talker.all("join"))
        assert ann.talker.all("join") == [{"user_id": "user_web", "name": "Web"}]
        await api.beta.threads.messages.create(
            thread.id, role="user", content="By REST", metadata={"name": "Web", "user_id": "user_web"}
        )
        await api.beta.threads.messages.create(thread.id, role="user", content="By nobody")
        await api.beta.threads.messages.create(thread.id, role="assistant", content="By a client")
        await api.beta.threads.runs.create(thread.id, assistant_id=assistant)
        await ann.until_shown(4)
        assert ann.screen == [
            Line("Web", "user", "By REST"),
            Line("user", "user", "By nobody"),
            Line("assistant", "assistant", "By a client"),
            Line("assistant", "assistant", "Meow."),
        ]
        assert await ann.talker.first("leave") == {"user_id": "user_web", "name": "Web"}


async def test_whoever_comes_back_is_told_only_what_is_new(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, SLOW)
    there = {"thread_id": thread.id, "assistant_id": assistant}
    async with visiting(url, "Ann", transport, **there) as ann, visiting(url, "Ben", stream=True, **there) as ben:
        await ann.say("One", "ann-1")
        await ann.until_shown(2)
        last = ann.items[-1]["id"]
        await ben.say("Two", "ben-1")
        await ben.talker.until(lambda: ben.pieces > ben.talker.told.index(("own", ben.talker.all("own")[0])))
        async with visiting(url, "Ann", transport, last=last, **there) as again:
            await again.until_shown(2)
            assert again.screen == (await stored(api, thread.id))[2:]
        await ann.until_shown(4)
        await ann.register(**there)  # on the same connection: it has everything
        async with visiting(url, "Ann", transport, last="no-such", **there) as anew:
            await anew.until_shown(4)
        said = await stored(api, thread.id)
    assert anew.screen == said
    assert ann.screen == said


async def test_clients_of_nodes_own_library_have_the_same_screens(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread, assistant = await api.beta.threads.create(), await speaker(api, SLOW)
    node = await asyncio.create_subprocess_exec(
        NODE, VISITORS, url, transport, thread.id, assistant,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(40):
            told, faults = await node.communicate()
    finally:
        if node.returncode is None:
            node.kill()
    assert (node.returncode, faults) == (0, b"")
    await ended(api, thread.id, 3)
    said = await stored(api, thread.id)
    assert [line.text for line in said if line.name == "Ann"] == ["Hello 你好", "And now I go"]
    assert [[Line(*line) for line in screen] for screen in json.loads(told)] == [said[:4]] * 3
