from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.examples.nextjs.desk import Desk
from tests.examples.nextjs.scene import README, Scene, scene
from tests.examples.stage.running import copied, run
from tests.page_scenes.browser import chromium

ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def desk() -> AsyncIterator[Desk]:
    async with Desk().running() as desk:
        yield desk


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def folder(tmp_path_factory: pytest.TempPathFactory, desk: Desk) -> Path:
    """A copy of the example, with a function more, installed and built as its README says."""
    folder = copied(README.parent, tmp_path_factory.mktemp("nextjs"))
    desk.add_to(folder)
    for line in ("npm install", "npm run build"):
        await run(line, folder)
    return folder


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def scene_of_all(folder: Path, desk: Desk, browser: Browser) -> AsyncIterator[Scene]:
    async with scene(folder, desk, browser, ARTEFACTS) as opened:
        yield opened


@pytest_asyncio.fixture(name="scene", loop_scope="package")
async def mended(scene_of_all: Scene) -> Scene:
    """What all scenes share, with the server in reach and an assistant that says what the test says."""
    scene_of_all.upline.mend()
    await scene_of_all.speak()
    return scene_of_all
