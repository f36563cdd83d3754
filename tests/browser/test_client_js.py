"""The browser client as a page gets it: ``/client.js`` of a real server, in Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from livethread import testing
from livethread.page.script import BUILT
from livethread.sse import Decoder
from tests.browser.chromium import Chromium, Page, chromium
from tests.browser.watching import page
from tests.cuts.proxy import Proxy
from tests.cuts.scene import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "clients" / "js"

FOLLOWING = """<!doctype html><meta charset=utf-8><script type="module">
import { createClient } from "SERVER/client.js";
MORE
const client = createClient({ url: "THROUGH", ...options });
window.shown = [];
window.called = 0;
client.loadThread("THREAD", (messages) => {
  const said = messages.map((message) => message.content.map((part) => part.text.value).join(""));
  window.shown.push(said);
});
window.now = () => client.thread("THREAD").getSnapshot();
window.older = () => client.older("THREAD");
window.add = (text) => void client.addMessage("THREAD", text);
window.ask = (text, ...assistants) => void client.addMessageAndRuns("THREAD", text, assistants, () => {});
tell(JSON.stringify(["ready"]));
</script>"""


NATIVE = """import { eventSource } from "/event-source.js";
const options = { follow: eventSource };
window.made = [];
window.EventSource = class extends EventSource {
  constructor(url) {
    super(url);
    made.push(url);
  }
};"""


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
    html = (ROOT / "README.md").read_text(encoding="utf-8").split("```html\n")[1].split("```")[0]
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
            html = following(url, proxy.url, thread_id)
            async with page(browser, html) as one, page(browser, html) as other:
                await one.run(f"ask('How do cursors work?', ...{json.dumps(guides)})")
                await until(one, "shown.at(-1)?.length", 3)
                await ended(caller, thread_id)
                proxy.cutting = False
                said = await texts(caller, thread_id)
                for opened in (one, other):
                    await until(opened, "shown.at(-1)", said)
                    check(await opened.run("shown"))
    assert (len(said), proxy.cuts > 0) == (3, True)


async def test_tabs_hold_one_connection_and_no_text_is_lost_or_repeated_when_the_one_that_leads_is_closed(
    browser: Chromium,
) -> None:
    with testing.server(words_per_second=60) as url:
        proxy = Proxy(url, random.Random(7), hasten=True)
        async with aiohttp.ClientSession() as session, proxy.running(), contextlib.AsyncExitStack() as leading:
            caller = Caller(session, url)
            guide = (await caller.post("/assistants", {"model": "builtin/guide"}))["id"]
            thread_id = (await caller.post("/threads", {}))["id"]
            async with site(following(url, proxy.url, thread_id)) as address:
                proxy.cutting = False
                first = await leading.enter_async_context(browser.page(address))
                await until(first, "now().status", "live")
                async with browser.page(address) as second, browser.page(address) as third:
                    for opened in (second, third):
                        await until(opened, "now().status", "live")
                        await until(opened, "now().viewers", 1)
                    assert await viewers(session, url, thread_id) == 1
                    await third.run(f"ask('How do cursors work?', {json.dumps(guide)})")
                    await until(third, "shown.at(-1)?.[0]?.length > 50", True)
                    check(await first.run("shown"))
                    proxy.cutting = True  # from the next connection on
                    await leading.aclose()
                    await ended(caller, thread_id)
                    proxy.cutting = False
                    said = await texts(caller, thread_id)
                    for opened in (second, third):
                        await until(opened, "shown.at(-1)", said)
                        check(await opened.run("shown"))
                        await until(opened, "now().viewers", 1)
    assert (len(said), proxy.cuts > 0) == (2, True)


async def test_eight_tabs_of_one_browser_which_allows_six_connections_to_a_server_follow_a_thread_and_call(
    browser: Chromium,
) -> None:
    with testing.server() as url:
        async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as opened:
            caller = Caller(session, url)
            thread_id = (await caller.post("/threads", {}))["id"]
            address = await opened.enter_async_context(site(following(url, url, thread_id)))
            tabs = [await opened.enter_async_context(browser.page(address)) for _ in range(8)]
            for tab in tabs:
                await until(tab, "now().status", "live")
            assert await viewers(session, url, thread_id) == 1
            for number, tab in enumerate(tabs):
                await tab.run(f"add('{number}')")
                for other in tabs:
                    await until(other, "shown.at(-1)[0]", str(number))
            for tab in tabs:
                assert await tab.run("shown.at(-1)") == list("76543210")
                check(await tab.run("shown"))


async def test_a_tab_that_is_frozen_while_it_leads_does_not_starve_the_others_and_keeps_its_older_messages(
    browser: Chromium,
) -> None:
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            caller = Caller(session, url)
            said = [{"role": "user", "content": text} for text in ("Zero", "One")]
            thread_id = (await caller.post("/threads", {"messages": said}))["id"]
            path = f"/threads/{thread_id}/messages"
            html = following(url, url, thread_id, "const options = { limit: 1 };")
            async with site(html) as address, browser.page(address) as first:
                await until(first, "now().status", "live")
                assert await first.run("older()") is False
                await until(first, "shown.at(-1)", ["One", "Zero"])
                await first.run("shown.splice(0, shown.length - 1)")
                await first.become("frozen")
                await caller.post(path, {"role": "user", "content": "Two"})
                async with browser.page(address) as second:
                    await until(second, "shown.at(-1)", ["Two"])
                    await first.become("active")
                    await until(first, "shown.at(-1)", ["Two", "One", "Zero"])
                    await caller.post(path, {"role": "user", "content": "Three"})
                    await until(second, "shown.at(-1)", ["Three", "Two"])
                    await until(first, "shown.at(-1)", ["Three", "Two", "One", "Zero"])
                    for opened in (first, second):
                        check(await opened.run("shown"))
                    async with asyncio.timeout(20):  # the one by which the first was brought level is given up
                        while await viewers(session, url, thread_id) > 1:
                            pass


async def test_a_page_that_cannot_load_what_lies_beside_the_client_follows_all_the_same(
    browser: Chromium, tmp_path: Path
) -> None:
    (tmp_path / "client.js").write_bytes(BUILT.read_bytes())
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            thread_id = (await Caller(session, url).post("/threads", {}))["id"]
            async with (
                site(following("", url, thread_id), tmp_path) as address,
                browser.page(address) as one, browser.page(address) as other,
            ):  # fmt: skip
                for opened in (one, other):
                    await until(opened, "now().status", "live")
                assert await viewers(session, url, thread_id) == 2


async def test_a_page_that_uses_the_native_event_source_is_cut_and_no_text_ever_shrinks(
    browser: Chromium, tmp_path: Path
) -> None:
    package(tmp_path)
    with testing.server(words_per_second=60) as url:
        proxy = Proxy(url, random.Random(3), hasten=True)
        async with aiohttp.ClientSession() as session, proxy.running():
            caller = Caller(session, url)
            guide = (await caller.post("/assistants", {"model": "builtin/guide"}))["id"]
            thread_id = (await caller.post("/threads", {}))["id"]
            html = following("", proxy.url, thread_id, NATIVE).replace("/client.js", "/index.js")
            async with site(html, tmp_path) as address, browser.page(address) as opened:
                await until(opened, "now().status", "live")
                await opened.run(f"ask('How do cursors work?', {json.dumps(guide)})")
                await until(opened, "shown.at(-1)?.length", 2)
                await ended(caller, thread_id)
                proxy.cutting = False
                said = await texts(caller, thread_id)
                await until(opened, "shown.at(-1)", said)
                check(await opened.run("shown"))
                made = await opened.run("made")
                assert len(made) > 1
                assert "cursor=" not in made[0]
                assert "cursor=" in made[-1]
                await caller.call("DELETE", f"/threads/{thread_id}")
                await until(opened, "now().deleted && now().status", "offline")
    assert (len(said), proxy.cuts > 0) == (2, True)


async def test_a_page_loads_older_messages_with_a_part_of_the_client_that_it_gets_then(browser: Chromium) -> None:
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            messages = [{"role": "user", "content": f"{number}"} for number in range(5)]
            thread_id = (await Caller(session, url).post("/threads", {"messages": messages}))["id"]
            html = following(url, url, thread_id, "const options = { limit: 2 };")
            async with page(browser, html) as opened:
                await until(opened, "shown.at(-1)", ["4", "3"])
                assert await opened.run("older()") is False
                assert await opened.run("now().messages.length") == 5
                await until(opened, "shown.at(-1)", list("43210"))


async def test_a_call_is_answered_by_exactly_one_of_three_pages_that_have_the_function(browser: Chromium) -> None:
    script = {"turns": [[{"tool_calls": [{"name": "look", "arguments": {}}]}], [{"text": "Thanks."}]]}
    body = {
        "model": "builtin/script",
        "instructions": json.dumps(script),
        "tools": [{"type": "function", "function": {"name": "look"}}],
    }
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            caller = Caller(session, url)
            assistant = (await caller.post("/assistants", body))["id"]
            thread_id = (await caller.post("/threads", {}))["id"]
            more = "const options = { tools: { look: () => `${++window.called} tree` } };"
            async with (
                site(following(url, url, thread_id, more)) as address,
                browser.page(address) as one, browser.page(address) as two, browser.page(address) as three,
            ):  # fmt: skip
                pages = (one, two, three)
                for opened in pages:
                    await until(opened, "now().status", "live")
                await two.run(f"ask('Go', {json.dumps(assistant)})")
                for opened in pages:
                    await until(opened, "shown.at(-1)", ["Thanks.", "Go"])
                assert sum([await opened.run("called") for opened in pages]) == 1
                assert [await opened.run("now().error") for opened in pages] == [None, None, None]


def following(server: str, through: str, thread_id: str, more: str = "const options = {};") -> str:
    """A page that follows a thread.

    Args:
        server: whose client it takes.
        through: where it calls.
        more: lines of its script, which make its ``options``.
    """
    return (
        FOLLOWING.replace("SERVER", server).replace("THROUGH", through).replace("THREAD", thread_id)
        .replace("MORE", more)
    )  # fmt: skip


def package(folder: Path) -> None:
    """The package as npm has it: modules that a browser takes as they are."""
    compiler = PACKAGE / "node_modules" / "typescript" / "bin" / "tsc"
    subprocess.run([ROOT / ".venv" / "bin" / "node", compiler, "--outDir", folder], cwd=PACKAGE, check=True, timeout=50)


@contextlib.asynccontextmanager
async def site(html: str, folder: Path | None = None) -> AsyncIterator[str]:
    """The address of a page, of which any number may be opened, as tabs of one browser are."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    if folder is not None:
        app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        served = web.TCPSite(runner, "127.0.0.1", 0)
        await served.start()
        yield served.name
    finally:
        await runner.cleanup()


async def viewers(session: aiohttp.ClientSession, url: str, thread_id: str) -> int:
    """How many connections look on, besides the one that is made to learn it."""
    decoder = Decoder()
    async with session.get(f"{url}/v1/threads/{thread_id}/events?snapshot=none") as stream:
        async for data in stream.content.iter_any():
            for event in decoder.feed(data):
                if event.type == "thread.presence":
                    return int(json.loads(event.data)["viewers"]) - 1
    raise AssertionError("the stream has ended without telling who is there")


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
