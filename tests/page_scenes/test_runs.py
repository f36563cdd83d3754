"""Answers as people steer them: stopped, failed, asked again; tools in the browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Route, expect

from tests.page_scenes import texts
from tests.page_scenes.screen import Screen, comes_true
from tests.page_scenes.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

TOOLS = """<!doctype html><meta charset=utf-8><title>Tools</title><script type="module">
import { createClient } from "./client.js";
globalThis.called = 0;
const look = ({ at }) => { globalThis.called += 1; return `The ${at} is there.`; };
const client = createClient({ name: NAME, tools: { look } });
client.loadThread(THREAD, (messages) => { globalThis.messages = messages; });
</script>"""


async def test_stop_keeps_the_text_and_everybody_sees_it(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann, stage.screen("Bob", thread_id) as bob:
        await ann.choose("Player")
        await ann.send("Go on forever")
        for screen in (ann, bob):
            await screen.says("Go on forever", "Once upon a time")
            await expect(screen.button("Stop")).to_be_visible()
        await bob.button("Stop").click()
        await stage.ended(thread_id, "cancelled")
        for screen in (ann, bob):
            await expect(screen.button("Stop")).to_be_hidden()
            await screen.says("Go on forever", "Once upon a time")
            await expect(screen.log.get_by_text(re.compile("stopped", re.IGNORECASE)).first).to_be_visible()
        await ann.picture("stopped")


async def test_a_failure_says_why_and_is_tried_again_by_a_button(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send("A failure, please")
        await expect(ann.page.get_by_text("The moon is full.").first).to_be_visible()
        await ann.picture("failed")
        await ann.button("Try again").first.click()
        await stage.ended(thread_id, "failed", "failed")
        await expect(ann.composer).to_be_enabled()
        await expect(ann.articles).to_have_count(2)  # what failed before is folded into the newest
        await expect(ann.button("Try again")).to_have_count(1)
        await expect(ann.articles.last).to_be_focused()


async def test_of_three_pages_with_a_tool_exactly_one_answers_and_all_three_see_the_end(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with contextlib.AsyncExitStack() as stack:
        screens = []
        for name in ("Ann", "Bob", "Cleo"):
            seat = await stack.enter_async_context(stage.seat())
            screen = await stage.tab(seat)
            html = TOOLS.replace("NAME", json.dumps(name)).replace("THREAD", json.dumps(thread_id))
            await screen.page.route(f"{stage.url}/tools.html", answered(html))
            await screen.page.goto(f"{stage.url}/tools.html")
            await comes_true(screen.page.evaluate, "!!globalThis.messages")
            screens.append(screen)
        watching = await stack.enter_async_context(stage.screen("Dora", thread_id))
        await stage.ask(thread_id, "Use the tool", "Player")
        await stage.ended(thread_id, "completed")
        last = "globalThis.messages[0].content[0]?.text.value"
        for screen in screens:
            await comes_true(screen.page.evaluate, f"{last} === 'It is there.'")
        called = await asyncio.gather(*(screen.page.evaluate("called") for screen in screens))
        sent = [r for screen in screens for r in screen.requests if r.url.endswith("submit_tool_outputs")]
        assert (sum(called), len(sent)) == (1, 1)
        assert [screen.faults for screen in screens] == [[], [], []]
        await watching.says("Use the tool", "Let me look.", "It is there.")
        call = watching.log.get_by_role("group").filter(has_text="look").first
        await call.click()
        await expect(call).to_contain_text("The moon is there.")
        await watching.picture("tool-call-open")


async def test_the_output_that_a_call_waits_for_is_given_by_hand(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send("Use the tool")
        await ann.button("Give the output").click()
        await expect(ann.log.get_by_text("An app that offers look has to answer this.")).to_be_visible()
        await ann.page.keyboard.type("The moon is round.")
        await ann.button("Give back").click()
        await stage.ended(thread_id, "completed")
        await ann.says("Use the tool", "Let me look.", "It is there.")


async def test_an_assistant_made_meanwhile_has_its_name_and_keeps_it_when_it_is_deleted(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await expect(ann.button("Player")).to_be_visible()
        body = {"name": "Newcomer", "model": "builtin/script", "instructions": "turns: [[{text: Here I am.}]]"}
        made = await stage.caller.post("/assistants", body)
        await stage.caller.post(f"/threads/{thread_id}/turns", {"message": "Hello", "assistants": [made["id"]]})
        article = ann.log.get_by_role("article", name="Newcomer, answer")
        await expect(article).to_contain_text("Here I am.")
        await expect(ann.button("Newcomer")).to_be_visible()
        await stage.caller.call("DELETE", f"/assistants/{made['id']}")
        await ann.page.reload()
        await expect(article).to_contain_text("Here I am.")
        await expect(ann.button("Newcomer")).to_be_hidden()


async def test_answer_again_puts_another_answer_in_the_place_of_the_first(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send("Echo this")
        await ann.says("Echo this", "I heard you.")
        await ann.articles.last.hover()
        await ann.articles.last.get_by_role("button", name="Answer again").click()
        await ann.button("Delete and answer again").click()
        await stage.ended(thread_id, "completed", "completed")
        await ann.says("Echo this", "I heard you.")
        await expect(ann.articles.last).to_be_focused()
        assert await stage.said(thread_id) == ["Echo this", "I heard you."]


async def test_copy_puts_the_source_of_an_answer_on_the_clipboard(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with stage.screen("Ann", thread_id, permissions=["clipboard-read", "clipboard-write"]) as ann:
        await stage.ask(thread_id, "Some markdown", "Player")
        await stage.ended(thread_id, "completed")
        await expect(ann.articles.last.get_by_role("table")).to_be_visible()
        await ann.articles.last.hover()
        await ann.articles.last.get_by_role("button", name="Copy", exact=True).last.click()
        await comes_true(copied, ann, texts.MARKDOWN)


def answered(html: str) -> Callable[[Route], Awaitable[None]]:
    """What answers a request with a page of ours."""

    async def answer(route: Route) -> None:
        await route.fulfill(body=html, content_type="text/html")

    return answer


async def copied(screen: Screen, text: str) -> bool:
    found: str = await screen.page.evaluate("navigator.clipboard.readText()")
    return found.strip() == text.strip()
