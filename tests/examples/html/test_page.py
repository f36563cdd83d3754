"""examples/html, served as its README says: two browsers, a cut, a reload, a stop, and what is not there."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.examples.stage.line import Line
from tests.examples.stage.running import EXAMPLES, lines, serving
from tests.examples.stage.tab import DESKTOP, PHONE, Tab
from tests.page_scenes.axe import grave
from tests.page_scenes.browser import chromium
from tests.page_scenes.screen import until
from tests.page_scenes.voices import Voice, Voices

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLE = EXAMPLES / "html"
PAGE = EXAMPLE / "index.html"
ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")
ADVICE = "start it, open this page from a web server, not as a file, and load it again."
USUAL = "http://127.0.0.1:8000"


class Visitor(Tab):
    """The page in a browser of its own."""

    @property
    def field(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def note(self) -> Locator:
        return self.page.get_by_role("status")

    async def send(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sees(self, *said: str) -> None:
        """Come back when this is what has been said, the newest first."""
        await until(self.page.get_by_role("listitem").all_inner_texts, wanted=list(said))


@dataclass
class Scene:
    """A server and the page.

    Args:
        caller: of the server's API.
        voices: the model API behind the first assistant.
        line: to the server; the page takes it for the server.
        address: of the page.
        browser: for everybody.
    """

    caller: Caller
    voices: Voices
    line: Line
    address: str
    browser: Browser

    async def answering(self) -> Voice:
        return await self.voices.asked("ada")

    async def statuses(self, thread_id: str) -> list[str]:
        return [run["status"] for run in (await self.caller.get(f"/threads/{thread_id}/runs?order=asc"))["data"]]

    @contextlib.asynccontextmanager
    async def visitor(self, hash: str = "", **options: Any) -> AsyncIterator[Visitor]:
        """Somebody before the page; behind the block it must have done nothing odd."""
        context = await self.browser.new_context(**{**DESKTOP, **options})
        try:
            page: Page = await context.new_page()
            visitor = Visitor(page, (self.address, self.line.url), ARTEFACTS)
            await page.goto(f"{self.address}/{hash}")
            yield visitor
            assert visitor.faults == []
        finally:
            await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("html")
    *_, serve = lines(EXAMPLE / "README.md")
    async with contextlib.AsyncExitStack() as stack:
        voices = await stack.enter_async_context(Voices().running())
        url = stack.enter_context(testing.server(upstreams=(UpstreamSettings("voices", voices.url),), retries=0))
        caller = Caller(await stack.enter_async_context(aiohttp.ClientSession()), url)
        first = (await caller.get("/assistants?order=asc"))["data"][0]
        await caller.post(f"/assistants/{first['id']}", {"model": "voices/ada"})
        line = await stack.enter_async_context(Line(url).running())
        text = PAGE.read_text(encoding="utf-8")
        assert text.count(USUAL) == 1
        (folder / "index.html").write_text(text.replace(USUAL, line.url), encoding="utf-8")
        address = await stack.enter_async_context(serving(serve.replace("3000", "$PORT"), folder))
        yield Scene(caller, voices, line, address, await stack.enter_async_context(chromium()))


async def test_two_browsers_a_cut_a_reload_and_a_stop(scene: Scene) -> None:
    async with scene.visitor(**PHONE) as ann:
        await expect(ann.note).to_have_text("live")
        assert await grave(ann.page) == []
        thread_id = ann.page.url.partition("#")[2]
        async with scene.visitor(f"#{thread_id}", color_scheme="dark") as bob:
            await ann.send("Hello <b>👋</b> 你好")
            voice = await scene.answering()
            voice.say("Before, ")
            for one in (ann, bob):
                await one.sees("assistant: Before, ", "user: Hello <b>👋</b> 你好")
            scene.line.cut()
            await expect(ann.note).to_have_text(re.compile("check that a Livethread server is there|reconnecting"))
            voice.say("meanwhile, ")
            await ann.picture("cut")
            scene.line.mend()
            await bob.page.reload()
            for one in (ann, bob):
                await one.sees("assistant: Before, meanwhile, ", "user: Hello <b>👋</b> 你好")
                await expect(one.button("Stop")).to_be_visible()
                assert await grave(one.page) == []
            await ann.picture("phone")
            await bob.picture("dark")
            await bob.button("Stop").click()
            for one in (ann, bob):
                await expect(one.button("Stop")).to_be_hidden()
                await expect(one.note).to_have_text("live")
            await bob.send("Again")
            voice = await scene.answering()
            voice.say("Here.")
            voice.end()
            for one in (ann, bob):
                await one.sees(
                    "assistant: Here.", "user: Again", "assistant: Before, meanwhile, ", "user: Hello <b>👋</b> 你好"
                )
        assert await scene.statuses(thread_id) == ["cancelled", "completed"]


async def test_what_is_not_there_is_told(scene: Scene) -> None:
    async with scene.visitor("#thread_nope") as ann:
        await expect(ann.note).to_have_text("No thread found with id 'thread_nope'.")
        await ann.page.goto(f"{scene.address}/#")  # another thread without a reload by hand
        await expect(ann.note).to_have_text("live")
    scene.line.cut()
    async with scene.visitor() as ann:
        await expect(ann.note).to_have_text(f"No answer from {scene.line.url}: {ADVICE}")
        scene.line.mend()
        await ann.page.reload()
        await expect(ann.note).to_have_text("live")


async def test_a_failure_of_the_model_is_told_in_its_words(scene: Scene) -> None:
    async with scene.visitor() as ann:
        await expect(ann.note).to_have_text("live")
        first = (await scene.caller.get("/assistants?order=asc"))["data"][0]["id"]
        failing = 'turns: [[{text: Half of}, {error: {status: 500, message: "The moon is full."}}]]'
        await scene.caller.post(f"/assistants/{first}", {"model": "builtin/script", "instructions": failing})
        await ann.send("Hello")
        await expect(ann.note).to_have_text(re.compile("The moon is full"))
        await ann.sees("assistant: Half of", "user: Hello")
        await scene.caller.post(f"/assistants/{first}", {"model": "voices/ada", "instructions": ""})
        assert await scene.statuses(ann.page.url.partition("#")[2]) == ["failed"]
