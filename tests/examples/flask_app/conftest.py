from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.examples.flask_app.scene import Site
from tests.examples.flask_app.scene import site as opened
from tests.page_scenes.browser import chromium


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The app, without the page in React, which has to be built first."""
    async with opened(browser, tmp_path_factory.mktemp("flask")) as site:
        yield site


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def built(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The app with all three pages."""
    async with opened(browser, tmp_path_factory.mktemp("flask"), built=True) as site:
        yield site
