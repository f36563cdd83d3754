"""The chat page in one browser tab, as somebody uses it: everything is found by its accessible name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import ConsoleMessage, Locator, Page, Request, expect

T = TypeVar("T")

PATIENCE = 15.0
"""Seconds within which anything has to come true."""

WATCHING = (Path(__file__).parent / "watching.js").read_text(encoding="utf-8")
_SAID = """() => new Promise((resolve) => requestAnimationFrame(() => resolve(
  [...document.querySelectorAll('[role=log] [data-message-id]')].map((message) => message.textContent))))"""
_OF_THE_BROWSER = re.compile(r"Failed to load resource|net::ERR_|ERR_INTERNET_DISCONNECTED")


class Screen:
    """One page.

    Args:
        page: where it is shown.
        url: of the server.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, url: str, pictures: Path) -> None:
        self.page = page
        self.faults: list[str] = []
        """What a page must never do: errors nobody caught, dialogs, requests to somebody else."""
        self.requests: list[Request] = []
        self._url = url
        self._pictures = pictures
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._on_console)
        page.on("request", self._on_request)
        page.on("dialog", self._on_dialog)
        page.on("popup", lambda _: self.faults.append("a window was opened"))

    # What it is asked for

    async def open(self, thread_id: str = "") -> None:
        """Go to a thread's address."""
        await self.page.goto(f"{self._url}/#{thread_id}" if thread_id else f"{self._url}/")

    async def join(self, name: str) -> None:
        """Choose a nickname."""
        dialog = self.page.get_by_role("dialog", name="Choose a nickname")
        await dialog.get_by_role("textbox", name="Nickname").fill(name)
        await dialog.get_by_role("button", name="Join").click()
        await expect(dialog).to_be_hidden()

    async def choose(self, *assistants: str) -> None:
        """Address these assistants, and no others."""
        buttons = self.page.get_by_role("group", name="Assistants").get_by_role("button")
        await expect(buttons.first).to_be_visible()
        for button in await buttons.all():
            if await button.get_attribute("aria-pressed") is None:
                continue
            wanted = (await button.inner_text()).strip() in assistants
            if (await button.get_attribute("aria-pressed") == "true") != wanted:
                await button.click()
        for name in assistants:
            await expect(self.button(name)).to_have_attribute("aria-pressed", "true")

    async def send(self, text: str) -> None:
        """Write a message and send it."""
        await self.composer.fill(text)
        await self.button("Send").click()

    # What stands on it

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def connection(self) -> Locator:
        return self.page.get_by_role("status", name="Connection")

    @property
    def threads(self) -> Locator:
        return self.page.get_by_role("navigation", name="Threads")

    @property
    def articles(self) -> Locator:
        return self.log.get_by_role("article")

    @property
    def to_newest(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("^Go to the newest message"))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def said(self) -> list[str]:
        """What its messages say, oldest first."""
        found: list[str] = await self.page.evaluate(_SAID)
        return [text.strip() for text in found]

    async def shown_states(self) -> list[dict[str, Any]]:
        """Every state of the thread that it has shown."""
        states: list[dict[str, Any]] = await self.page.evaluate("shownStates")
        return states

    async def says(self, *texts: str) -> None:
        """Come back when its messages say this, oldest first."""
        await until(self.said, wanted=list(texts))

    async def picture(self, name: str) -> None:
        """Keep a screenshot."""
        await self.page.screenshot(path=self._pictures / f"{name}.png")

    # What it must not do

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _OF_THE_BROWSER.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith((self._url, "data:", "blob:", "chrome-error:")):
            self.faults.append(f"asked {request.url}")

    async def _on_dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


async def until(read: Callable[..., Awaitable[T]], *about: Any, wanted: T) -> None:
    """Come back when something reads as wanted.

    Raises:
        AssertionError: it did not, in time; tells what it read last.
    """
    found: Any = None
    try:
        async with asyncio.timeout(PATIENCE):
            while (found := await read(*about)) != wanted:
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"within {PATIENCE:.0f} s it became {found!r}, and not {wanted!r}") from None


async def comes_true(read: Callable[..., Awaitable[object]], *about: Any) -> None:
    """Come back when something is true."""

    async def truth() -> bool:
        return bool(await read(*about))

    await until(truth, wanted=True)
