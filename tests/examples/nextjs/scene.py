"""Where the scenes play: the app as its README says, before a server whose assistant says what a test says."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from playwright.async_api import Browser, Locator, Page, expect

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.examples.nextjs.desk import Desk
from tests.examples.stage.line import Line
from tests.examples.stage.running import EXAMPLES, serving
from tests.examples.stage.tab import DESKTOP, Tab
from tests.page_scenes.screen import until
from tests.page_scenes.stage import text_of
from tests.page_scenes.voices import Voice, Voices

README = EXAMPLES / "nextjs" / "README.md"
START = "npm start"

FUNCTIONS = ("get_daily_cat_trivia", "generate_cat_name", "ask_the_desk", "no_such_function")
"""What the assistant may call; the app does not have the last one."""

_SAID = """(log) => [...log.querySelectorAll("article")].map(
  (article) => [article.getAttribute("aria-label"), article.innerText.trim()])"""


class Visitor(Tab):
    """One page of the app in a browser of its own.

    Args:
        page: where it is shown.
        line: to the app.
        known: whom the page with the client asks itself.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, line: Line, known: tuple[str, ...], pictures: Path) -> None:
        super().__init__(page, (line.url, *known), pictures)
        self.line = line

    # What they do

    async def open(self, path: str = "/") -> None:
        """Go to a page."""
        await self.page.goto(f"{self.line.url}{path}")
        await expect(self.composer).to_be_visible()

    async def send(self, text: str) -> None:
        """Write a message and send it."""
        await self.composer.fill(text)
        await self.button("Send").click()

    # What they see

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_role("main").get_by_role("alert")  # Next has one of its own

    @property
    def thread_id(self) -> str:
        """Which thread the address names."""
        return parse_qs(urlsplit(self.page.url).query)["thread"][0]

    async def said(self) -> list[tuple[str, str]]:
        """Who said what, from the oldest on, and what was called."""
        found: list[list[str]] = await self.log.evaluate(_SAID)
        return [(author, text) for author, text in found]

    async def sees(self, *said: tuple[str, str]) -> None:
        """Come back when this is what has been said."""
        await until(self.said, wanted=list(said))

    async def is_busy(self, wanted: bool = True) -> None:
        """Come back when an answer is on its way, or none is."""
        await expect(self.page.get_by_role("status")).to_have_text("Answering…" if wanted else "")

    async def is_told(self, text: str | re.Pattern[str]) -> None:
        """Come back when an error reads so."""
        await expect(self.alert).to_have_text(text)


@dataclass
class Scene:
    """A server, and the app before it.

    Args:
        caller: of the server's API.
        voices: the model API behind the assistant.
        desk: that one function of the app asks.
        upline: between app and server.
        address: of the app.
        folder: it is installed in.
        browser: for everybody.
        pictures: the folder for screenshots.
        assistant_id: of the one who answers.
    """

    caller: Caller
    voices: Voices
    desk: Desk
    upline: Line
    address: str
    folder: Path
    browser: Browser
    pictures: Path
    assistant_id: str

    async def play(self, *turns: Any) -> None:
        """Have the assistant play these turns."""
        await self.recast("builtin/script", json.dumps({"turns": turns}))

    async def speak(self) -> None:
        """Have the assistant say what the test says."""
        await self.recast("voices/cat")

    async def recast(self, model: str, instructions: str = "") -> None:
        """Have the assistant be played by another model."""
        await self.caller.post(f"/assistants/{self.assistant_id}", {"model": model, "instructions": instructions})

    async def answering(self) -> Voice:
        """The next answer that the assistant is asked for."""
        return await self.voices.asked("cat")

    async def answers(self, text: str) -> None:
        """Have the assistant give the next answer at once."""
        voice = await self.answering()
        voice.say(text)
        voice.end()

    async def stored(self, thread_id: str) -> list[tuple[str, str]]:
        """Who said what, from the oldest on."""
        names = {"user": "You", "assistant": "Cat expert"}
        listed = await self.caller.get(f"/threads/{thread_id}/messages?order=asc&limit=100")
        return [(names[message["role"]], text_of(message).strip()) for message in listed["data"]]

    async def statuses(self, thread_id: str) -> list[str]:
        """How far the thread's runs are, from the oldest on."""
        return [run["status"] for run in (await self.caller.get(f"/threads/{thread_id}/runs?order=asc"))["data"]]

    async def outputs(self, thread_id: str) -> list[str]:
        """What the functions have returned, in the order of the calls."""
        (run,) = (await self.caller.get(f"/threads/{thread_id}/runs"))["data"]
        steps = (await self.caller.get(f"/threads/{thread_id}/runs/{run['id']}/steps?order=asc"))["data"]
        details = [step["step_details"] for step in steps if step["type"] == "tool_calls"]
        return [call["function"]["output"] for detail in details for call in detail["tool_calls"]]

    async def ended(self, thread_id: str, *statuses: str) -> None:
        """Come back when its runs, from the oldest on, have come this far."""
        await until(self.statuses, thread_id, wanted=list(statuses))

    async def threads(self) -> list[str]:
        """The ids of the newest threads."""
        return [thread["id"] for thread in (await self.caller.get("/threads?limit=100"))["data"]]

    @contextlib.asynccontextmanager
    async def visitor(self, path: str = "/", address: str = "", **options: Any) -> AsyncIterator[Visitor]:
        """Somebody before a page of their own; behind the block it must have done nothing odd."""
        async with Line(address or self.address).running() as line:
            context = await self.browser.new_context(**{**DESKTOP, **options})
            try:
                known = (self.upline.url, self.desk.url)
                visitor = Visitor(await context.new_page(), line, known, self.pictures)
                await visitor.open(path)
                yield visitor
                assert visitor.faults == []
            finally:
                await context.close()


@contextlib.asynccontextmanager
async def scene(folder: Path, desk: Desk, browser: Browser, pictures: Path) -> AsyncIterator[Scene]:
    """A server in this process, and the built app before it."""
    async with contextlib.AsyncExitStack() as stack:
        voices = await stack.enter_async_context(Voices().running())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = stack.enter_context(testing.server(upstreams=(UpstreamSettings("voices", voices.url),), retries=0))
        caller = Caller(session, url)
        tools = [{"type": "function", "function": {"name": name}} for name in FUNCTIONS]
        body = {"name": "Cat expert", "model": "voices/cat", "tools": tools}
        assistant_id = (await caller.post("/assistants", body))["id"]
        upline = await stack.enter_async_context(Line(url).running())
        address = await stack.enter_async_context(
            serving(START, folder, LIVETHREAD_URL=upline.url, OPENAI_ASSISTANT_ID=assistant_id)
        )
        yield Scene(caller, voices, desk, upline, address, folder, browser, pictures, assistant_id)
