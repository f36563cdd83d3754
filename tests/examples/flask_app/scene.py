"""The Flask app with a model that says what a test says, and people before its pages."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.examples.stage.line import Line
from tests.examples.stage.running import EXAMPLES, copied, lines, run, serving
from tests.examples.stage.tab import DESKTOP, Tab
from tests.page_scenes.screen import until
from tests.sse.upstream import Spoken, Upstream

ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")
EXAMPLE = EXAMPLES / "flask"
FROM_PROJECT, FROM_PINS, START, BUILD, GUNICORN = lines(EXAMPLE / "README.md")
"""The lines of the README."""


class Visitor(Tab):
    """Somebody before one of the pages.

    Args:
        page: where it is shown.
        line: to the app.
        name: of the page.
    """

    def __init__(self, page: Page, line: Line, name: str) -> None:
        super().__init__(page, (line.url,), ARTEFACTS)
        self.line = line
        self.name = name

    # What they do

    async def open(self) -> None:
        """Go to the page."""
        await self.page.goto(f"{self.line.url}/{self.name}")

    async def ask(self, question: str) -> None:
        """Write a question and send it."""
        await self.question.fill(question)
        await self.button("Ask").click()

    async def send_to_sleep(self) -> None:
        """Have the browser freeze the page, as it does with one that nobody looks at."""
        await self._become("frozen")

    async def wake(self) -> None:
        """Look at it again."""
        await self._become("active")

    async def _become(self, state: str) -> None:
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("Page.setWebLifecycleState", {"state": state})
        await session.detach()

    # What they see

    @property
    def question(self) -> Locator:
        return self.page.get_by_role("textbox", name="Question")

    @property
    def answer(self) -> Locator:
        return self.page.get_by_role("log", name="Answer")

    @property
    def again(self) -> Locator:
        return self.button("Ask again")

    async def reads(self, text: str, status: str | None = None) -> None:
        """Come back when exactly this stands there."""
        await until(self.answer.evaluate, "(log) => log.textContent", wanted=text)
        if status is not None:
            await expect(self.page.get_by_role("status")).to_have_text(status)
        if status == "Done.":
            await expect(self.again).to_be_hidden()
            await expect(self.answer).to_have_attribute("aria-busy", "false")

    async def is_told(self, sentence: str) -> None:
        """Come back when the page says what has happened, and offers to ask again."""
        await expect(self.page.get_by_role("alert")).to_have_text(sentence)
        await expect(self.page.get_by_role("status")).to_have_text("")
        await expect(self.again).to_be_visible()


@dataclass
class Site:
    """The app.

    Args:
        url: where it is.
        folder: the copy that it was started in.
        upstream: the model API that it asks.
        browser: for everybody.
    """

    url: str
    folder: Path
    upstream: Upstream
    browser: Browser

    async def asked(self, question: str) -> Spoken:
        """The next time that the app asks this."""
        return await self.upstream.asked(question)

    @contextlib.asynccontextmanager
    async def visitor(self, page: str, address: str = "", **options: Any) -> AsyncIterator[Visitor]:
        """Somebody before a page of their own; behind the block it must have done nothing odd.

        Args:
            page: such as ``fetch.html``.
            address: what stands behind its ``#``.
            options: of the browser.
        """
        async with Line(self.url).running() as line:
            context = await self.browser.new_context(**{**DESKTOP, **options})
            try:
                visitor = Visitor(await context.new_page(), line, f"{page}#{address}" if address else page)
                await visitor.open()
                yield visitor
                assert visitor.faults == []
            finally:
                await context.close()


@contextlib.asynccontextmanager
async def site(browser: Browser, into: Path, *, built: bool = False, line: str = START) -> AsyncIterator[Site]:
    """The app in a copy of its folder, started as its README says.

    Args:
        browser: for its visitors.
        into: an empty folder for the copy.
        built: with the page in React.
        line: that starts it.
    """
    folder = copied(EXAMPLE, into)
    if built:
        await run(BUILD, folder)
    async with (
        Upstream().running() as upstream,
        serving(line.replace("5050", "$PORT"), folder, LIVETHREAD_URL=upstream.url) as url,
    ):
        yield Site(url, folder, upstream, browser)


async def both(*waiting: Any) -> None:
    """Come back when all of them have."""
    await asyncio.gather(*waiting)
