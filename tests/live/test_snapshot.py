from __future__ import annotations

import asyncio

import pytest

from livethread.errors import NotFound
from livethread.live import snapshot
from livethread.live.reading import Reading
from livethread.live.snapshot import Snapshots
from tests.live.stage import Stage, until


class Counted(Reading):
    """Counts how often a thread is read."""

    reads = 0

    async def thread(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.reads += 1
        return await super().thread(*args, **kwargs)


async def test_those_who_join_together_are_served_by_one_snapshot_and_go_their_own_ways(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("Hello")
    reading = Counted(stage.database, stage.drafts)
    snapshots = Snapshots(reading, stage.drafts.get)
    taken = await asyncio.gather(*(snapshots.take(stage.thread_id, 20) for _ in range(100)))
    assert reading.reads == 1
    assert {snapshot for snapshot, _ in taken} == {taken[0][0]}
    positions = [position for _, position in taken]
    assert len({id(position) for position in positions}) == 100
    assert {str(position.cursor()) for position in positions} == {str(positions[0].cursor())}
    await snapshots.take(stage.thread_id, 20)
    assert reading.reads == 2


async def test_who_joins_behind_them_is_served_by_the_same_rows_and_the_text_of_now(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("Hello")
    stage.drafts.flush()
    reading = Counted(stage.database, stage.drafts)
    snapshots = Snapshots(reading, stage.drafts.get)
    _, tip = await snapshots.take(stage.thread_id, 20)
    await owner.say(" world")
    stage.drafts.flush()
    data, position = await snapshots.take(stage.thread_id, 20, tip=tip)
    assert reading.reads == 1
    assert (data, str(position.cursor())) == await fresh(stage)
    await owner.say("!")
    await owner.complete()
    data, position = await snapshots.take(stage.thread_id, 20, tip=tip)  # the tip has not heard of it
    assert reading.reads == 2
    assert (data, str(position.cursor())) == await fresh(stage)
    await stage.rename("Another")
    _, moved = await snapshots.take(stage.thread_id, 20)
    assert (moved.seq, reading.reads) == (position.seq + 1, 3)
    await snapshots.take(stage.thread_id, 20, tip=position)  # rows of another moment than the tip's
    assert reading.reads == 4


async def fresh(stage: Stage) -> tuple[bytes, str]:
    data, position = await Snapshots(Reading(stage.database, stage.drafts), stage.drafts.get).take(stage.thread_id, 20)
    return data, str(position.cursor())


async def test_rows_are_kept_for_a_short_while_only(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "KEEP", 0.0)
    reading = Counted(stage.database, stage.drafts)
    snapshots = Snapshots(reading, stage.drafts.get)
    _, tip = await snapshots.take(stage.thread_id, 20)
    await until(lambda: not snapshots._read)
    await snapshots.take(stage.thread_id, 20, tip=tip)
    assert reading.reads == 2


async def test_another_limit_is_another_snapshot(stage: Stage) -> None:
    reading = Counted(stage.database, stage.drafts)
    snapshots = Snapshots(reading, stage.drafts.get)
    await asyncio.gather(snapshots.take(stage.thread_id, 1), snapshots.take(stage.thread_id, 2))
    assert reading.reads == 2


async def test_one_who_leaves_while_it_is_made_takes_it_from_nobody(stage: Stage) -> None:
    snapshots = Snapshots(Reading(stage.database, stage.drafts), stage.drafts.get)
    leaving = asyncio.create_task(snapshots.take(stage.thread_id, 20))
    staying = asyncio.create_task(snapshots.take(stage.thread_id, 20))
    await asyncio.sleep(0)
    leaving.cancel()
    snapshot, _ = await staying
    assert snapshot.startswith(b"event: thread.snapshot\n")


async def test_a_thread_that_is_not_there_is_told_to_all_who_asked(stage: Stage) -> None:
    snapshots = Snapshots(Reading(stage.database, stage.drafts), stage.drafts.get)
    asked = [snapshots.take("thread_unknown", 20) for _ in range(3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [NotFound] * 3
    with pytest.raises(NotFound):
        await snapshots.take("thread_unknown", 20)
