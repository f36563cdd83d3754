from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.examples.react_router.scene import README, Scene, scene
from tests.examples.stage.running import copied, lines, run
from tests.page_scenes.browser import chromium

ARTEFACTS = Path(os.environ.get("ARTEFACTS") or Path(__file__).parent / "artefacts")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, installed and built as its README says."""
    folder = copied(README.parent, tmp_path_factory.mktemp("react-router"))
    _, install, _, build, _ = lines(README)
    for line in (install, build):
        await run(line, folder)
    return folder


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def scene_of_all(folder: Path, browser: Browser) -> AsyncIterator[Scene]:
    async with scene(folder, browser, ARTEFACTS) as opened:
        yield opened


@pytest_asyncio.fixture(name="scene", loop_scope="package")
async def begun(scene_of_all: Scene) -> Scene:
    """What all scenes share."""
    await scene_of_all.begin()
    return scene_of_all
