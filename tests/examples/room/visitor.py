"""Somebody before the page of examples/room; everything on it is found by its accessible name."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import Locator, Page

from tests.examples.stage.line import Line
from tests.examples.stage.tab import Tab
from tests.page_scenes.screen import PATIENCE, until

_SAID = """() => [...document.querySelectorAll("[data-message-id]")].map((message) => [
  message.getAttribute("aria-label"), message.querySelector(".bubble").innerText.trim()])"""


class Visitor(Tab):
    """One page in a browser of its own.

    Args:
        page: where it is shown.
        address: of the page.
        line: to the server.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, address: str, line: Line, pictures: Path) -> None:
        super().__init__(page, (address.rpartition("/")[0], line.url, line.url.replace("http", "ws")), pictures)
        self.line = line
        self._address = address
        self._registered = asyncio.Event()
        page.on("websocket", lambda socket: socket.on("framereceived", self._on_frame))

    # What they do

    async def open(self) -> None:
        """Go to the page."""
        await self.page.goto(self._address)

    async def join(self, name: str) -> None:
        """Choose a nickname, and come back when the room has welcomed them."""
        await self.nickname.fill(name)
        await self.button("Join Discussion").click()
        await self.line_reads(re.compile("^Welcome "))

    async def write(self, text: str) -> None:
        """Write something, and do not send it."""
        await self.composer.fill(text)

    async def send(self, text: str) -> None:
        """Write a message and send it."""
        await self.write(text)
        await self.button("Send").click()

    async def stream(self, wanted: bool) -> None:
        """Turn streaming on or off, and come back when the server knows."""
        if (await self.streaming.get_attribute("aria-checked") == "true") != wanted:
            self._registered.clear()
            await self.streaming.click()
            async with asyncio.timeout(PATIENCE):
                await self._registered.wait()

    # What they see

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def nickname(self) -> Locator:
        return self.dialog.get_by_role("textbox", name="Nickname")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def streaming(self) -> Locator:
        return self.page.get_by_role("switch", name="Streaming")

    @property
    def dots(self) -> Locator:
        return self.log.get_by_role("status").filter(has_text="The assistant is answering")

    @property
    def lines(self) -> Locator:
        return self.log.locator(".line")

    @property
    def errors(self) -> Locator:
        return self.log.locator(".error")

    async def said(self) -> list[tuple[str, str]]:
        """Who said what, from the oldest on; whoever sits here is ``You``."""
        found: list[list[str]] = await self.page.evaluate(_SAID)
        return [(author, text) for author, text in found]

    async def sees(self, *said: tuple[str, str]) -> None:
        """Come back when this is what has been said."""
        await until(self.said, wanted=list(said))

    async def line_reads(self, text: str | re.Pattern[str]) -> None:
        """Come back when one of the lines reads so."""
        await self.lines.filter(has_text=text).first.wait_for()

    def _on_frame(self, frame: str | bytes) -> None:
        if isinstance(frame, str) and '"registered"' in frame:
            self._registered.set()
