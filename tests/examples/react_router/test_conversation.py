"""From nothing to an answer: threads, assistants, several of them, several people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from livethread import testing
from tests.examples.react_router.scene import README, Scene
from tests.examples.stage.running import lines, serving
from tests.examples.stage.tab import tab
from tests.page_scenes.screen import until

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

_COMPOSED = """(field) => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))"""


async def test_as_it_is_developed_a_newcomer_gets_from_nothing_to_an_answer(scene: Scene, folder: Path) -> None:
    _, _, dev, _, _ = lines(README)
    with testing.server(api_keys=("a-secret",)) as server:
        async with (
            serving(dev, folder, OPENAI_BASE_URL=f"{server}/v1", OPENAI_API_KEY="a-secret") as url,
            tab(scene.browser, url, url.replace("http", "ws"), pictures=scene.pictures) as one,
        ):
            await one.page.goto(url)
            await one.picture("home")
            await one.button("Start a new thread").click()
            await one.page.get_by_role("textbox", name="Message").fill("What is a thread?")
            await one.button("Send").click()
            await expect(one.page.get_by_role("log")).to_contain_text("I am not a language model")
            await expect(one.page.get_by_role("alert").locator("p")).to_have_count(0)
            await expect(one.page.get_by_role("group", name="Who answers").get_by_role("checkbox")).to_have_count(3)
            assert "a-secret" not in await one.page.content()


async def test_as_it_is_built_a_newcomer_gets_from_nothing_to_an_answer_by_the_keyboard(scene: Scene) -> None:
    async with scene.visitor() as ann:
        await ann.page.keyboard.press("Tab")
        await ann.page.keyboard.press("Enter")
        await expect(ann.page).to_have_url(re.compile("/threads/thread_"))
        await ann.choose("Ada")
        await ann.composer.focus()
        await ann.page.keyboard.type("Good")
        await ann.composer.evaluate(_COMPOSED)
        await ann.page.keyboard.press("Shift+Enter")
        await ann.page.keyboard.type("morning")
        await ann.page.keyboard.press("Enter")
        voice = await scene.answering()
        await expect(ann.composer).to_have_value("")
        await expect(ann.busy).to_have_text("Answering: Ada …")
        said = ""
        for piece in ("To ", "you, ", "日本語 ", "🎉 ", "**too**."):
            voice.say(piece)
            said += piece
            await ann.sees(("User", "Good\nmorning"), ("Ada", said.strip()))
        voice.end()
        await expect(ann.busy).to_have_text("")
        await ann.is_told_nothing()


async def test_two_browsers_see_every_word_whoever_asks(scene: Scene) -> None:
    thread = await scene.thread()
    async with (
        scene.visitor(scene.path(thread, "Ada")) as ann,
        scene.visitor(scene.path(thread, "Ada"), color_scheme="dark") as bob,
    ):
        for asking, name in ((ann, "One"), (bob, "Two")):
            before = await scene.stored(thread)
            await asking.send(name)
            voice = await scene.answering()
            said = ""
            for piece in ("Yes, ", "I ", "am."):
                voice.say(piece)
                said += piece
                for one in (ann, bob):
                    await one.sees(*before, ("User", name), ("Ada", said.strip()))
                    await expect(one.busy).to_have_text("Answering: Ada …")
            voice.end()
            for one in (ann, bob):
                await expect(one.busy).to_have_text("")
        assert await scene.statuses(thread) == ["completed", "completed"]
        await bob.picture("two-dark")


async def test_several_assistants_answer_at_once_each_in_a_column(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.choose("Ada", "Bo")
        await ann.page.get_by_role("switch", name="In columns").check()
        await ann.send("Who are you?")
        ada, bo = await scene.answering("ada"), await scene.answering("bo")
        asked = ("User", "Who are you?")
        for times in (1, 2, 3):
            for voice, name in ((ada, "Ada"), (bo, "Bo")):
                voice.say(f"{name}. ")
                await ann.sees(asked, (name, (f"{name}. " * times).strip()), column=name)
        await expect(ann.busy).to_have_text(re.compile("^Answering: (Ada, Bo|Bo, Ada) …$"))
        await ann.picture("columns")
        await ann.page.reload()
        await ann.sees(asked, ("Ada", "Ada. Ada. Ada."), ("Bo", "Bo. Bo. Bo."))
        ada.end()
        bo.end()
        await expect(ann.busy).to_have_text("")
        assert await scene.statuses(thread) == ["completed", "completed"]


async def test_a_message_may_be_added_without_an_answer_and_an_answer_be_had_without_a_message(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await expect(ann.button("Run")).to_be_disabled()
        await ann.choose()
        await ann.send("Think first")
        await ann.sees(("User", "Think first"))
        await ann.choose("Ada")
        await ann.button("Run").click()
        voice = await scene.answering()
        voice.say("Done.")
        voice.end()
        await ann.sees(("User", "Think first"), ("Ada", "Done."))
        await until(scene.statuses, thread, wanted=["completed"])


async def test_messages_that_are_sent_while_somebody_answers_wait_their_turn(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        for text in ("One", "Two"):
            await ann.send(text)
        for text in ("1.", "2."):
            voice = await scene.answering()
            voice.say(text)
            voice.end()
        await ann.sees(*[("User", "One"), ("User", "Two"), ("Ada", "1."), ("Ada", "2.")])
        assert await scene.stored(thread) == await ann.said()


async def test_stop_keeps_what_was_said_and_says_that_it_is_no_whole_answer(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann, scene.visitor(scene.path(thread)) as bob:
        await ann.send("Go on for ever")
        voice = await scene.answering()
        voice.say("And so on")
        await bob.sees(("User", "Go on for ever"), ("Ada", "And so on"))
        await bob.button("Stop").click()
        for one in (ann, bob):
            await one.is_told("Ada was stopped.")
            await one.sees(("User", "Go on for ever"), ("Ada", "And so on"))
            await expect(one.log).to_contain_text("(not finished)")
            await expect(one.button("Stop")).to_be_disabled()
        await ann.send("Again")
        (again := await scene.answering()).say("All right.")
        again.end()
        await ann.is_told_nothing()
