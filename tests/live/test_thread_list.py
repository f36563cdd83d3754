"""The live list of threads: what its viewers are told and when; time passes only where a test says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from random import Random
from typing import Any

import pytest

from livethread.domain.messages import Message
from livethread.domain.record import Deleted
from livethread.errors import StorageError
from livethread.live.bus import Hint
from livethread.live.hub import KEEP_ALIVE_EVERY
from livethread.live.log import ThreadWrite
from livethread.live.thread_list import BATCH, EVERY, ThreadList
from livethread.sse import Decoder
from livethread.storage import queries
from tests.live.stage import Stage, until


@pytest.fixture
async def threads(stage: Stage) -> AsyncIterator[ThreadList]:
    threads = ThreadList(stage.database, stage.bus, stage.timer)
    yield threads
    threads.close()


class Page:
    """A page that shows the list, on a connection that takes bytes until it is filled."""

    def __init__(self, threads: ThreadList) -> None:
        self.raw = b""
        self.shown: dict[str, str | None] = {}  # the last message of each thread
        self._decoder = Decoder()
        self._full: asyncio.Future[None] | None = None
        self.viewer = threads.attach(self)

    def write(self, data: bytes) -> Awaitable[None] | None:
        self.raw += data
        return self._full

    def fill(self) -> None:
        """What is written next is taken, and nothing behind it."""
        self._full = self._full or asyncio.get_running_loop().create_future()

    def drain(self) -> None:
        """It takes bytes again."""
        if self._full is not None:
            self._full.set_result(None)
            self._full = None

    def told(self) -> list[Any]:
        """What it was told since it was asked last: a title and a last text, or that a thread is gone."""
        raw, self.raw = self.raw, b""
        told: list[Any] = []
        for event in self._decoder.feed(raw):
            item = json.loads(event.data)
            assert event.id == ""
            if event.type == "thread.listed":
                last = item["last_message"] and item["last_message"]["text"]
                told.append((item["title"], last))
                self.shown[item["id"]] = last
            else:
                assert (event.type, item) == ("thread.deleted", Deleted(id=item["id"], object=event.type).model_dump())
                told.append("deleted")
                self.shown.pop(item["id"], None)
        return told


async def settled(threads: ThreadList) -> None:
    """Everything that is to be told now has been, to all whose connections take it."""
    await until(lambda: threads._telling is None)
    viewers = [viewer for viewer in threads._viewers if viewer.pulling is not None]
    for viewer in viewers:
        await until(lambda viewer=viewer: viewer.level or viewer.sink._full is not None)  # type: ignore[misc]


async def passes(stage: Stage, threads: ThreadList, seconds: float = EVERY) -> None:
    """Time does, and all is told."""
    stage.timer.ring(seconds)
    await settled(threads)


async def test_a_change_is_told_at_once_and_those_within_a_second_behind_it_as_one(
    stage: Stage, threads: ThreadList
) -> None:
    page = Page(threads)
    assert page.raw == b":\n"
    await stage.open_thread()
    await settled(threads)
    assert page.told() == [(None, None)]
    for text in ("one", "two", "three"):
        await stage.post(text)
    await passes(stage, threads, EVERY - 0.001)
    assert page.told() == []
    await passes(stage, threads, 0.001)
    assert page.told() == [("one", "three")]
    await passes(stage, threads)
    assert page.told() == []
    await stage.rename("Mine")
    await settled(threads)
    assert page.told() == [("Mine", "three")]


async def test_a_thread_that_rests_holds_no_other_up(stage: Stage, threads: ThreadList) -> None:
    page = Page(threads)
    for text in ("one", "two"):
        await stage.open_thread()
        await settled(threads)
        page.told()
        stage.clock.time += 1
        await stage.post(text)
    await settled(threads)
    assert page.told() == []
    await passes(stage, threads)
    assert page.told() == [("one", "one"), ("two", "two")]


async def test_what_changes_while_it_is_read_is_told_a_second_later(stage: Stage, threads: ThreadList) -> None:
    thread_id = await stage.open_thread()
    page = Page(threads)
    hint = Hint(thread_id, (), relisted=True)
    threads._hear(hint)
    await asyncio.sleep(0)
    threads._hear(hint)
    await settled(threads)
    assert page.told() == [(None, None)]
    await passes(stage, threads)
    assert page.told() == [(None, None)]


async def test_what_changes_neither_title_nor_last_message_is_not_told(stage: Stage, threads: ThreadList) -> None:
    first, second = await stage.post("one"), await stage.post("two")
    await stage.post("three")
    page = Page(threads)

    def colour(write: ThreadWrite) -> None:
        write.append(write.thread().model_copy(update={"metadata": {"colour": "red"}}), "thread.updated")

    async def delete(message: Message) -> None:
        deleted = Deleted(id=message.id, object="thread.message.deleted")
        await stage.log.append(stage.thread_id, lambda write: write.append(deleted, "thread.message.deleted"))
        await settled(threads)

    await stage.log.append(stage.thread_id, colour)
    await delete(second)
    owner = await stage.run()
    await owner.say("a word")
    await settled(threads)
    assert (page.told(), threads._number) == ([], 0)
    await owner.complete()
    await settled(threads)
    assert page.told() == [("one", "a word")]
    await passes(stage, threads)
    await delete(first)
    assert page.told() == [("three", "a word")]  # its title went with the message


async def test_an_author_who_is_renamed_is_told(stage: Stage, threads: ThreadList) -> None:
    message = await stage.post("one")
    page = Page(threads)
    renamed = message.model_copy(update={"metadata": {"name": "Ada"}})
    await stage.log.append(stage.thread_id, lambda write: write.append(renamed, "thread.message.updated"))
    await settled(threads)
    assert b'"name": "Ada"' in page.raw


async def test_who_leaves_while_another_is_written_to_is_sent_nothing_more(
    stage: Stage, threads: ThreadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [Page(threads) for _ in range(2)]

    def leaving(mine: Page, other: Page) -> Callable[[bytes], None]:
        def write(data: bytes) -> None:
            mine.raw += data
            threads.detach(other.viewer)

        return write

    for mine, other in (pages, pages[::-1]):
        monkeypatch.setattr(mine, "write", leaving(mine, other))
    await stage.open_thread()
    await settled(threads)
    assert sorted(len(page.told()) for page in pages) == [0, 1]


async def test_a_deleted_thread_is_told_and_not_again(stage: Stage, threads: ThreadList) -> None:
    page = Page(threads)
    await stage.open_thread()
    await settled(threads)
    page.told()
    await stage.delete()
    await passes(stage, threads)
    assert page.told() == ["deleted"]
    await passes(stage, threads)
    assert page.told() == []


async def test_of_a_thread_that_is_forgotten_before_it_is_told_its_end_is_told(
    stage: Stage, threads: ThreadList
) -> None:
    page = Page(threads)
    threads._hear(Hint("thread_gone", (), relisted=True))
    await settled(threads)
    assert page.told() == ["deleted"]


async def test_a_slow_viewer_holds_nobody_up_and_is_told_the_newest_of_each_thread_once(
    stage: Stage, threads: ThreadList
) -> None:
    slow, fast = Page(threads), Page(threads)
    slow.fill()
    await stage.open_thread()
    await settled(threads)
    assert slow.told() == fast.told() == [(None, None)]
    ids = []
    for number in range(2 * BATCH + 5):
        stage.clock.time += 1
        ids.append(await stage.open_thread())
        await stage.post(f"{number}")
    await settled(threads)
    await passes(stage, threads)
    for thread_id in ids[::2]:
        stage.clock.time += 1
        stage.thread_id = thread_id
        await stage.post("again")
    await passes(stage, threads)
    await passes(stage, threads)
    assert slow.raw == b""
    fast.told()
    assert threads._told.keys() == fast.shown.keys()  # all that is kept, and only while it is slow
    slow.drain()
    await settled(threads)
    assert sorted(last for _, last in slow.told()) == sorted([*map(str, range(1, len(ids), 2)), *["again"] * 23])
    assert slow.shown == fast.shown
    assert threads._told == {}


async def test_a_viewer_that_drains_a_little_is_told_a_batch_at_a_time(stage: Stage, threads: ThreadList) -> None:
    page = Page(threads)
    page.fill()
    await stage.open_thread()
    await settled(threads)
    page.told()
    for _ in range(BATCH + 3):
        await stage.open_thread()
    await settled(threads)
    assert page.raw == b""
    page.drain()
    page.fill()
    await until(lambda: page.raw)
    assert len(page.told()) == BATCH
    page.drain()
    await settled(threads)
    assert len(page.told()) == 3


async def test_while_nobody_looks_nothing_is_done_or_kept(stage: Stage, threads: ThreadList) -> None:
    page = Page(threads)
    page.fill()
    for _ in range(3):
        await stage.open_thread()
    await settled(threads)
    threads.detach(page.viewer)
    assert (stage.bus._hearers, stage.timer.waiting) == ({}, [])  # type: ignore[attr-defined]
    assert (threads._changed, threads._resting, threads._told, len(threads._rests)) == ({}, {}, {}, 0)
    await stage.open_thread()
    again = Page(threads)
    await settled(threads)
    assert again.told() == []
    await stage.post("one")
    await settled(threads)
    assert again.told() == [("one", "one")]


async def test_who_is_told_nothing_is_kept_alive(stage: Stage, threads: ThreadList) -> None:
    page, slow = Page(threads), Page(threads)
    slow.fill()
    for _ in range(3):
        await passes(stage, threads, KEEP_ALIVE_EVERY)
    assert (page.raw, slow.raw) == (b":\n" * 4, b":\n" * 2)


async def test_what_cannot_be_read_now_is_told_later(
    stage: Stage, threads: ThreadList, logged: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(threads)

    def fails(*_: object) -> Any:
        raise StorageError("It failed.", "The disk fails.")

    with monkeypatch.context() as broken:
        broken.setattr(queries, "threads_by_activity", fails)
        await stage.open_thread()
        await settled(threads)
    assert page.told() == []
    assert [entry["event"] for entry in logged] == ["threads not listed"]
    logged.clear()
    await passes(stage, threads)
    assert page.told() == [(None, None)]


async def test_a_viewer_whose_connection_breaks_is_sent_away_and_the_others_go_on(
    stage: Stage, threads: ThreadList, logged: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, page = Page(threads), Page(threads)

    def breaks(data: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(broken, "write", breaks)
    await stage.open_thread()
    await settled(threads)
    assert (broken.viewer.closed.done(), page.viewer.closed.done()) == (True, False)
    assert page.told() == [(None, None)]
    assert [entry["event"] for entry in logged] == ["viewer lost"]
    logged.clear()


async def test_when_the_server_stops_all_are_sent_away_and_whoever_comes(stage: Stage, threads: ThreadList) -> None:
    page, slow = Page(threads), Page(threads)
    slow.fill()
    await stage.open_thread()
    await settled(threads)
    threads.close()
    late = Page(threads)
    assert [viewer.closed.done() for viewer in (page.viewer, slow.viewer, late.viewer)] == [True] * 3
    assert (threads.viewers, late.raw) == (0, b"")


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_every_viewer_ends_with_the_list(stage: Stage, threads: ThreadList, seed: int) -> None:
    dice = Random(seed)
    pages = [Page(threads) for _ in range(3)]
    ids: list[str] = []
    for number in range(120):
        match dice.choice(["open", "post", "post", "post", "delete", "fill", "drain", "time", "turn", "turn"]):
            case "open":
                ids.append(await stage.open_thread())
            case "post" if ids:
                stage.thread_id = dice.choice(ids)
                await stage.post(f"{number}")
            case "delete" if ids and dice.random() < 0.3:
                stage.thread_id = ids.pop(dice.randrange(len(ids)))
                await stage.delete()
            case "fill":
                dice.choice(pages).fill()
            case "drain":
                dice.choice(pages).drain()
            case "time":
                stage.timer.ring(dice.random())
            case "turn":
                await asyncio.sleep(0)
    for page in pages:
        page.drain()
    for _ in range(2):
        await settled(threads)
        await passes(stage, threads)
    rows = await stage.database.read(lambda connection: queries.threads_by_activity(connection, ids))
    there = {row.id: (json.loads(row.last_message) or {"text": None})["text"] for row in rows}
    for page in pages:
        page.told()
        assert page.shown == there
