from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.browser.chromium import Chromium, chromium
from tests.cuts.scene import Caller
from tests.docs.shell import Terminal


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def caller() -> AsyncIterator[Caller]:
    """A server with what a new one has."""
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            yield Caller(session, url)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """One without a server."""
    return Terminal(tmp_path)


@pytest_asyncio.fixture(loop_scope="package")
async def beside(caller: Caller, tmp_path: Path) -> Terminal:
    """One beside the server, about a thread of it in which somebody has said something, and its assistant Guide."""
    thread = await caller.post("/threads", {"messages": [{"role": "user", "content": "Hello 🌳"}]})
    *_, guide = (await caller.get("/assistants"))["data"]  # newest first
    return Terminal(tmp_path, caller.url, thread=thread["id"], asst=guide["id"])
