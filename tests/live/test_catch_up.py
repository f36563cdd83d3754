"""Rule 5: a slow viewer is a cursor, not a queue (ARCHITECTURE)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from livethread.domain import cursor
from livethread.live import catch_up, hub, pace
from livethread.sse import KEEP_ALIVE
from tests.live.screen import Screen, settled
from tests.live.stage import Stage, until


async def test_a_write_that_does_not_finish_makes_a_viewer_lagging_and_it_pulls_the_rest_merged(stage: Stage) -> None:
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    owner = await stage.run()
    await owner.say("0 ")
    await settled(stage, fast, slow)
    slow.full = True
    for number in range(1, 200):
        await owner.say(f"{number} ")
        await settled(stage, fast, slow)
    assert (slow.text(), slow.viewer.level) == ("0 1 ", False)
    assert fast.text() == owner.said
    writes = slow.writes
    slow.drain()
    await settled(stage, fast, slow)
    assert (slow.text(), slow.writes, slow.viewer.level) == (owner.said, writes + 1, True)


async def test_nothing_is_kept_for_a_suspended_viewer_but_its_cursor(stage: Stage) -> None:
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    owner = await stage.run()
    await owner.say("0")
    await settled(stage, fast, slow)
    slow.full = True
    await stage.rename("fill it")
    await settled(stage, fast, slow)
    held, size = str(slow.viewer.position.cursor()), _size(slow.viewer)
    for number in range(100):
        await owner.say("x" * 1000)
        await stage.post("y" * 1000)
        if number % 10 == 0:
            await settled(stage, fast, slow)
    await owner.complete()
    await settled(stage, fast, slow)
    assert (str(slow.viewer.position.cursor()), _size(slow.viewer)) == (held, size)
    assert set(slow.viewer.__slots__) == {
        "closed", "ended", "level", "limit", "person", "position", "pulling", "sink", "straight", "told", "transport",
        "view", "wants_snapshot",
    }  # fmt: skip
    slow.drain()
    await settled(stage, fast, slow)
    assert slow.text() == fast.text() == owner.said


async def test_what_a_lagging_viewer_pulls_comes_in_pieces_as_its_connection_drains(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livethread.live.position.MAX_PIECE", 100)
    monkeypatch.setattr(catch_up, "MAX_PIECE", 100)
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    owner = await stage.run()
    await owner.say("-")
    await settled(stage, fast, slow)
    slow.full = True
    await owner.say("x" * 1000)
    await settled(stage, fast, slow)
    assert len(slow.text()) == 1001  # that one write counts as sent
    await owner.say("y" * 1000)
    await settled(stage, fast, slow)
    lengths = []
    while not slow.viewer.level:
        slow.drain()
        slow.full = True
        await settled(stage, fast, slow)
        lengths.append(len(slow.text()))
    assert lengths == [*range(1101, 2002, 100), 2001]
    assert slow.text() == owner.said


async def test_a_slow_viewer_costs_a_fast_one_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BEHIND", 1000.0)  # however slow this machine is, each piece goes out by itself
    fast = await Screen(stage).look()
    slow = [await Screen(stage).look() for _ in range(20)]
    owner = await stage.run()
    await owner.say("-")
    await settled(stage, fast, *slow)
    for screen in slow:
        screen.full = True
    before, slow_before = fast.writes, [screen.writes for screen in slow]
    for _ in range(50):
        await owner.say("word ")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert fast.text() == owner.said
    assert fast.writes == before + 50
    assert [screen.writes for screen in slow] == [writes + 1 for writes in slow_before]


async def test_a_sweep_lets_the_loop_do_other_work(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SWEEP_SLICE", -1.0)  # each write takes longer than a slice may
    monkeypatch.setattr(hub, "FEW", 1)
    screens = [await Screen(stage).look() for _ in range(30)]
    owner = await stage.run()
    await owner.say("0")
    await settled(stage, *screens)
    most, turns, before = 0, 0, [screen.writes for screen in screens]
    await owner.say("1")
    while not all(screen.text() == "01" for screen in screens):
        written = sum(screen.writes for screen in screens)
        await asyncio.sleep(0)
        most = max(most, sum(screen.writes for screen in screens) - written)
        turns += 1
    assert most == 1
    assert turns >= 30
    assert [screen.writes for screen in screens] == [writes + 1 for writes in before]


async def test_what_grows_during_a_sweep_follows_behind_it_in_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SWEEP_SLICE", -1.0)
    monkeypatch.setattr(hub, "FEW", 1)
    screens = [await Screen(stage).look() for _ in range(10)]
    owner = await stage.run()
    await owner.say("0")
    await settled(stage, *screens)
    for number in range(1, 40):
        await owner.say(str(number))
        if number % 3 == 0:
            screens[number % 10].full = True
            await stage.rename(str(number))
        await asyncio.sleep(0)
        screens[(number * 7) % 10].drain()
        if number == 20:
            screens.append(await Screen(stage, owner.run_id).look())
    await owner.complete()
    for screen in screens:
        screen.drain()
    await settled(stage, *screens)
    assert [screen.text() for screen in screens] == [owner.said] * 11


async def test_keep_alives_are_writes_like_any_other(stage: Stage) -> None:
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    await settled(stage, fast, slow)
    slow.full = True
    events = len(fast.events)
    before = fast.raw
    stage.hub._keep_alive()
    assert fast.raw == before + KEEP_ALIVE
    assert (fast.viewer.level, slow.viewer.level, slow.suspended) == (True, False, True)
    stage.hub._keep_alive()
    assert slow.raw.endswith(b"\n\n" + KEEP_ALIVE)
    await stage.post("hello")
    await settled(stage, fast, slow)
    slow.drain()
    await settled(stage, fast, slow)
    assert len(fast.events) == len(slow.events) == events + 1


async def test_keep_alives_wait_for_a_sweep_that_is_under_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SWEEP_SLICE", -1.0)
    monkeypatch.setattr(hub, "FEW", 1)
    screens = [await Screen(stage).look() for _ in range(3)]
    await settled(stage, *screens)
    await stage.post("hello")
    await until(lambda: stage.hub._writing is not None)
    stage.hub._keep_alive()
    assert not any(screen.raw.endswith(KEEP_ALIVE) for screen in screens)
    await settled(stage, *screens)
    assert all(screen.types[-1] == "thread.message.created" for screen in screens)


async def test_a_viewer_that_goes_away_ends_what_was_under_way_to_it_and_nothing_else(stage: Stage) -> None:
    fast, slow = await Screen(stage).look(), await Screen(stage).look()
    owner = await stage.run()
    await owner.say("one ")
    await settled(stage, fast, slow)
    slow.full = True
    await stage.rename("fill it")
    await settled(stage, fast, slow)
    pulling = slow.viewer.pulling
    assert pulling is not None
    slow.leave()
    await asyncio.wait([pulling])
    assert pulling.cancelled()
    fast.leave()
    await owner.say("two")
    await owner.complete()
    assert [event.type for event in await stage.events()][-1] == "thread.run.completed"


class Broken(Screen):
    """A connection whose writes raise."""

    broken = False

    def write(self, data: bytes) -> Awaitable[None] | None:
        if self.broken:
            raise RuntimeError("broken")
        return super().write(data)


async def test_a_connection_that_breaks_is_let_go_and_the_others_go_on(
    stage: Stage, logged: list[dict[str, Any]]
) -> None:
    first, fast, late = Broken(stage), Screen(stage), Broken(stage)
    await first.look()
    await fast.look()
    await settled(stage, first, fast)
    first.broken = late.broken = True
    await late.look()
    assert late.ended
    await stage.post("one")
    await stage.post("two")
    await settled(stage, fast)
    assert first.ended
    assert fast.types == ["thread.snapshot", "thread.message.created", "thread.message.created"]
    assert [entry["event"] for entry in logged] == ["viewer lost"] * 2
    logged.clear()


async def test_a_viewer_beyond_an_open_draft_keeps_its_place_and_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await stage.run()
    await owner.say("hello")
    screen = await Screen(stage).look()
    await settled(stage, screen)
    given = cursor.parse(screen.events[0].id)
    beyond = str(cursor.Cursor(given.seq, given.tag, None, dict.fromkeys(given.places, (0, 8))))
    monkeypatch.setattr(hub, "KEEP_ALIVE_EVERY", 0.0)  # for the hub of another process, as it were
    screen.leave()
    ahead = await Screen(stage).look(beyond)
    await until(lambda: ahead.raw.count(KEEP_ALIVE) > 3)  # it is kept alive meanwhile, and holds up nothing
    assert ahead.events == []
    await owner.say(" world")
    await until(lambda: ahead.text() == "rld")
    assert ahead.types == []


async def test_a_viewer_beyond_a_draft_that_ends_there_begins_anew(stage: Stage) -> None:
    owner = await stage.run()
    await owner.say("hello")
    screen = await Screen(stage).look()
    await settled(stage, screen)
    given = cursor.parse(screen.events[0].id)
    beyond = str(cursor.Cursor(given.seq, given.tag, None, dict.fromkeys(given.places, (0, 99))))
    ahead = await Screen(stage).look(beyond)
    await owner.complete()
    await until(lambda: "thread.snapshot" in ahead.types)
    assert ahead.types == ["thread.snapshot"]
    assert ahead.text() == ""


@pytest.mark.parametrize("place", [(0, 7), (1, 1)])
async def test_a_viewer_beyond_a_draft_and_off_every_character_begins_anew_when_the_draft_gets_there(
    stage: Stage, place: tuple[int, int]
) -> None:
    owner = await stage.run()
    await owner.say("日本")
    screen = await Screen(stage).look()
    await settled(stage, screen)
    given = cursor.parse(screen.events[0].id)
    beyond = str(cursor.Cursor(given.seq, given.tag, None, dict.fromkeys(given.places, place)))
    thread, run = await Screen(stage).look(beyond), await Screen(stage, owner.run_id).look(beyond)
    await owner.say("語")
    await owner.say("日本", "refusal")
    await until(lambda: thread.types == ["thread.snapshot"] and run.ended)
    assert run.events == []
    run.leave()
    await run.look(run.last_id or beyond)
    await settled(stage, thread, run)
    assert run.types[0] == "thread.run.created"
    assert run.text() == "日本語日本"


def _size(viewer: Any) -> list[str]:
    """What a viewer object holds by itself: everything but what all viewers share."""
    held = {name: getattr(viewer, name) for name in ("level", "limit", "wants_snapshot", "ended")}
    texts = [(text.message_id, text.place) for text in viewer.position.open.values()]
    return [json.dumps(held), json.dumps(texts), str(viewer.position.seq)]
