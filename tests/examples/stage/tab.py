"""One page of an example in a browser; everything on it is found by its accessible name."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.page_scenes.screen import PATIENCE

DESKTOP: dict[str, Any] = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
_OF_THE_BROWSER = re.compile(r"Failed to load resource|net::ERR_|WebSocket connection to")

expect.set_options(timeout=PATIENCE * 1000)


class Tab:
    """A page, and what it must never do.

    Args:
        page: where it is shown.
        known: how the addresses begin that it may ask.
        pictures: the folder for screenshots.
    """

    def __init__(self, page: Page, known: tuple[str, ...], pictures: Path) -> None:
        self.page = page
        self.faults: list[str] = []
        """Errors that nobody caught, warnings, dialogs, requests to somebody else."""
        self._known = (*known, "data:", "blob:", "chrome-error:")
        self._pictures = pictures
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._on_console)
        page.on("request", self._on_request)
        page.on("dialog", self._on_dialog)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def picture(self, name: str) -> None:
        """Keep a screenshot."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=self._pictures / f"{name}.png")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _OF_THE_BROWSER.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith(self._known):
            self.faults.append(f"asked {request.url}")

    async def _on_dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


@contextlib.asynccontextmanager
async def tab(browser: Browser, *known: str, pictures: Path, **options: Any) -> AsyncIterator[Tab]:
    """A page in a browser of its own, which shares nothing with others; behind the block it has done nothing odd."""
    context = await browser.new_context(**{**DESKTOP, **options})
    try:
        opened = Tab(await context.new_page(), known, pictures)
        yield opened
        assert opened.faults == []
    finally:
        await context.close()
