"""Rules 2 and 3: the tip follows log and drafts, whatever the bus says (ARCHITECTURE)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection

from livethread.domain import cursor
from livethread.domain.events import LoggedEvent
from livethread.live import tip
from livethread.live.bus import Hint, LocalBus
from livethread.live.position import Position, View
from tests.live.screen import Screen, settled
from tests.live.stage import Stage, staged, until


class Muffled(LocalBus):
    """A bus that says nothing while it is told not to."""

    lossy = True
    silent = False

    def publish(self, hint: Hint) -> None:
        if not self.silent:
            super().publish(hint)


async def rebuild(stage: Stage) -> LoggedEvent:
    """The log from seq 4 on becomes another one, as if it had been restored; its last event."""

    def change(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE events SET tag = 'zzzz' WHERE seq > 3")
        connection.exec_driver_sql("UPDATE threads SET tag = 'zzzz'")

    await stage.database.write(change)
    return (await stage.events())[-1]


async def test_viewers_ahead_of_the_hub_wait_for_it_to_read_the_log(stage: Stage) -> None:
    screen = await Screen(stage).look()
    await settled(stage, screen)
    stage.hub._tip._unsubscribe()  # a hint is lost
    await stage.post("unheard")
    last = (await stage.events())[-1]
    ahead = Screen(stage)
    viewer = await stage.hub.attach(ahead, View(), Position(last.seq, last.tag, []))
    await until(lambda: viewer.level)
    assert (ahead.types, screen.types) == ([], ["thread.snapshot", "thread.message.created"])


async def test_what_is_committed_between_subscribing_and_reading_is_shown_once(stage: Stage) -> None:
    owner = await stage.run()
    attaching = asyncio.create_task(Screen(stage, owner.run_id).look())
    await asyncio.sleep(0)  # it has subscribed, and reads
    await owner.say("hello")
    await owner.complete()
    screen = await attaching
    await until(lambda: screen.ended)
    assert (screen.text(), len(screen.types), len(set(screen.types))) == ("hello", 11, 11)


async def test_a_repeated_or_older_hint_changes_nothing(stage: Stage) -> None:
    screen = await Screen(stage).look()
    for number in range(3):
        await stage.post(str(number))
    await settled(stage, screen)
    before = screen.raw
    for event in reversed(await stage.events()):
        stage.bus.publish(Hint(stage.thread_id, (event, event)))
        await settled(stage, screen)
    assert screen.raw == before


@pytest.mark.parametrize("lost", [1, 3, 450])
async def test_a_gap_sends_the_hub_to_the_log_however_long_it_is(
    tmp_path: Path, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip, "LOOK_EVERY", 1000.0)
    bus = Muffled()
    async with staged(tmp_path, bus) as stage:
        screen = await Screen(stage).look()
        await settled(stage, screen)
        bus.silent = True
        await asyncio.gather(*(stage.post(str(number)) for number in range(lost)))
        bus.silent = False
        await stage.post("heard")
        await until(lambda: len(screen.events) == lost + 2)
        assert [cursor.parse(event.id).seq for event in screen.events] == list(range(1, lost + 3))


async def test_a_lost_last_hint_is_made_up_for_by_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip, "LOOK_EVERY", 0.01)
    bus = Muffled()
    async with staged(tmp_path, bus) as stage:
        screen = await Screen(stage).look()
        owner = await stage.run()
        await owner.say("one ")
        await until(lambda: screen.text() or screen.types == ["thread.snapshot"])
        bus.silent = True
        await owner.say("two")
        await until(lambda: _shown(screen).endswith("one two"))
        await stage.post("and a message")
        await until(lambda: screen.types[-1] == "thread.message.created")
        screen.leave()
        assert stage.hubs._hubs == {}


async def test_something_odd_while_the_log_is_being_read_makes_it_read_again(stage: Stage) -> None:
    screen = await Screen(stage).look()
    await settled(stage, screen)
    following = stage.hub._tip
    following._unsubscribe()
    reads: list[int] = []
    read = stage.database.read

    async def late(query: object) -> object:
        result: object = await read(query)  # type: ignore[arg-type]
        if not reads:
            await stage.post("meanwhile")
            following.check()  # as a gap does that is heard of now
        reads.append(1)
        return result

    stage.database.read = late  # type: ignore[method-assign, assignment]
    following.check()
    await until(lambda: "thread.message.created" in screen.types)
    assert len(reads) >= 2


async def test_a_read_that_was_overtaken_by_hints_does_not_stop_the_next_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip, "BATCH", 1)
    screen = await Screen(stage).look()
    await settled(stage, screen)
    following, read = stage.hub._tip, stage.database.read
    following._unsubscribe()
    await stage.post("one")

    async def late(query: object) -> object:
        result: object = await read(query)  # type: ignore[arg-type]
        stage.database.read = read  # type: ignore[method-assign]
        following._hear(Hint(stage.thread_id, tuple(await stage.events())))
        await until(lambda: len(screen.data("thread.message.created")) == 1)
        return result

    stage.database.read = late  # type: ignore[method-assign, assignment]
    following.check()
    await until(lambda: len(screen.data("thread.message.created")) == 1)
    await stage.post("two")
    following.check()
    await until(lambda: len(screen.data("thread.message.created")) == 2)


async def test_a_log_that_was_rebuilt_is_read_anew_and_thread_viewers_get_a_snapshot_while_run_viewers_come_back(
    stage: Stage,
) -> None:
    owner = await stage.run()
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    run = await Screen(stage, owner.run_id).look()
    await settled(stage, fast, slow, run)
    slow.full = True
    await stage.post("fill it")
    await settled(stage, fast, slow, run)
    stage.bus.publish(Hint(stage.thread_id, (await rebuild(stage),)))
    await until(lambda: run.ended and fast.types[-1] == "thread.snapshot")
    slow.drain()
    await settled(stage, fast, slow)
    assert slow.types[-1] == "thread.snapshot"
    assert [cursor.parse(screen.events[-1].id).tag for screen in (fast, slow)] == ["zzzz", "zzzz"]
    assert "thread.snapshot" not in run.types


async def test_nothing_of_a_rebuilt_log_is_shown_as_if_it_continued_the_old_one(stage: Stage) -> None:
    screen = await Screen(stage).look()
    for number in range(4):
        await stage.post(str(number))
    await settled(stage, screen)
    last = await rebuild(stage)
    stage.hub._tip._unsubscribe()
    await stage.post("new")
    new = (await stage.events())[-1]
    stage.hub._tip._hear(Hint(stage.thread_id, (last, new)))
    await until(lambda: screen.types[-1] == "thread.snapshot")
    assert screen.types == ["thread.snapshot", *["thread.message.created"] * 4, "thread.snapshot"]


async def test_when_the_whole_thread_is_gone_its_viewers_are_sent_away(stage: Stage) -> None:
    thread = await Screen(stage).look()
    run = await Screen(stage, (await stage.run()).run_id).look()
    await settled(stage, thread, run)
    now = stage.hub
    now._tip._unsubscribe()
    await stage.delete()
    await stage.log.purge(int(stage.clock.time) + 1)
    now._tip.check()
    await until(lambda: thread.ended and run.ended)


async def test_a_log_that_cannot_be_read_is_read_when_it_can(stage: Stage, logged: list[dict[str, object]]) -> None:
    screen = await Screen(stage).look()
    await settled(stage, screen)
    following, read = stage.hub._tip, stage.database.read
    following._unsubscribe()
    await stage.post("unheard")

    async def broken(query: object) -> object:
        raise OSError

    stage.database.read = broken  # type: ignore[method-assign, assignment]
    following.check()
    await until(lambda: logged)
    assert [entry["event"] for entry in logged] == ["log not read"]
    logged.clear()
    stage.database.read = read  # type: ignore[method-assign]
    following.check()
    await until(lambda: screen.types[-1] == "thread.message.created")


def _shown(screen: Screen) -> str:
    """The newest snapshot's text, and what was added to it."""
    messages = screen.data("thread.snapshot")[-1]["messages"]
    return "".join(block["text"]["value"] for message in messages for block in message["content"]) + screen.text()
