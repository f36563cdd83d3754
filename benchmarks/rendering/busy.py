"""How long the main thread of a page is busy: its processor time, as Chromium accounts for it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, Self

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
SWITCHES: Final = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
PATIENCE: Final = 120_000
"""Milliseconds for anything that a page is asked for."""

SETTLING: Final = 1.0
"""Seconds that a page has for itself before and behind what is measured."""


class Busy(NamedTuple):
    """Seconds of processor time of a page's main thread.

    Args:
        all: in all its tasks.
        script: in scripts.
        layout: in style and layout.
    """

    all: float
    script: float
    layout: float

    @classmethod
    def of(cls, session: CDPSession) -> Self:
        """Up to now."""
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        layout = metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]
        return cls(metrics["TaskDuration"], metrics["ScriptDuration"], layout)

    def since(self, before: Busy) -> Busy:
        """What came since then."""
        return Busy(*(now - then for now, then in zip(self, before, strict=True)))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, for as long as the block lasts.

    Raises:
        FileNotFoundError: there is none.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError("There is no Chromium here: apt-get install chromium (Debian's package).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        try:
            yield browser
        finally:
            browser.close()


def measure(
    browser: Browser, opened: Callable[[Page], None], done: Callable[[Page], None], shown: Callable[[Page], None]
) -> Busy:
    """What it costs a new page to do something.

    Args:
        browser: that opens it.
        opened: comes back when the page is ready.
        done: has it do what is measured, and comes back when that is over; asks the page as little as it can.
        shown: makes sure that the page shows the end of it.
    """
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        opened(page)
        session.send("HeapProfiler.collectGarbage")
        time.sleep(SETTLING)
        before = Busy.of(session)
        done(page)
        time.sleep(SETTLING)
        busy = Busy.of(session).since(before)
        shown(page)
        return busy
