"""The native ``EventSource`` of Chromium: it comes back by itself, and dies of most errors."""

from __future__ import annotations

import json
import os
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.browser.chromium import Chromium, Page, chromium
from tests.browser.watching import NativeEventSource, Source, page
from tests.cuts.program import program
from tests.cuts.proxy import Proxy
from tests.cuts.scene import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

TORTURE = bool(os.environ.get("TORTURE"))
CUTS, RUNS, VIEWERS = (3000, 40, 24) if TORTURE else (100, 4, 6)
NO_CURSOR = b"""\
HTTP/1.1 200 OK
Content-Type: text/event-stream
Access-Control-Allow-Origin: *
Connection: close

retry: 10
id: 1.?.%7e\xc3\xa9
data: x

"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def opened(browser: Chromium) -> AsyncIterator[Page]:
    async with page(browser) as opened:
        yield opened


def whole(url: str) -> Proxy:
    """A proxy that cuts nothing, and asks the browser to come back at once."""
    proxy = Proxy(url, random.Random(0), hasten=True)
    proxy.cutting = False
    return proxy


async def a_thread(caller: Caller, said: str = "Hello") -> str:
    """The id of a thread in which somebody has said something."""
    thread = await caller.post("/threads", {"messages": [{"role": "user", "content": said}]})
    return str(thread["id"])


@pytest.mark.torture
async def test_event_sources_that_are_cut_at_random_bytes_are_never_shown_a_wrong_state(
    opened: Page, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        async with Proxy(url, random.Random(seed), hasten=True).running() as proxy:
            report = await program(
                url, tmp_path / "scripts", seed, cuts=CUTS, runs=RUNS, viewers=VIEWERS, pieces=150,
                watcher=partial(NativeEventSource, page=opened), proxy=proxy,
            )  # fmt: skip
    print(report)
    assert report.wrong == []
    assert (report.cuts >= CUTS, report.runs >= RUNS) == (True, True)


async def test_an_id_that_no_server_has_given_out_is_answered_by_a_snapshot(opened: Page) -> None:
    with testing.server() as url:
        async with whole(url).running() as proxy, aiohttp.ClientSession() as session:
            thread_id = await a_thread(Caller(session, url))
            proxy.first_answer = NO_CURSOR
            source = Source(opened, "odd", f"{proxy.url}/v1/threads/{thread_id}/events")
            await source.begin()
            first, snapshot = await source.hears("thread.snapshot")
            await source.close()
    assert (first.type, first.id) == ("message", "1.?.%7eé")
    assert snapshot.id == json.loads(snapshot.data)["cursor"]
    assert proxy.connections == 2


async def test_an_event_source_goes_on_behind_a_restart_of_the_server(opened: Page, tmp_path: Path) -> None:
    async with whole("").running() as proxy, aiohttp.ClientSession() as session:
        with testing.server(data=tmp_path) as url:
            proxy.target = url
            thread_id = await a_thread(Caller(session, url))
            source = Source(opened, "again", f"{proxy.url}/v1/threads/{thread_id}/events")
            await source.begin()
            (snapshot,) = await source.hears("thread.snapshot")
        with testing.server(data=tmp_path) as url:
            proxy.target = url
            await Caller(session, url).post(
                f"/threads/{thread_id}/messages", {"role": "user", "content": "Still here?"}
            )
            told = await source.hears("thread.message.created")
        await source.close()
    assert snapshot.type == "thread.snapshot"
    assert [event.type for event in told if event.type != "thread.presence"] == ["thread.message.created"]


async def test_the_stream_of_a_deleted_thread_ends_for_good(opened: Page) -> None:
    with testing.server() as url:
        async with whole(url).running() as proxy, aiohttp.ClientSession() as session:
            caller = Caller(session, url)
            thread_id = await a_thread(caller)
            source = Source(opened, "gone", f"{proxy.url}/v1/threads/{thread_id}/events")
            await source.begin()
            await source.hears("thread.snapshot")
            await caller.call("DELETE", f"/threads/{thread_id}")
            told = await source.closes()
    assert told[-1] == "thread.deleted"
    assert proxy.connections == 2  # the second was answered 204


async def test_who_finds_no_place_hears_why_and_comes_back(opened: Page) -> None:
    with testing.server(max_viewers_per_thread=1) as url:
        async with whole(url).running() as proxy, aiohttp.ClientSession() as session:
            thread_id = await a_thread(Caller(session, url))
            path = f"/v1/threads/{thread_id}/events"
            async with session.get(f"{url}{path}") as taken:
                await taken.content.read(1)
                source = Source(opened, "late", f"{proxy.url}{path}")
                await source.begin()
                (refused,) = await source.hears("error")
            assert json.loads(refused.data)["error"]["code"] == "too_many_viewers"
            assert refused.id == ""
            await source.hears("thread.snapshot")
            await source.close()
