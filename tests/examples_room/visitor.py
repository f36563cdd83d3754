"""Somebody before the page of examples/room; everything on it is found by its accessible name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Locator, Page

from tests.examples_room.line import Line
from tests.page_scenes.screen import PATIENCE, until

_SAID = """() => [...document.querySelectorAll("[data-message-id]")].map((message) => [
  message.getAttribute("aria-label"), message.querySelector(".bubble").innerText.trim()])"""
_OF_THE_BROWSER = re.compile(r"net::ERR_|WebSocket connection to")


class Visitor:
    """One page in a browser of its own.

    Args:
        page: where it is shown.
        address: of the page.
        line: to the server.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, address: str, line: Line, pictures: Path) -> None:
        self.page = page
        self.line = line
        self.faults: list[str] = []
        """What a page must never do: errors nobody caught, dialogs, requests to somebody else."""
        self._address = address
        self._pictures = pictures
        self._known = (address.rpartition("/")[0], line.url, line.url.replace("http", "ws"), "data:")
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._on_console)
        page.on("request", self._on_request)
        page.on("dialog", self._on_dialog)

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
        """Turn streaming on or off."""
        if (await self.streaming.get_attribute("aria-checked") == "true") != wanted:
            await self.streaming.click()

    async def picture(self, name: str) -> None:
        """Keep a screenshot."""
        await self.page.screenshot(path=self._pictures / f"{name}.png")

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

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

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

    # What the page must not do

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _OF_THE_BROWSER.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith(self._known):
            self.faults.append(f"asked {request.url}")

    async def _on_dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()
