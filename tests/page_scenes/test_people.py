"""People before one thread: who they are, who comes and goes and types, and the list that moves in front of all."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.page_scenes.screen import comes_true
from tests.page_scenes.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_nickname_that_is_too_short_is_told_why_and_a_good_one_is_asked_for_once(stage: Stage) -> None:
    async with stage.screen() as screen:
        dialog = screen.page.get_by_role("dialog", name="Choose a nickname")
        name = dialog.get_by_role("textbox", name="Nickname")
        await name.fill("Al")
        await name.press("Enter")
        await expect(dialog).to_contain_text("at least 3")
        await expect(name).to_have_attribute("aria-invalid", "true")
        await screen.picture("nickname-too-short")
        await name.fill("  Älla  ")
        await name.press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(screen.composer).to_be_focused()
        await screen.page.reload()
        await expect(screen.page.get_by_text("Älla", exact=True).first).to_be_visible()
        await expect(dialog).to_be_hidden()


async def test_people_are_seen_coming_typing_and_leaving(stage: Stage) -> None:
    thread_id = await stage.thread("Hello")
    async with stage.screen("Ann", thread_id) as ann:
        people = ann.page.get_by_role("list", name="People").get_by_role("listitem")
        await expect(people).to_have_count(1)
        async with stage.screen("Bob", thread_id) as bob:
            await expect(people).to_have_count(2)
            await expect(ann.page.get_by_text("Bob joined")).to_be_visible()
            await bob.composer.press_sequentially("Well")
            await expect(ann.page.get_by_text(re.compile("Bob is (writing|typing)")).first).to_be_visible()
            await ann.picture("typing")
            await bob.choose()
            await bob.composer.press("Enter")
            await ann.says("Hello", "Well")
            await expect(ann.page.get_by_text(re.compile("Bob is (writing|typing)"))).to_have_count(0)
            await expect(ann.articles.last).to_contain_text("Bob")
        await expect(people).to_have_count(1)
        await expect(ann.page.get_by_text("Bob left")).to_be_visible()
        await ann.picture("left")


async def test_the_list_moves_in_front_of_everybody_and_titles_change_live(stage: Stage) -> None:
    older, newer = await stage.thread("The older thread"), await stage.thread("The newer thread")
    async with stage.screen("Ann", older) as ann, stage.screen("Bob", newer) as bob:
        items = bob.threads.get_by_role("listitem")
        await expect(items.nth(0)).to_contain_text("The newer thread")
        await expect(items.nth(1)).to_contain_text("The older thread")
        await ann.choose()
        await ann.send("This takes it up")
        await expect(items.nth(0)).to_contain_text("The older thread")
        await expect(items.nth(0)).to_contain_text("This takes it up")
        await ann.button("Rename thread").click()
        title = ann.page.get_by_role("textbox", name="Title")
        await title.fill("Named by Ann 🎉")
        await title.press("Enter")
        await expect(items.nth(0)).to_contain_text("Named by Ann 🎉")
        await expect(ann.page.get_by_role("heading", name="Named by Ann 🎉")).to_be_visible()
        await items.nth(0).get_by_role("link").click()
        await expect(bob.page.get_by_role("heading", name="Named by Ann 🎉")).to_be_visible()
        await expect(bob.page).to_have_url(re.compile(f"#{older}$"))
        await bob.says("The older thread", "This takes it up")
        await bob.page.go_back()
        await bob.says("The newer thread")


async def test_a_thread_begins_with_its_first_message_and_its_address_can_be_shared(stage: Stage) -> None:
    async with stage.screen("Ann") as ann:
        await ann.choose("Player")
        await ann.send("A whole new thread")
        await ann.says("A whole new thread", "I heard you.")
        await expect(ann.page).to_have_url(re.compile("#thread_"))
        await expect(ann.page.get_by_role("heading", name="A whole new thread")).to_be_visible()
        async with stage.screen("Bob", ann.page.url.split("#")[1]) as bob:
            await bob.says("A whole new thread", "I heard you.")


async def test_who_wants_no_streaming_gets_whole_answers(stage: Stage) -> None:
    assert stage.voices is not None
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann, stage.screen("Bob", thread_id) as bob:
        await bob.page.get_by_role("switch", name="Stream answers").click()
        await ann.choose("Ada")
        await ann.send("Well?")
        ada = await stage.voices.asked("one")
        ada.say("Half an answer")
        await ann.says("Well?", "Half an answer")
        await expect(bob.button("Stop")).to_be_visible()
        assert "Half an answer" not in await bob.log.inner_text()
        await bob.picture("not-streaming")
        ada.say(" and the other half.")
        ada.end()
        for screen in (ann, bob):
            await screen.says("Well?", "Half an answer and the other half.")
        halves = [state for state in await bob.shown_states() if "Half an answer" in str(state["messages"])]
        assert ["other half" in str(state["messages"]) for state in halves] == [True] * len(halves)


async def test_the_theme_follows_the_system_until_somebody_chooses(stage: Stage) -> None:
    async with stage.screen("Ann", color_scheme="dark") as ann:
        dark = await background(ann.page)
        await ann.page.emulate_media(color_scheme="light")
        await comes_true(differs, ann.page, dark)
        light = await background(ann.page)
        for _ in range(2):
            await ann.button("Theme").click()
        await comes_true(differs, ann.page, light)
        assert await background(ann.page) == dark
        await ann.page.reload()
        await comes_true(differs, ann.page, light)


async def background(page: Page) -> str:
    colour: str = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour


async def differs(page: Page, colour: str) -> bool:
    return await background(page) != colour
