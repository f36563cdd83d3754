from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser

from tests.examples.stage.running import copied, run
from tests.page_scenes.browser import chromium


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def page_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Where the page is: a site of its own, as an app's is, so that its browser asks the server before it posts."""
    folder = copied(Path(__file__).parent, tmp_path_factory.mktemp("site"))
    await run("npm ci", folder)

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / "page.html")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_static("/node_modules", folder / "node_modules")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
