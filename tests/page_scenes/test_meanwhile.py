"""What others do while somebody is in the middle of something, which must not be taken from under their hands."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.page_scenes.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_options_of_a_thread_stay_open_while_another_moves_to_the_top(stage: Stage) -> None:
    busy = await stage.thread("The busy thread")
    await stage.thread("The quiet thread")
    async with stage.screen("Ann", busy) as ann:
        await expect(ann.threads.get_by_role("listitem").first).to_contain_text("The quiet thread")
        options = ann.button("Options for The quiet thread")
        await options.press("Enter")
        rename = ann.page.get_by_role("menuitem", name="Rename")
        await expect(rename).to_be_focused()
        await stage.caller.post(f"/threads/{busy}/messages", {"role": "user", "content": "Again"})
        await expect(ann.threads.get_by_role("listitem").first).to_contain_text("The busy thread")
        await expect(rename).to_be_focused()
        await ann.page.keyboard.press("ArrowDown")
        await expect(ann.page.get_by_role("menuitem", name="Copy link")).to_be_focused()
        await ann.page.keyboard.press("Escape")
        await expect(rename).to_be_hidden()
        await expect(options).to_be_focused()


async def test_an_output_that_is_written_as_the_call_is_stopped_stays_to_be_copied(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send("Use the tool")
        await ann.button("Give the output").click()
        await ann.page.keyboard.type("The moon is ro")
        await stage.caller.post(f"/threads/{thread_id}/stop", {})
        await expect(ann.log.get_by_role("alert")).to_have_text("Not given: the call was answered or ended meanwhile.")
        await expect(ann.log.get_by_label("Code: What you wrote")).to_have_text("The moon is ro")
        await expect(ann.log.locator("summary")).to_be_focused()
        await ann.picture("output-not-given")
