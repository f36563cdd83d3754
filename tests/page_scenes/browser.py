"""Debian's Chromium, driven by Playwright, which downloads no browser of its own."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import MISSING, NAMES

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-quic",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
]  # fmt: skip


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with nothing in it, and gone behind the block."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, MISSING
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=SWITCHES)
        try:
            yield browser
        finally:
            await browser.close()
