from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from livethread import testing
from livethread.page.chat import BUILT
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.page_scenes.browser import chromium
from tests.page_scenes.screen import PATIENCE
from tests.page_scenes.stage import Stage
from tests.page_scenes.voices import Voices

ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="package")
def pictures() -> Path:
    """Where screenshots are kept, each by the name of its scene."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    return ARTEFACTS


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(browser: Browser, pictures: Path) -> AsyncIterator[Stage]:
    """A server in this process, whose Ada and Bo say what a test says."""
    assert (BUILT / "index.html").exists(), "The chat page is not built here; scripts/setup dev builds it."
    async with Voices().running() as voices, aiohttp.ClientSession() as session:
        upstream = UpstreamSettings("voices", voices.url)
        with testing.server(upstreams=(upstream,), thread_policy="parallel", retries=0) as url:
            stage = Stage(browser, url, Caller(session, url), pictures, voices)
            await stage.cast()
            yield stage
