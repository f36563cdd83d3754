"""Where the scenes play: the example, served as its README says, before a server that says what a test says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Locator, Page, expect

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.examples.stage.line import Line
from tests.examples.stage.running import EXAMPLES, lines, serving
from tests.examples.stage.tab import DESKTOP, Tab
from tests.page_scenes.screen import until
from tests.page_scenes.stage import text_of
from tests.page_scenes.voices import Voice, Voices

README = EXAMPLES / "react-router" / "README.md"

VOICES = {"Ada": "ada", "Bo": "bo"}
"""Assistants that say what a test says."""
SCRIPTS = {
    "Fails": "turns: [[{text: Half a }, {error: {status: 500, message: The model is broken.}}]]",
    "Cut off": "turns: [[{text: Half a}, {finish: length}]]",
    "Calls": "turns: [[{tool_calls: [{name: get_weather, arguments: {city: Rome}}]}], [{text: Sun.}]]",
}
"""Assistants that play a scenario."""

_SAID = """(log) => [...log.querySelectorAll("[data-message-id]")].map(
  (line) => [line.querySelector("b").innerText, line.querySelector("span").innerText.trim()])"""


class Visitor(Tab):
    """One page of the example in a browser of its own.

    Args:
        page: where it is shown.
        line: to the example.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, line: Line, pictures: Path) -> None:
        super().__init__(page, (line.url,), pictures)
        self.line = line

    # What they do

    async def open(self, path: str = "/") -> None:
        """Go to a page."""
        await self.page.goto(f"{self.line.url}{path}")

    async def send(self, text: str) -> None:
        """Write a message and send it."""
        await self.composer.fill(text)
        await self.button("Send").click()

    async def choose(self, *names: str) -> None:
        """Have these assistants answer, and no others."""
        boxes = self.page.get_by_role("group", name="Who answers").get_by_role("checkbox")
        for name in names:
            await boxes.and_(self.page.get_by_label(name, exact=True)).check()
        for box in await boxes.all():
            if await box.evaluate("(box) => box.labels[0].innerText.trim()") not in names and await box.is_checked():
                await box.click()  # one that is not on this server is gone then

    # What they see

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def busy(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def column(self, name: str) -> Locator:
        return self.page.get_by_role("log", name=name)

    async def said(self, column: str = "Messages") -> list[tuple[str, str]]:
        """Who said what, from the oldest on."""
        found: list[list[str]] = await self.column(column).evaluate(_SAID)
        return [(author, text) for author, text in found]

    async def sees(self, *said: tuple[str, str], column: str = "Messages") -> None:
        """Come back when this is what has been said."""
        await expect(self.column(column)).to_be_visible()
        await until(self.said, column, wanted=list(said))

    async def is_told(self, text: str | re.Pattern[str]) -> None:
        """Come back when an error reads so."""
        await expect(self.alert.get_by_text(text)).to_be_visible()

    async def is_told_nothing(self) -> None:
        """Come back when there is no error."""
        await expect(self.alert.locator("p")).to_have_count(0)


@dataclass
class Scene:
    """A server, and the example before it.

    Args:
        caller: of the server's API.
        voices: the model API behind Ada and Bo.
        upline: between the example and the server.
        address: of the example.
        folder: it is installed in.
        browser: for everybody.
        pictures: the folder for screenshots.
    """

    caller: Caller
    voices: Voices
    upline: Line
    address: str
    folder: Path
    browser: Browser
    pictures: Path
    assistants: dict[str, str] = field(default_factory=dict)
    tests: int = 0

    async def cast(self) -> None:
        """Make the assistants that are no built-in ones."""
        bodies: list[dict[str, Any]] = [
            *({"name": name, "model": "voices/nobody"} for name in VOICES),
            *({"name": name, "model": "builtin/script", "instructions": text} for name, text in SCRIPTS.items()),
        ]
        for body in bodies:
            body["tools"] = (
                [{"type": "function", "function": {"name": "get_weather"}}] if body["name"] == "Calls" else []
            )
            self.assistants[body["name"]] = (await self.caller.post("/assistants", body))["id"]

    async def begin(self) -> None:
        """Before each test: the server is in reach, and nobody waits for what an earlier one has asked."""
        self.upline.mend()
        self.tests += 1
        for name, voice in VOICES.items():
            await self.caller.post(f"/assistants/{self.assistants[name]}", {"model": f"voices/{voice}-{self.tests}"})

    async def thread(self, *said: str) -> str:
        """The id of a new thread."""
        messages = [{"role": "user", "content": text} for text in said]
        id: str = (await self.caller.post("/threads", {"messages": messages}))["id"]
        return id

    def path(self, thread_id: str, *names: str) -> str:
        """The address of a thread at which these assistants answer."""
        return f"/threads/{thread_id}" + query(self.assistants[name] for name in names)

    async def stored(self, thread_id: str) -> list[tuple[str, str]]:
        """Who said what, from the oldest on."""
        names = {id: name for name, id in self.assistants.items()} | {None: "User"}
        listed = await self.caller.get(f"/threads/{thread_id}/messages?order=asc&limit=100")
        return [(names[message["assistant_id"]], text_of(message).strip()) for message in listed["data"]]

    async def statuses(self, thread_id: str) -> list[str]:
        """How far the thread's runs are, from the oldest on."""
        return [run["status"] for run in (await self.caller.get(f"/threads/{thread_id}/runs?order=asc"))["data"]]

    async def answering(self, model: str = "ada") -> Voice:
        """The next answer that Ada or Bo is asked for."""
        return await self.voices.asked(f"{model}-{self.tests}")

    @contextlib.asynccontextmanager
    async def visitor(self, path: str = "/", address: str = "", **options: Any) -> AsyncIterator[Visitor]:
        """Somebody before a page of their own; behind the block it must have done nothing odd."""
        async with Line(address or self.address).running() as line:
            context = await self.browser.new_context(**{**DESKTOP, **options})
            try:
                visitor = Visitor(await context.new_page(), line, self.pictures)
                await visitor.open(path)
                yield visitor
                assert visitor.faults == []
            finally:
                await context.close()


def query(assistant_ids: Iterable[str]) -> str:
    """How an address says who answers."""
    text = "&".join(f"assistant={id}" for id in assistant_ids)
    return f"?{text}" if text else ""


@contextlib.asynccontextmanager
async def scene(folder: Path, browser: Browser, pictures: Path) -> AsyncIterator[Scene]:
    """A server in this process, and the built example before it."""
    *_, start = lines(README)
    async with contextlib.AsyncExitStack() as stack:
        voices = await stack.enter_async_context(Voices().running())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = stack.enter_context(testing.server(upstreams=(UpstreamSettings("voices", voices.url),), retries=0))
        upline = await stack.enter_async_context(Line(url).running())
        address = await stack.enter_async_context(serving(start, folder, LIVETHREAD_URL=upline.url))
        opened = Scene(Caller(session, url), voices, upline, address, folder, browser, pictures)
        await opened.cast()
        yield opened
