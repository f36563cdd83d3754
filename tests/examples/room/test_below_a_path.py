"""A server that another application has mounted below a path, as a proxy may, too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser

from livethread.app import Livethread
from livethread.settings import Settings
from tests.examples.room.site import Site
from tests.examples.room.visitor import Visitor
from tests.examples.stage.line import Line

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]


@asynccontextmanager
async def mounted(data: Path) -> AsyncIterator[str]:
    """Livethread below ``/live`` of another server, whose address it is."""
    app, outer = Livethread(Settings(port=0, data=data, words_per_second=0, local_engines=False)), FastAPI()
    outer.mount("/live", app)
    server = uvicorn.Server(uvicorn.Config(outer, port=0, log_level="warning"))
    async with app.running():
        serving = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.001)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await serving


async def test_the_room_is_found_below_it(site: Site, browser: Browser, pictures: Path, tmp_path: Path) -> None:
    async with mounted(tmp_path) as url, Line(url).running() as line:
        context = await browser.new_context()
        try:
            ann = Visitor(await context.new_page(), site.address(f"{line.url}/live"), line, pictures)
            await ann.open()
            await ann.join("Ann")
            await ann.send("What is a thread?")
            await ann.log.get_by_text(re.compile("A thread is an ordered conversation")).first.wait_for()
            assert ann.faults == []
        finally:
            await context.close()
