"""The browser client as a page gets it: ``/client.js`` of a real server, in Chromium."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.browser.chromium import Chromium, Page, chromium
from tests.browser.watching import page
from tests.cuts.proxy import Proxy
from tests.cuts.scene import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

README = Path(__file__).parents[2] / "README.md"

FOLLOWING = """<!doctype html><meta charset=utf-8><script type="module">
import { createClient } from "SERVER/client.js";
const client = createClient({ url: "THROUGH" });
window.shown = [];
client.loadThread("THREAD", (messages) => {
  const said = messages.map((message) => message.content.map((part) => part.text.value).join(""));
  window.shown.push(said);
});
window.ask = (text, ...assistants) => client.addMessageAndRuns("THREAD", text, assistants, () => {});
tell(JSON.stringify(["ready"]));
</script>"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


async def until(opened: Page, script: str, wanted: Any) -> None:
    """Come back when a script in the page has this value."""
    found = None
    try:
        async with asyncio.timeout(30):
            while (found := await opened.run(script)) != wanted:
                pass
    except TimeoutError:
        assert found == wanted


async def texts(caller: Caller, thread_id: str) -> list[str]:
    """What a thread's messages say, newest first."""
    listed = await caller.get(f"/threads/{thread_id}/messages")
    return ["".join(part["text"]["value"] for part in message["content"]) for message in listed["data"]]


async def test_the_page_of_the_readme_shows_the_answer_to_its_end(browser: Chromium) -> None:
    html = README.read_text(encoding="utf-8").split("```html\n")[1].split("```")[0]
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            caller = Caller(session, url)
            assistant = (await caller.post("/assistants", {"model": "builtin/guide"}))["id"]
            html = html.replace("http://127.0.0.1:8000", url).replace("asst_…", assistant)
            ready = '<script>tell(JSON.stringify(["ready"]));</script>'
            async with page(browser, f"<!doctype html><meta charset=utf-8>{html}{ready}") as opened:
                await until(opened, "document.querySelectorAll('li').length", 2)
                (thread,) = (await caller.get("/threads"))["data"]
                await ended(caller, thread["id"])
                answer, question = await texts(caller, thread["id"])
                shown = "[...document.querySelectorAll('li')].map((item) => item.textContent)"
                await until(opened, shown, [f"assistant: {answer}", f"user: {question}"])
    assert question == "What is a thread?"


async def test_two_pages_whose_connections_are_cut_show_the_same_and_no_text_ever_shrinks(browser: Chromium) -> None:
    with testing.server(words_per_second=60) as url:
        proxy = Proxy(url, random.Random(5), hasten=True)
        async with aiohttp.ClientSession() as session, proxy.running():
            caller = Caller(session, url)
            guides = [(await caller.post("/assistants", {"model": "builtin/guide"}))["id"] for _ in range(2)]
            thread_id = (await caller.post("/threads", {}))["id"]
            html = FOLLOWING.replace("SERVER", url).replace("THROUGH", proxy.url).replace("THREAD", thread_id)
            async with page(browser, html) as one, page(browser, html) as other:
                await one.run(f"ask('How do cursors work?', ...{json.dumps(guides)})")
                proxy.cutting = False
                await ended(caller, thread_id)
                said = await texts(caller, thread_id)
                for opened in (one, other):
                    await until(opened, "shown.at(-1)", said)
                    check(await opened.run("shown"))
    assert (len(said), proxy.cuts > 0) == (3, True)


async def ended(caller: Caller, thread_id: str) -> None:
    """Come back when no run of the thread is under way."""
    async with asyncio.timeout(30):
        while any(
            run["status"] in ("queued", "in_progress")
            for run in (await caller.get(f"/threads/{thread_id}/runs"))["data"]
        ):
            pass


def check(lists: list[list[str]]) -> None:
    """Each list a page was shown goes on from the one before: more messages in front, more text behind."""
    for before, now in itertools.pairwise(lists):
        assert len(before) <= len(now)
        for old, new in zip(reversed(before), reversed(now), strict=False):
            assert new.startswith(old)
