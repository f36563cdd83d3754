"""What may come between a reader and an answer: a reload, no network, a server that is killed, a second tab."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.cuts.scene import Caller
from tests.kills.process import ServerProcess
from tests.page_scenes import states, texts
from tests.page_scenes.screen import Screen, comes_true
from tests.page_scenes.stage import Stage, text_of

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def held_against_the_thread(stage: Stage, thread_id: str, *screens: Screen) -> None:
    """Check every state that these screens have shown."""
    final = [(message["id"], text_of(message).strip()) for message in await stage.messages(thread_id)]
    states.check([await screen.shown_states() for screen in screens], final)


async def test_a_reload_in_mid_answer_shows_what_was_said_and_goes_on(stage: Stage) -> None:
    assert stage.voices is not None
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Ada")
        await ann.send("Well?")
        ada = await stage.voices.asked("one")
        ada.say("It was said before")
        await ann.says("Well?", "It was said before")
        await ann.composer.fill("Not sent yet")
        await ann.page.reload()
        await ann.says("Well?", "It was said before")
        await expect(ann.composer).to_have_value("Not sent yet")
        await expect(ann.button("Stop")).to_be_visible()
        ada.say(" and behind the reload.")
        ada.end()
        await ann.says("Well?", "It was said before and behind the reload.")
        await expect(ann.button("Stop")).to_be_hidden()
        await expect(ann.page.get_by_role("dialog")).to_be_hidden()
        await held_against_the_thread(stage, thread_id, ann)


async def test_five_seconds_offline_in_mid_answer_are_said_and_made_up_for(stage: Stage) -> None:
    assert stage.voices is not None
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann, stage.screen("Bob", thread_id) as bob:
        await ann.choose("Ada")
        await ann.send("Well?")
        ada = await stage.voices.asked("one")
        ada.say("Before,")
        await ann.says("Well?", "Before,")
        await ann.page.context.set_offline(True)
        await expect(ann.connection).to_contain_text("ffline")
        ada.say(" meanwhile,")
        await bob.says("Well?", "Before, meanwhile,")
        await asyncio.sleep(5)
        assert await ann.said() == ["Well?", "Before,"]
        await ann.picture("offline")
        await ann.page.context.set_offline(False)
        await ann.says("Well?", "Before, meanwhile,")
        ada.say(" behind.")
        ada.end()
        for screen in (ann, bob):
            await screen.says("Well?", "Before, meanwhile, behind.")
        await expect(ann.connection).not_to_contain_text("ffline")
        await held_against_the_thread(stage, thread_id, ann, bob)


@pytest.mark.timeout(120)
async def test_a_server_that_is_killed_in_mid_answer_is_waited_for_and_the_answer_comes(
    browser: Browser, pictures: Path, tmp_path: Path
) -> None:
    server = ServerProcess(tmp_path)
    async with server.running(), aiohttp.ClientSession() as session:
        stage = Stage(browser, server.url, Caller(session, server.url), pictures)
        await stage.cast()
        thread_id = await stage.thread()
        async with stage.screen("Ann", thread_id) as ann, stage.screen("Bob", thread_id) as bob:
            await ann.choose("Player")
            await ann.send("A slow one, please")
            await comes_true(half_said, ann)
            await server.end(signal.SIGKILL)
            question, so_far = await ann.said()
            await expect(ann.connection).to_contain_text("econnecting")
            kept = await ann.said()
            assert kept == [question, kept[1]]
            assert kept[1].startswith(so_far), (
                "what came before the kill may still be painted, and nothing shown is lost"
            )
            await ann.picture("server-away")
            await ann.composer.fill("Are you there?")
            await server.start()
            await stage.ended(thread_id, "completed")
            for screen in (ann, bob):
                await comes_true(says_last, screen, texts.PLAIN)
                await expect(screen.connection).not_to_contain_text("econnecting")
            await expect(ann.composer).to_have_value("Are you there?")
            await ann.picture("server-killed-and-back")
            await ann.button("Send").click()
            for screen in (ann, bob):
                await comes_true(says_last, screen, "I heard you.")
            assert await ann.said() == await bob.said()


async def half_said(screen: Screen) -> bool:
    said = await screen.said()
    return len(said) == 2 and len(said[1]) > len(texts.PLAIN) / 4


async def says_last(screen: Screen, text: str) -> bool:
    said = await screen.said()
    return bool(said) and said[-1] == text


async def test_two_tabs_of_one_browser_show_the_same_over_one_stream_and_are_one_person(stage: Stage) -> None:
    assert stage.voices is not None
    thread_id = await stage.thread()
    async with stage.seat() as seat:
        one, two = await stage.tab(seat), await stage.tab(seat)
        await one.open(thread_id)
        await one.join("Ann")
        await two.open(thread_id)
        await two.choose("Ada")
        await two.send("From the second tab")
        ada = await stage.voices.asked("one")
        ada.say("One stream")
        for tab in (one, two):
            await tab.says("From the second tab", "One stream")
        people = one.page.get_by_role("list", name="People").get_by_role("listitem")
        await expect(people).to_have_count(1)
        path = f"/threads/{thread_id}/events"
        streams = [request.url for tab in (one, two) for request in tab.requests if path in request.url]
        assert len(streams) == 1
        await one.page.close()
        ada.say(" for both tabs")
        await two.says("From the second tab", "One stream for both tabs")
        ada.end()
        await stage.ended(thread_id, "completed")
        assert (one.faults, two.faults) == ([], [])
