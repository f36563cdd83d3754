"""Sweeps that write to transports, past the sinks of those that have one."""

from __future__ import annotations

from typing import Any

import pytest

from livethread.live import hub
from tests.live.screen import Screen, level, settled
from tests.live.stage import Owner, Stage, until
from tests.live.straight_screen import OtherScreen, StraightScreen


async def straight(stage: Stage) -> StraightScreen:
    """One that is level, and whose sink was asked for its transport."""
    screen = StraightScreen(stage)
    await screen.look()
    await level(screen)
    stage.hub._keep_alive()
    await until(lambda: screen.viewer.transport)
    return screen


async def speaking(stage: Stage, *screens: Screen) -> Owner:
    """A run that has said "one " to all of them."""
    owner = await stage.run()
    await owner.say("one ")
    await settled(stage, *screens)
    return owner


async def test_what_many_are_handed_is_made_once_and_goes_to_each_transport(stage: Stage) -> None:
    first, second, plain = await straight(stage), await straight(stage), await Screen(stage).look()
    owner = await speaking(stage, first, second, plain)
    await owner.say("two")
    await settled(stage, first, second, plain)
    assert [screen.text() for screen in (first, second, plain)] == ["one two"] * 3
    assert first.line.written[-1] is second.line.written[-1]


async def test_each_kind_of_connection_is_written_to_in_its_own_form(stage: Stage) -> None:
    screens = [kind(stage) for kind in (Screen, OtherScreen, StraightScreen, OtherScreen)]
    for screen in screens:
        await screen.look()
    owner = await speaking(stage, *screens)
    await owner.say("two")
    await settled(stage, *screens)
    assert [screen.text() for screen in screens] == ["one two"] * 4
    forms = [screen.line.written[-1][-1:] for screen in screens if isinstance(screen, StraightScreen)]
    assert forms == [b"]", b">", b"]"]


async def test_a_transport_that_keeps_a_rest_makes_its_viewer_lagging_and_it_pulls_what_it_misses(
    stage: Stage,
) -> None:
    fast, slow = await straight(stage), await straight(stage)
    owner = await speaking(stage, fast, slow)
    slow.full = True
    for word in ("two ", "three ", "four"):
        await owner.say(word)
        await settled(stage, fast, slow)
    assert (fast.text(), slow.text(), slow.viewer.level) == ("one two three four", "one two ", False)
    slow.drain()
    await level(slow)
    await owner.say(".")
    await settled(stage, fast, slow)
    assert slow.text() == "one two three four."
    assert slow.line.written[-1] is fast.line.written[-1]


async def test_a_transport_that_closes_is_written_to_no_more(stage: Stage) -> None:
    going, staying = await straight(stage), await straight(stage)
    owner = await speaking(stage, going, staying)
    going.line.closing = True
    await owner.say("two")
    await settled(stage, staying)
    assert (going.text(), staying.text()) == ("one ", "one two")
    assert not going.ended  # its reader will hear of that, and say so


async def test_a_transport_that_breaks_is_let_go_and_the_others_go_on(
    stage: Stage, logged: list[dict[str, Any]]
) -> None:
    breaking, fine = await straight(stage), await straight(stage)
    owner = await speaking(stage, breaking, fine)
    breaking.line.broken = True
    await owner.say("two")
    await settled(stage, fine)
    assert breaking.ended
    assert fine.text() == "one two"
    assert [entry["event"] for entry in logged] == ["viewer lost"]
    logged.clear()


async def test_a_sink_is_asked_until_it_has_a_transport(stage: Stage) -> None:
    screen = StraightScreen(stage)
    screen.line.there = False  # it polls
    await screen.look()
    owner = await speaking(stage, screen)
    screen.line.there = True
    await owner.say("two ")
    await settled(stage, screen)
    assert screen.line.written == []
    await owner.say("three")
    await settled(stage, screen)
    assert len(screen.line.written) == 1
    assert screen.text() == "one two three"


async def test_a_sink_may_ask_to_be_asked_also_while_a_sweep_is_under_way(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SWEEP_SLICE", -1.0)  # each write takes longer than a slice may
    monkeypatch.setattr(hub, "FEW", 1)
    screens = [await straight(stage) for _ in range(8)]
    owner = await speaking(stage, *screens)
    before = sum(len(screen.line.written) for screen in screens)
    await owner.say("two ")
    stage.drafts.flush()
    for screen in screens:
        screen.viewer.ask_sink()
    await owner.say("three")
    await settled(stage, *screens)
    assert [screen.text() for screen in screens] == ["one two three"] * 8
    assert sum(len(screen.line.written) for screen in screens) == before + 1


@pytest.mark.parametrize("waits", [False, True], ids=["completed", "requires_action"])
async def test_straight_or_not_who_looks_at_a_run_is_shown_its_end(stage: Stage, waits: bool) -> None:
    owner = await stage.run()
    screens = [kind(stage, owner.run_id) for kind in (StraightScreen, Screen, OtherScreen)]
    for screen in screens:
        await screen.look()
    await owner.say("all of it")
    await settled(stage, *screens)
    await (owner.wait_for_calls() if waits else owner.complete())
    await settled(stage, *screens)
    assert [screen.ended for screen in screens] == [True] * 3
    assert screens[0].events == screens[1].events == screens[2].events
    assert (screens[0].text(), screens[0].events[-1].type) == ("all of it", "done")
