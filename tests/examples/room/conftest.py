from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.examples.room.room import Room
from tests.examples.room.room import room as opened
from tests.examples.room.site import Site, build
from tests.page_scenes.browser import chromium

ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with Site(await build(tmp_path_factory.mktemp("room"))).running() as site:
        yield site


@pytest.fixture(scope="package")
def pictures() -> Path:
    """Where screenshots are kept, each by the name of its scene."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    return ARTEFACTS


@pytest_asyncio.fixture(loop_scope="package")
async def room(site: Site, browser: Browser, pictures: Path) -> AsyncIterator[Room]:
    async with opened(site, browser, pictures) as room:
        yield room
