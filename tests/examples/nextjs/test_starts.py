"""From nothing, with each command of the README; and with an assistant that was never imported."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from livethread import testing
from tests.cuts.scene import Caller
from tests.examples.nextjs.conftest import ARTEFACTS
from tests.examples.nextjs.scene import Scene
from tests.examples.stage.running import serving
from tests.examples.stage.tab import tab

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

COMPILING = 60_000.0
"""Milliseconds that `npm run dev` may take for a page that it has not made yet."""

EXAMPLE = "Give me a cat name from music and one from food. Then tell me the daily cat trivia."


@pytest.mark.parametrize("line", ["npm run dev", "npm start"])
async def test_nothing_has_to_be_made_first(line: str, folder: Path, browser: Browser) -> None:
    with testing.server(words_per_second=200) as server:
        async with (
            aiohttp.ClientSession() as session,
            serving(line, folder, LIVETHREAD_URL=server) as url,
            tab(browser, address := url.replace("127.0.0.1", "localhost"), server, pictures=ARTEFACTS) as ann,
        ):
            caller = Caller(session, server)
            for path in ("/", "/with-client"):
                await ann.page.goto(f"{address}{path}", timeout=COMPILING)
                await ann.button(EXAMPLE).click()
                answer = ann.page.get_by_role("article", name="Cat expert")
                await expect(answer).to_contain_text("not a language model", timeout=COMPILING)
                for output in ('"theme":"music"', '"theme":"food"', '"trivia":'):
                    await expect(answer).to_contain_text(output)
            calls = ann.page.get_by_role("article", name="Function")
            await expect(calls).to_have_count(0)
            assistants = (await caller.get("/assistants?order=asc"))["data"]
            assert [assistant["name"] for assistant in assistants][3:] == ["Cat expert"]
            assert len((await caller.get("/threads"))["data"]) == 2


async def test_an_assistant_that_was_never_imported_is_told_on_both_pages(scene: Scene, folder: Path) -> None:
    settings = {"LIVETHREAD_URL": scene.caller.url, "OPENAI_ASSISTANT_ID": "asst_yBFBOAjeYbV44F5oyF7LIgUH"}
    told = re.compile(
        "^The assistant asst_yBFBOAjeYbV44F5oyF7LIgUH, which OPENAI_ASSISTANT_ID names, is not on the server at "
        "http://127.0.0.1:[0-9]+. Import it with livethread import, or leave the variable out, and one is made."
    )
    before = await scene.threads()
    async with serving("npm start", folder, **settings) as url, scene.visitor(address=url) as ann:
        await ann.send("Hello")
        await ann.is_told(told)
        await ann.is_busy(False)
        await ann.picture("never-imported")
        await ann.page.goto(f"{ann.line.url}/with-client")
        await ann.is_told(told)
    assert await scene.threads() == before
