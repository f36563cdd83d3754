"""A thread of 10,000 messages, brought in by an import."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from livethread import testing
from tests.cuts.scene import Caller
from tests.page_scenes.screen import Screen, comes_true
from tests.page_scenes.stage import PHONE, Stage
from tests.transfer.dumps import bring, lines, message, thread

pytestmark = pytest.mark.asyncio(loop_scope="package")

COUNT = 10_000
LAST = f"I am msg_{COUNT:05}"

_PLACE = """() => {
  const articles = [...document.querySelectorAll('[role=log] [data-message-id]')];
  const top = document.querySelector('[role=log]').getBoundingClientRect().top;
  const first = articles.find((article) => article.getBoundingClientRect().bottom > Math.max(top, 0) + 80);
  return [first.dataset.messageId, first.getBoundingClientRect().top, articles.length];
}"""
# As it is painted: whoever measures between two frames may see what the page is about to put right.
_TOP_OF = """(id) => new Promise((resolve) => new IntersectionObserver(([entry], observer) => {
  observer.disconnect();
  resolve(entry.boundingClientRect.top);
}).observe(document.querySelector(`[data-message-id="${id}"]`)))"""
_FAR_UP = """() => {
  let box = document.querySelector('[role=log]');
  while (box && box.scrollHeight <= box.clientHeight + 1) box = box.parentElement;
  (box ?? document.scrollingElement).scrollTop = 0;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def long(browser: Browser, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("long")
    said = (
        message(f"msg_{n:05}", n, role="user" if n % 2 else "assistant", metadata={"name": "Ann", "user_id": "ann"})
        for n in range(1, COUNT + 1)
    )
    (folder / "dump.ndjson").write_bytes(lines(thread(), *said))
    await asyncio.to_thread(bring, folder / "dump.ndjson", folder / "data")
    with testing.server(data=folder / "data") as url:
        async with aiohttp.ClientSession() as session:
            stage = Stage(browser, url, Caller(session, url), pictures)
            await stage.cast()
            yield stage


async def test_ten_thousand_messages_open_at_the_newest_in_seconds(long: Stage) -> None:
    begun = time.monotonic()
    async with long.screen("Ann", "thread_1") as ann:
        await expect(ann.log.get_by_text(LAST)).to_be_in_viewport()
        print(f"opened within {time.monotonic() - begun:.1f} s")
        assert time.monotonic() - begun < 5
        await ann.picture("ten-thousand")


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_older_messages_come_as_one_scrolls_up_and_the_reader_keeps_the_place(long: Stage, size: str) -> None:
    async with long.screen("Ann", "thread_1", **(PHONE if size == "phone" else {})) as ann:
        await expect(ann.log.get_by_text(LAST)).to_be_in_viewport()
        for _ in range(6):
            count = (await ann.page.evaluate(_PLACE))[2]
            await ann.page.evaluate(_FAR_UP)
            id, top, _ = await ann.page.evaluate(_PLACE)
            await comes_true(more_than, ann, count)
            for _ in range(10):  # and it stays there, while what was loaded is laid out
                assert abs(await ann.page.evaluate(_TOP_OF, id) - top) <= 2
        assert await numbers(ann) == list(range(COUNT - len(await numbers(ann)) + 1, COUNT + 1))
        await ann.picture(f"ten-thousand-far-up-{size}")
        await ann.to_newest.click()
        await expect(ann.log.get_by_text(LAST)).to_be_in_viewport()


async def test_a_reader_far_up_is_left_alone_by_what_is_said_meanwhile(long: Stage) -> None:
    async with long.screen("Ann", "thread_1") as ann, long.screen("Bob", "thread_1") as bob:
        await expect(ann.log.get_by_text(LAST)).to_be_in_viewport()
        await ann.page.evaluate(_FAR_UP)
        count = (await ann.page.evaluate(_PLACE))[2]
        await comes_true(more_than, ann, count - 1)
        await ann.page.mouse.move(700, 400)
        await ann.page.mouse.wheel(0, 600)
        await comes_true(rests, ann)
        id, top, _ = await ann.page.evaluate(_PLACE)
        await bob.choose()
        await bob.send("Said while Ann reads far up")
        await comes_true(says_last, ann, "Said while Ann reads far up")
        assert abs(await ann.page.evaluate(_TOP_OF, id) - top) <= 2
        await ann.to_newest.click()
        await expect(ann.log.get_by_text("Said while Ann reads far up")).to_be_in_viewport()


async def more_than(screen: Screen, count: int) -> bool:
    now: int = (await screen.page.evaluate(_PLACE))[2]
    return now > count


async def says_last(screen: Screen, text: str) -> bool:
    return (await screen.said())[-1] == text


async def rests(screen: Screen) -> bool:
    """Whether two frames show the same place, with messages neither above nor below being loaded."""
    before = await screen.page.evaluate(_PLACE)
    await screen.said()  # a frame
    return bool(before == await screen.page.evaluate(_PLACE))


async def numbers(screen: Screen) -> list[int]:
    """The imported messages that it shows, in their order."""
    return [int(text.removeprefix("I am msg_")) for text in await screen.said() if text.startswith("I am msg_")]
