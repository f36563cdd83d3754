"""The way into rooms: the default one, names that are taken, and what becomes of a room that is empty or deleted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI, NotFoundError

from livethread import testing
from tests.sockets.room_screens import Line, Visitor, speaker, stored, visiting
from tests.sockets.talking import PATIENCE, talking

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

CALL = {"tool_calls": [{"name": "weather", "arguments": {"city": "Wien"}}]}
TOOL = {"type": "function", "function": {"name": "weather"}}


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[tuple[str, AsyncOpenAI]]:
    """A server of its own, with nobody in its default room, and a caller of its API."""
    with testing.server(**settings) as url:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as api:
            yield url, api


async def threads(api: AsyncOpenAI) -> list[str]:
    """All threads there are."""
    answer = await api.get("/threads", cast_to=object)
    assert isinstance(answer, dict)
    return [thread["id"] for thread in answer["data"]]


async def until_deleted(api: AsyncOpenAI, thread_id: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while thread_id in await threads(api):
            await asyncio.sleep(0.02)


async def post_stream(url: str) -> None:
    """Say something into the default room without coming in, and read the answer."""
    said = {"user_id": "user_zed", "name": "Zed", "content": "Hello", "role": "user", "id": "zed-1", "created_at": 1}
    async with aiohttp.ClientSession(url) as web, web.post("/stream", json=said) as answer:
        assert await answer.text()


async def test_the_default_room_is_made_for_the_first_and_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async with serving(data=tmp_path) as (url, api):
        assert await threads(api) == []
        async with talking(url) as one, talking(url, "polling") as other:
            ann, ben = Visitor(one, "user_ann", "Ann"), Visitor(other, "user_ben", "Ben")
            await asyncio.gather(ann.register(), ben.register())  # two at the same moment
            await ann.say("How do I run it?", "ann-1")
            await ben.until_shown(2)
            (room,) = await threads(api)
            assert ben.screen == await stored(api, room)
            assert ben.screen[1].name == "Guide"  # the server's first assistant
    async with serving(data=tmp_path) as (url, api), visiting(url, "Cal") as cal:
        await cal.until_shown(2)
        assert await threads(api) == [room]
        assert cal.screen == ben.screen


async def test_the_settings_say_who_answers(tmp_path: Path) -> None:
    async with serving(data=tmp_path) as (_, api):
        assistant = await speaker(api, "Meow.")
    async with serving(data=tmp_path, room_assistant=assistant) as (url, _), visiting(url, "Ann") as ann:
        await ann.say("Hello", "ann-1")
        await ann.until_shown(2)
        assert ann.screen[1] == Line("CatGPT", "assistant", "Meow.")


async def test_an_assistant_that_has_another_name_or_is_another_one_by_now_answers_as_that() -> None:
    async with serving() as (url, api):
        async for assistant in api.beta.assistants.list():
            await api.beta.assistants.delete(assistant.id)
        first = await speaker(api, "Meow.")
        async with visiting(url, "Ann") as ann, visiting(url, "Ben", stream=True) as ben:
            await ann.say("Hello", "ann-1")
            await ben.until_shown(2)
            await api.beta.assistants.update(first, name="Tiger")
            await ann.say("Hello", "ann-2")
            await ben.until_shown(4)
            await api.beta.assistants.delete(first)
            await speaker(api, "Woof.", name="Dog")
            await ann.say("Hello", "ann-3")
            for visitor in (ann, ben):
                await visitor.until_shown(6)
                said = [(line.name, line.text) for line in visitor.screen if line.role == "assistant"]
                assert said == [("CatGPT", "Meow."), ("Tiger", "Meow."), ("Dog", "Woof.")]


async def test_an_assistant_that_was_never_imported_is_told_before_anything_is_said() -> None:
    async with serving(room_assistant="asst_old") as (url, api), talking(url) as talker:
        answer = await talker.ask("register", {"user_id": "user_ann", "name": "Ann"})
        assert answer["error"]["message"] == (
            "Nobody answers here: the setting room_assistant names 'asst_old', and this server has no such assistant. "
            "Whoever runs it can import that assistant, or name another."
        )
        assert await threads(api) == []


async def test_a_server_without_an_assistant_says_so() -> None:
    async with serving() as (url, api), talking(url) as talker:
        async for assistant in api.beta.assistants.list():
            await api.beta.assistants.delete(assistant.id)
        answer = await talker.ask("register", {"user_id": "user_ann", "name": "Ann"})
        assert answer["error"]["message"] == (
            "Nobody answers here: this server has no assistant yet. Create or import one."
        )


async def test_names_that_are_taken_get_a_number_and_people_with_two_pages_do_not(url: str) -> None:
    async with serving() as (url, _), visiting(url, "Ann") as ann:
        async with (
            visiting(url, "ann", user_id="user_2") as second,
            visiting(url, "Ann", user_id="user_3") as third,
            visiting(url, "System", user_id="user_4") as fourth,
            visiting(url, "Ann") as page,
        ):
            await ann.talker.until(lambda: len(ann.talker.all("join")) == 3)
            assert ann.talker.all("join") == [
                {"user_id": "user_2", "name": "ann 2"},
                {"user_id": "user_3", "name": "Ann 3"},
                {"user_id": "user_4", "name": "System 2"},
            ]
            assert second.system == ["The name ann is taken here: the others see you as ann 2."]
            assert (page.system, third.system) == ([], ["The name Ann is taken here: the others see you as Ann 3."])
            await third.say("Hello", "3-1")
            await fourth.until_shown(2)
            assert fourth.screen[0] == Line("Ann 3", "user", "Hello")
            await page.until_shown(2)
            assert page.screen == fourth.screen
        await ann.talker.until(lambda: len(ann.talker.all("leave")) == 3)
        assert ann.is_busy is False


async def test_who_reloads_keeps_the_name_and_nobody_hears_of_it() -> None:
    async with serving() as (url, _), visiting(url, "Ben") as ben:
        async with visiting(url, "Ann", user_id="page_1"):
            await ben.talker.first("join")
        async with visiting(url, "Ann", user_id="page_2") as ann:  # as the seed's page: another id with each load
            await ben.talker.until(lambda: len(ben.talker.all("join")) == 2)
            assert ben.talker.all("join")[1] == {"user_id": "page_2", "name": "Ann"}
            async with visiting(url, "Ann", user_id="page_2"):
                pass
            await ann.say("Hello", "ann-1")
            await ben.until_shown(2)
        assert [said["user_id"] for said in ben.talker.all("leave")] in ([], ["page_1"])


async def test_an_empty_default_room_is_deleted_after_a_while_and_the_next_one_gets_another() -> None:
    async with serving(room_empty_seconds=1) as (url, api):
        async with visiting(url, "Ann") as ann:
            await ann.say("Hello", "ann-1")
            await ann.until_shown(2)
            (room,) = await threads(api)
        async with visiting(url, "Ann") as again:  # a reload of the only person
            await again.until_shown(2)
            await asyncio.sleep(1.2)  # it is there longer than the room would have been
            assert await threads(api) == [room]
        await until_deleted(api, room)
        async with visiting(url, "Ann") as anew:
            assert anew.screen == []
            (other,) = await threads(api)
            assert other != room


async def test_a_room_that_somebody_looks_at_by_another_face_is_not_empty() -> None:
    async with serving(room_empty_seconds=0.2) as (url, api):
        async with talking(url) as viewer:
            async with visiting(url, "Ann"):
                (room,) = await threads(api)
                await viewer.ask("subscribe", {"thread_id": room})
            await asyncio.sleep(0.5)
            assert await threads(api) == [room]
        await until_deleted(api, room)


async def test_a_room_that_was_left_before_a_restart_is_deleted_too(tmp_path: Path) -> None:
    async with serving(data=tmp_path) as (url, api), visiting(url, "Ann"):
        (room,) = await threads(api)
    async with serving(data=tmp_path, room_empty_seconds=0.1) as (_, api):
        await until_deleted(api, room)


async def test_when_the_room_is_deleted_all_are_told_and_go_on_in_another_one() -> None:
    async with serving() as (url, api), visiting(url, "Ann") as ann, visiting(url, "Ben", "polling") as ben:
        (room,) = await threads(api)
        await api.beta.threads.delete(room)
        for visitor in (ann, ben):
            await visitor.talker.first("message")
            assert visitor.system == ["This discussion was deleted. Whatever you say next begins a new one."]
        await ann.say("Hello", "ann-1")
        await ben.until_shown(2)
        await ann.until_shown(2)
        (other,) = await threads(api)
        assert ben.screen == ann.screen == await stored(api, other)
        assert other != room


async def test_what_is_sent_by_post_stream_begins_another_one_for_all_who_wait() -> None:
    async with serving() as (url, api), visiting(url, "Ann") as ann, visiting(url, "Ben", stream=True) as ben:
        await api.beta.threads.delete((await threads(api))[0])
        for visitor in (ann, ben):
            await visitor.talker.first("message")
        await post_stream(url)
        (other,) = await threads(api)
        for visitor in (ann, ben):
            await visitor.until_shown(2)
            assert visitor.screen == await stored(api, other)


async def test_a_room_into_which_nobody_came_is_deleted_too() -> None:
    async with serving(room_empty_seconds=0.3) as (url, api):
        await asyncio.sleep(0.6)  # what it looked for at its start was not there
        await post_stream(url)
        async with asyncio.timeout(PATIENCE):
            while await threads(api):
                await asyncio.sleep(0.02)


async def test_who_has_missed_more_than_the_newest_is_told_so_before_them() -> None:
    async with serving() as (url, api):
        thread = await api.beta.threads.create()
        there = {"thread_id": thread.id}
        first, *_ = [await api.beta.threads.messages.create(thread.id, role="user", content=str(n)) for n in range(102)]
        async with visiting(url, "Ann", last=first.id, **there) as ann, visiting(url, "Ben", **there) as ben:
            for visitor in (ann, ben):
                await visitor.until_shown(100)
                assert [line.text for line in visitor.screen] == [str(number) for number in range(2, 102)]
            sentence = "Only the newest 100 messages follow; before them there are others that you have missed."
            assert (ann.system, ben.system) == ([sentence], [])
            assert ann.items[0]["content"] == sentence


async def test_when_a_room_that_was_named_is_deleted_all_are_told() -> None:
    async with serving() as (url, api):
        thread = await api.beta.threads.create()
        async with visiting(url, "Ann", thread_id=thread.id) as ann:
            await api.beta.threads.delete(thread.id)
            await ann.talker.first("message")
            answer = await ann.talker.ask(
                "message",
                {
                    "user_id": "u", "name": "Ann", "content": "Hello", "role": "user", "id": "ann-1", "created_at": 1,
                },
            )  # fmt: skip
            assert answer["error"]["message"] == f"No thread found with id '{thread.id}'."
            assert ann.system == [
                "This discussion was deleted. Register again, with another thread_id or without one.",
                f"No thread found with id '{thread.id}'.",
            ]
            await ann.register()
            assert len(await threads(api)) == 1
        with pytest.raises(NotFoundError):
            await api.beta.threads.retrieve(thread.id)


async def test_a_call_that_nobody_answers_is_answered_if_the_settings_say_so() -> None:
    async with serving(room_no_function=True) as (url, api):
        script = {"turns": [[CALL], [{"text": "I do not know the weather."}]]}
        assistant = await api.beta.assistants.create(
            model="builtin/script",
            instructions=json.dumps(script),
            tools=[TOOL],  # type: ignore[list-item]
        )
        async with visiting(url, "Ann", assistant_id=assistant.id) as ann:
            await ann.say("How is the weather?", "ann-1")
            await ann.until_shown(2)
            assert ann.screen[1].text == "I do not know the weather."
        (room,) = await threads(api)
        (run,) = (await api.beta.threads.runs.list(room)).data
        steps = await api.beta.threads.runs.steps.list(run.id, thread_id=room, order="asc")
        (call,) = steps.data[0].step_details.tool_calls  # type: ignore[union-attr]
        assert call.function.output == '{"status": "error", "message": "No function found"}'  # type: ignore[union-attr]


async def test_else_it_waits_and_whoever_speaks_meanwhile_is_told() -> None:
    async with serving() as (url, api):
        script = {"turns": [[CALL], [{"text": "Sunny."}]]}
        assistant = await api.beta.assistants.create(
            model="builtin/script",
            instructions=json.dumps(script),
            tools=[TOOL],  # type: ignore[list-item]
        )
        async with visiting(url, "Ann", assistant_id=assistant.id) as ann, visiting(url, "Ben", stream=True) as ben:
            await ann.say("How is the weather?", "ann-1")
            (room,) = await threads(api)
            async with asyncio.timeout(PATIENCE):
                while (run := (await api.beta.threads.runs.list(room)).data[0]).status != "requires_action":
                    await asyncio.sleep(0.02)
            answer = await ben.talker.ask(
                "message",
                {
                    "user_id": "u", "name": "Ben", "content": "Hello", "role": "user", "id": "ben-1", "created_at": 1,
                },
            )  # fmt: skip
            assert answer["error"]["message"] == f"Thread {room} already has an active run {run.id}."
            assert ann.is_busy
            assert run.required_action is not None
            call = run.required_action.submit_tool_outputs.tool_calls[0]
            await api.beta.threads.runs.submit_tool_outputs(
                run.id, thread_id=room, tool_outputs=[{"tool_call_id": call.id, "output": "sunny"}]
            )
            await ben.until_shown(2)
            await ann.until_shown(2)
            assert ann.screen == ben.screen == await stored(api, room)
