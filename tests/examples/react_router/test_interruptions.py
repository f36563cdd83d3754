"""A cut, a reload, a sleep, a server that is away: in the end the page is the thread, and there was one run."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest
from playwright.async_api import expect

from tests.examples.react_router.scene import Scene, Visitor
from tests.page_scenes.screen import PATIENCE, until

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

LOST = "There is no connection. Trying again …"


async def asked(scene: Scene, ann: Visitor, thread: str) -> None:
    """Whatever happened, the answer stands there whole, and was asked for once."""
    await ann.sees(("User", "Hello"), ("Ada", "Before, meanwhile, after."))
    await expect(ann.busy).to_have_text("")
    await ann.is_told_nothing()
    assert await scene.stored(thread) == await ann.said()
    assert await scene.statuses(thread) == ["completed"]


@pytest.mark.parametrize("where", ["before the page", "before the server"])
async def test_a_cut_in_mid_answer_loses_nothing_and_runs_nothing_again(scene: Scene, where: str) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        line = ann.line if where == "before the page" else scene.upline
        line.cut()
        await ann.is_told(LOST)
        voice.say("meanwhile, ")
        line.mend()
        await ann.sees(("User", "Hello"), ("Ada", "Before, meanwhile,"))
        voice.say("after.")
        voice.end()
        await asked(scene, ann, thread)


async def test_what_ends_while_the_page_is_cut_off_stands_there_once_it_is_back(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        ann.line.cut()
        voice.say("meanwhile, after.")
        voice.end()
        await ann.is_told(LOST)
        await expect(ann.busy).to_have_text("Answering: Ada …")
        ann.line.mend()
        await asked(scene, ann, thread)


async def test_a_reload_in_mid_answer_shows_the_same_and_asks_nothing(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        await ann.page.reload()
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        voice.say("meanwhile, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before, meanwhile,"))
        voice.say("after.")
        voice.end()
        await asked(scene, ann, thread)


@pytest.mark.parametrize("cut", [False, True])
async def test_a_page_that_sleeps_in_mid_answer_has_all_of_it_when_it_wakes(scene: Scene, cut: bool) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        session = await ann.page.context.new_cdp_session(ann.page)
        asleep = asyncio.Event()
        session.on("Debugger.paused", lambda _: asleep.set())
        await session.send("Debugger.enable")
        await session.send("Debugger.pause")  # not a line of the page runs any more
        voice.say("meanwhile, ")
        async with asyncio.timeout(PATIENCE):
            await asleep.wait()
        voice.say("after.")
        voice.end()
        await until(scene.statuses, thread, wanted=["completed"])
        if cut:
            ann.line.cut()
            ann.line.mend()
        await session.send("Debugger.resume")
        await session.send("Debugger.disable")
        await asked(scene, ann, thread)


async def test_a_page_whose_connection_has_died_unnoticed_asks_again_when_it_is_looked_at(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("User", "Hello"), ("Ada", "Before,"))
        ann.line.hold(back=True)
        voice.say("meanwhile, ")
        voice.say("after.")
        voice.end()
        async with ann.page.expect_request(re.compile("api/load-thread.*cursor=")):
            await ann.page.evaluate("dispatchEvent(new Event('online'))")
        ann.line.mend()
        await asked(scene, ann, thread)


async def test_a_server_that_is_away_at_first_is_said_to_be_and_then_everything_is_there(scene: Scene) -> None:
    thread = await scene.thread("Hello")
    scene.upline.cut()
    async with scene.visitor(f"/threads/{thread}") as ann:
        await ann.is_told(LOST)
        await expect(ann.page.get_by_role("group", name="Who answers").get_by_role("checkbox")).to_have_count(0)
        await ann.picture("away")
        await ann.send("Is anybody there?")
        await ann.is_told("Livethread cannot be reached. Is it running?")
        await expect(ann.composer).to_have_value("Is anybody there?")
        scene.upline.mend()
        await ann.sees(("User", "Hello"))
        await ann.choose("Ada")
        await ann.button("Send").click()
        (voice := await scene.answering()).say("I am.")
        voice.end()
        await ann.sees(("User", "Hello"), ("User", "Is anybody there?"), ("Ada", "I am."))
        await ann.is_told_nothing()


async def test_no_thread_is_started_while_the_server_is_away_and_the_next_try_starts_it(scene: Scene) -> None:
    scene.upline.cut()
    async with scene.visitor() as ann:
        await ann.button("Start a new thread").click()
        await ann.is_told("Livethread cannot be reached. Is it running?")
        scene.upline.mend()
        await ann.button("Start a new thread").click()
        await expect(ann.page).to_have_url(re.compile("/threads/thread_"))
        await expect(ann.composer).to_be_visible()


async def test_who_comes_back_with_the_last_id_is_told_only_what_was_missed(scene: Scene) -> None:
    thread = await scene.thread("One")
    path = f"{scene.address}/api/load-thread?thread_id={thread}"
    kind, cursor = await first_event(path)
    assert kind == "thread.snapshot"
    await scene.caller.post(f"/threads/{thread}/messages", {"role": "user", "content": "Two"})
    kind, last = await first_event(path, {"Last-Event-ID": cursor})
    assert (kind, last != cursor) == ("thread.message.created", True)
    assert await first_event(f"{path}&cursor={cursor}") == (kind, last)
    assert await first_event(f"{path}&cursor={last}", {"Last-Event-ID": cursor}) == (kind, last)


async def test_whoever_leaves_is_not_streamed_to_any_more(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.caller.session.get(f"{scene.caller.url}/v1/threads/{thread}/events") as stream:
        async with scene.visitor(f"/threads/{thread}"):
            await counted(stream, viewers=2)
        await counted(stream, viewers=1)


async def first_event(url: str, headers: dict[str, str] | None = None) -> tuple[str, str]:
    """The type and the id of what a stream begins with."""
    found = {}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as stream:
        async for line in stream.content:
            field, _, value = line.decode().strip().partition(": ")
            found[field] = value
            if field == "id":
                break
    return found["event"], found["id"]


async def counted(stream: aiohttp.ClientResponse, viewers: int) -> None:
    """Come back when a stream says that so many look on."""
    async with asyncio.timeout(PATIENCE):
        while f'"viewers":{viewers},'.encode() not in await stream.content.readline():
            pass
