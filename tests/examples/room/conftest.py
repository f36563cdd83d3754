from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.cuts.scene import Caller
from tests.examples.room.room import Room
from tests.examples.room.room import house as opened
from tests.examples.room.site import Site, build
from tests.page_scenes.browser import chromium
from tests.page_scenes.voices import Voices

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


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house() -> AsyncIterator[tuple[Caller, Voices]]:
    async with opened() as house:
        yield house


@pytest_asyncio.fixture(loop_scope="package")
async def room(house: tuple[Caller, Voices], site: Site, browser: Browser, pictures: Path) -> Room:
    room = Room(*house, site, browser, pictures)
    await room.begin()
    return room
