"""deep-chat, a chat UI that nobody here wrote, pointed at `/v1/chat/completions`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Locator, expect

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.examples.stage.line import Line
from tests.examples.stage.tab import PHONE, Tab, tab
from tests.page_scenes.voices import Voices
from tests.providers.upstream import OPEN, Do, Upstream, delta

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

PICTURES = Path(__file__).parent / "artefacts"
QUESTION = "How do I start the server?"


class Visitor:
    """Somebody who uses the page."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    @property
    def said(self) -> Locator:
        """What is shown of both, oldest first."""
        return self.tab.page.locator("deep-chat .message-bubble")

    async def ask(self, question: str) -> None:
        box = self.tab.page.get_by_role("textbox", name="Message")
        await box.click()
        await self.tab.page.keyboard.insert_text(question)
        await box.press("Enter")


@contextlib.asynccontextmanager
async def visiting(browser: Browser, page_url: str, server: str, model: str, **options: Any) -> AsyncIterator[Visitor]:
    async with tab(browser, page_url, server, pictures=PICTURES, **options) as opened:
        await opened.page.goto(f"{page_url}?{urlencode({'server': server, 'model': model})}")
        yield Visitor(opened)


async def test_words_appear_one_by_one_as_the_model_says_them(browser: Browser, page_url: str) -> None:
    async with Voices().running() as voices:
        with testing.server(upstreams=(UpstreamSettings("voices", voices.url),)) as server:
            async with visiting(browser, page_url, server, "voices/m") as ann:
                await ann.ask("日本語で？")
                voice, text = await voices.asked("m"), ""
                for word in ("はい、 ", "日本語 ", "で話します ", "👩‍👩‍👧."):
                    voice.say(word)
                    text += word
                    await expect(ann.said.nth(1)).to_have_text(text.strip())
                await ann.tab.picture("growing")
                voice.end()
                await ann.ask("And again?")
                voice = await voices.asked("m")
                voice.say("Again.")
                await expect(ann.said).to_have_text(["日本語で？", text.strip(), "And again?", "Again."])
                voice.end()  # not before it is shown: what ends at once it leaves out


async def test_the_guide_answers_on_a_phone(browser: Browser, page_url: str) -> None:
    with testing.server(words_per_second=40) as server:
        async with visiting(browser, page_url, server, "builtin/guide", **PHONE) as ann:
            await ann.ask(QUESTION)
            await expect(ann.said.nth(1)).to_contain_text("I am not a language model.")
            await expect(ann.said.nth(1).locator("code").first).to_have_text("make run")
            await ann.tab.picture("phone")


async def test_the_page_s_own_function_is_called_and_its_output_answered_from(browser: Browser, page_url: str) -> None:
    with testing.server(words_per_second=40) as server:
        async with visiting(browser, page_url, server, "builtin/tools") as ann:
            await ann.ask("What is the weather in Rome?")
            await expect(ann.said.last).to_contain_text('get_weather with city "Rome": sunny in Rome')
            await ann.tab.picture("tools")


async def test_who_reloads_in_mid_answer_ends_the_model_s_work(browser: Browser, page_url: str) -> None:
    async with Upstream([[OPEN, delta(content="One moment"), Do.HANG]]) as upstream:
        with testing.server(upstreams=(UpstreamSettings("played", upstream.url),)) as server:
            async with visiting(browser, page_url, server, "played/m") as ann:
                await ann.ask(QUESTION)
                await expect(ann.said.last).to_have_text("One moment")
                await ann.tab.page.reload()
                async with asyncio.timeout(5):
                    await upstream.left.wait()


async def test_a_model_nobody_serves_and_a_server_that_is_away_are_told_and_the_next_question_is_answered(
    browser: Browser, page_url: str
) -> None:
    with testing.server(words_per_second=40) as server:
        async with Line(server).running() as line:
            async with visiting(browser, page_url, line.url, "no/such") as ann:
                await ann.ask(QUESTION)
                await expect(ann.said.last).to_have_text("Error, please try again.")
                assert [fault for fault in ann.tab.faults if "Nothing serves the model 'no/such'" in fault]
                ann.tab.faults.clear()
            async with visiting(browser, page_url, line.url, "builtin/guide") as ann:
                line.cut()
                await ann.ask(QUESTION)
                await expect(ann.said.last).to_have_text("Error, please try again.")
                await ann.tab.picture("away")
                line.mend()
                await ann.ask(QUESTION)
                await expect(ann.said.last).to_contain_text("I am not a language model.")
                ann.tab.faults.clear()


async def test_an_answer_that_breaks_off_is_told_with_the_reason(browser: Browser, page_url: str) -> None:
    said = asyncio.Event()
    async with Upstream([[OPEN, delta(content="So far so"), said, Do.RESET]]) as upstream:
        with testing.server(upstreams=(UpstreamSettings("played", upstream.url),)) as server:
            async with visiting(browser, page_url, server, "played/m") as ann:
                await ann.ask(QUESTION)
                await expect(ann.said.last).to_have_text("So far so")
                async with ann.tab.page.expect_console_message(lambda message: "broke the connection" in message.text):
                    said.set()
                await expect(ann.said.last).to_have_text("Error, please try again.")
                await ann.tab.picture("broken-off")
                ann.tab.faults.clear()
