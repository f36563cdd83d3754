"""While the loop is behind, text waits in the draft store (ARCHITECTURE, rule 9)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from livethread.live.draft import Draft
from livethread.live.draft_file import left_in
from livethread.live.drafts import FEW, FileDrafts
from livethread.live.pace import BEHIND, Pace
from tests.live.stage import until
from tests.live.test_drafts import full_disk, size_of, texts
from tests.live.whim import Whim

LONG, SHORT = 1e9, 0.01  # seconds: longer than any machine is up, whose clock may begin at its start


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
    drafts.grow("thread_1", "msg_1", "first ")
    await told.until(1)
    draft = drafts.get("msg_1")
    assert draft is not None
    first_at = draft.stored_at
    drafts.grow("thread_1", "msg_1", "then ")
    drafts.grow("thread_1", "msg_1", "this")
    await told.until(2)
    assert draft.stored == (0, 15)
    assert draft.stored_at >= first_at + SHORT


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


DOINGS = (*10 * ("say",), *5 * ("turn",), "refuse", "pause", "end", "full", "room", "room")


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_shown_is_in_the_file_and_at_last_all_is_shown(tmp_path: Path, seed: int) -> None:
    """Whatever is joined, also where open texts move to a new file, and where the disk is full for a while."""
    dice, seen = random.Random(seed), 0
    lost: list[str] = []

    def grown(threads: set[str]) -> None:
        nonlocal seen
        there = left_in(drafts.path)
        for draft in filter(None, map(drafts.get, messages)):
            held = there.get(draft.message_id, Draft("", draft.message_id))
            if held.content(draft.stored) != draft.content(draft.stored):
                lost.append(draft.message_id)
            seen += 1

    drafts = FileDrafts(tmp_path / "drafts", grown, Whim(seed), compact_at=300)
    messages = [f"msg_{number}" for number in range(4)]
    with capture_logs(), ExitStack() as disk:
        for number in range(1000):
            which, text = dice.randrange(len(messages)), "漢x" * dice.randrange(1, 20)
            match dice.choice(DOINGS):
                case "say":
                    drafts.grow(f"thread_{which % 2}", messages[which], text)
                case "refuse":
                    drafts.grow(f"thread_{which % 2}", messages[which], text, "refusal")
                case "turn":
                    await asyncio.sleep(0)
                case "pause":
                    await asyncio.sleep(0.002)
                case "end":
                    drafts.end(messages[which])
                    messages[which] = f"msg_of_{number}"
                case "full":
                    disk.enter_context(full_disk(size_of(drafts.path) + which))
                case "room":
                    disk.close()
    drafts.grow("thread_0", messages[0], "the last piece of all")
    await until(lambda: not drafts._waiting)
    assert (seen > 0, lost) == (True, [])
    for draft in filter(None, map(drafts.get, messages)):
        assert draft.stored == draft.end
    for message in messages:
        drafts.end(message)
    assert size_of(drafts.path) == 0
    drafts.close()


async def test_what_waits_is_not_in_the_new_file_before_its_turn(tmp_path: Path, pace: GivenPace) -> None:
    drafts = FileDrafts(tmp_path / "drafts", pace=pace, compact_at=200)
    pace.window = LONG
    drafts.grow("thread_1", "msg_1", "shown, ")
    await asyncio.sleep(0)
    drafts.grow("thread_1", "msg_1", "waits, ")
    drafts.grow("thread_2", "msg_2", "x" * 300)
    await until(lambda: (draft := drafts.get("msg_2")) is not None and draft.stored == draft.end)
    drafts.grow("thread_1", "msg_1", "goes on")
    drafts.flush()
    assert texts(left_in(drafts.path)) == {"msg_1": "shown, waits, goes on", "msg_2": "x" * 300}
    drafts.close()


async def test_a_piece_that_is_joined_asks_for_no_turn_of_the_loop(
    drafts: FileDrafts, pace: GivenPace, told: Told
) -> None:
    pace.window = LONG
    drafts.grow("thread_1", "msg_1", "first ")
    await told.until(1)
    pace.noted.clear()
    for _ in range(5):
        drafts.grow("thread_1", "msg_1", "more ")
        await asyncio.sleep(0)
    assert pace.noted == []


async def test_a_store_that_is_closed_takes_no_turn_and_the_number_of_its_file_may_be_another_s(tmp_path: Path) -> None:
    path = tmp_path / "drafts"
    drafts = FileDrafts(path)
    drafts.grow("thread_1", "msg_1", "text")
    drafts.flush()
    drafts.grow("thread_1", "msg_1", "more")
    with full_disk(size_of(path)), pytest.raises(OSError, match="File too large"):
        drafts.close()
    other = path.with_name("other")
    with other.open("wb", buffering=0) as file:
        await asyncio.sleep(0)
        assert (file.tell(), size_of(other)) == (0, 0)


async def test_a_message_of_very_many_parts_harms_no_other(drafts: FileDrafts, told: Told) -> None:
    drafts.grow("thread_1", "msg_1", "text")
    for _ in range(200):
        drafts.grow("thread_2", "msg_2", "No, ", "refusal")
        drafts.grow("thread_2", "msg_2", "yes, ")
    await told.until(2)
    assert {id: "".join(draft) for id, draft in texts(left_in(drafts.path)).items()} == {
        "msg_1": "text", "msg_2": 200 * "No, yes, ",
    }  # fmt: skip
