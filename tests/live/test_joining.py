"""While the loop is behind, text waits in the draft store (ARCHITECTURE, rule 9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from livethread.live.draft_file import left_in
from livethread.live.drafts import FEW, FileDrafts
from livethread.live.pace import BEHIND, Pace
from tests.live.stage import until
from tests.live.test_drafts import full_disk, size_of, texts

LONG, SHORT = 1000.0, 0.01


class GivenPace(Pace):
    """Of a loop that is as late as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[float] = []

    def note(self, late: float, now: float) -> None:
        self.noted.append(late)


class Told:
    """Whom the store told that their text grew."""

    def __init__(self) -> None:
        self.threads: list[set[str]] = []
        self._more = asyncio.Event()

    def __call__(self, threads: set[str]) -> None:
        self.threads.append(threads)
        self._more.set()

    async def until(self, threads: int) -> None:
        """Come back when so many were told."""
        while sum(map(len, self.threads)) < threads:
            self._more.clear()
            await self._more.wait()


@pytest.fixture
def pace() -> GivenPace:
    return GivenPace()


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def drafts(tmp_path: Path, pace: GivenPace, told: Told) -> AsyncIterator[FileDrafts]:
    store = FileDrafts(tmp_path / "drafts", told, pace)
    yield store
    store.close()


async def test_the_first_piece_of_a_draft_goes_out_at_once_and_the_next_wait_for_its_window(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = LONG
    drafts.grow("thread_1", "msg_1", "first ")
    await asyncio.sleep(0)
    for text in ["then ", "this ", "and that"]:
        drafts.grow("thread_1", "msg_1", text)
        await asyncio.sleep(0)
    draft = drafts.get("msg_1")
    assert draft is not None
    assert (told.threads, draft.stored) == ([{"thread_1"}], (0, 6))
    drafts.flush()
    assert (told.threads, draft.stored) == ([{"thread_1"}, {"thread_1"}], (0, 24))


async def test_a_draft_that_was_quiet_is_not_held_up_by_one_that_waits(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = LONG
    for message in ["msg_1", "msg_1", "msg_2"]:
        drafts.grow(f"thread_of_{message}", message, "text")
        await asyncio.sleep(0)
    assert told.threads == [{"thread_of_msg_1"}, {"thread_of_msg_2"}]


async def test_when_its_window_has_passed_a_draft_goes_out_by_itself(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = SHORT
    loop = asyncio.get_running_loop()
    drafts.grow("thread_1", "msg_1", "first ")
    await told.until(1)
    began = loop.time()
    drafts.grow("thread_1", "msg_1", "then ")
    drafts.grow("thread_1", "msg_1", "this")
    await told.until(2)
    draft = drafts.get("msg_1")
    assert draft is not None
    assert draft.stored == (0, 15)
    assert loop.time() - began > SHORT / 2


async def test_of_many_drafts_a_few_at_a_time_are_stored_and_shown_oldest_first(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = SHORT
    for number in range(5 * FEW):
        drafts.grow(f"thread_{number:02}", f"msg_{number}", "text")
    await told.until(5 * FEW)
    assert [len(threads) for threads in told.threads] == 5 * [FEW]
    assert [min(threads) for threads in told.threads] == [f"thread_{first:02}" for first in range(0, 5 * FEW, FEW)]


async def test_once_the_loop_is_on_time_again_nothing_waits_for_its_window(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = LONG
    for _ in range(2):
        drafts.grow("thread_1", "msg_1", "text")
        await asyncio.sleep(0)
    pace.window = 0.0
    drafts.grow("thread_2", "msg_2", "text")
    await asyncio.sleep(0)
    assert told.threads == [{"thread_1"}, {"thread_1", "thread_2"}]


async def test_a_file_that_takes_nothing_is_tried_again_with_the_next_piece(
    drafts: FileDrafts, pace: GivenPace, told: Told, logged: list[dict[str, object]]
) -> None:
    pace.window = SHORT
    drafts.grow("thread_1", "msg_1", "before ")
    await told.until(1)
    size = size_of(drafts.path)
    with full_disk(size + 10):
        drafts.grow("thread_1", "msg_1", "meanwhile ")
        await until(lambda: bool(logged))
    logged.clear()
    assert size_of(drafts.path) == size
    drafts.grow("thread_1", "msg_1", "after")
    await told.until(2)
    again = left_in(drafts.path)
    assert texts(again) == {"msg_1": "before meanwhile after"}


async def test_how_late_the_loop_was_is_noted_once_a_turn(drafts: FileDrafts, pace: GivenPace, told: Told) -> None:
    loop = asyncio.get_running_loop()

    def be_busy() -> None:
        end = loop.time() + 2 * BEHIND
        while loop.time() < end:
            pass

    drafts.grow("thread_1", "msg_1", "text")
    drafts.grow("thread_2", "msg_2", "text")
    await told.until(2)
    loop.call_soon(be_busy)
    drafts.grow("thread_1", "msg_1", "text")
    await told.until(3)
    on_time, late = pace.noted
    assert on_time < late
    assert late >= 2 * BEHIND
