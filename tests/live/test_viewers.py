"""Whatever happens, every viewer holds the truth: random programs, random cuts, an honest bus and a lying one."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livethread.domain.fold import Fold
from livethread.live.bus import LocalBus
from livethread.live.pace import Pace
from tests.cuts.viewer import Held
from tests.live.lying_bus import LyingBus
from tests.live.screen import Screen, settled
from tests.live.stage import Owner, Stage, staged, until
from tests.live.straight_screen import StraightScreen
from tests.live.whim import Whim

DOINGS = (
    "run", "say", "say", "say", "say", "say", "end", "cancel", "post", "rename", "fill", "fill", "drain", "drain",
    "cut", "cut", "cut", "come", "come", "wait", "wait", "keep alive", "ask",
)  # fmt: skip
TEXTS = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["漢字かな", "👩‍👩‍👧‍👦", "e\u0301o\u0308", "a\r\nb\r", "\0\x7f\u2028", '"\\', "x" * 300]
)


class Doing(NamedTuple):
    """What happens: to which of those it may happen to, with what text, and how much of it."""

    name: str
    which: int
    text: str
    much: int


PROGRAMS = st.lists(
    st.builds(Doing, st.sampled_from(DOINGS), st.integers(0, 9), TEXTS, st.integers(0, 400)), min_size=20, max_size=80
)


class Person:
    """Someone who looks, loses the connection, and comes back with the last id.

    Args:
        stage: where.
        run_id: the run, or the whole thread.
        straight: whether sweeps may pass its connection's sink by.
    """

    def __init__(self, stage: Stage, run_id: str | None = None, *, straight: bool) -> None:
        self.stage = stage
        self.held = Held(run_id or "thread")
        self.screen = (StraightScreen if straight else Screen)(stage, run_id)
        self.there = False

    async def come(self) -> None:
        """Connect, unless there is nothing more to come."""
        if not self.there and not self.held.done:
            self.there = True
            await self.screen.look(self.held.last_id)
            self.held.done = self.screen.over

    def cut(self, unread: int) -> None:
        """Lose the connection, and with it the last bytes."""
        if self.there:
            self.there = False
            self.screen.drain()
            self.screen.leave(unread=min(unread, len(self.screen.raw)))
            for event in self.screen.events:
                self.held.take(event)


class Play:
    """One program, played.

    Args:
        stage: where.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.owners: list[Owner] = []
        self.people = [Person(stage, straight=number > 0) for number in range(3)]

    async def do(self, doing: Doing) -> None:
        person = self.people[doing.which % len(self.people)]
        owner = self.owners[doing.which % len(self.owners)] if self.owners else None
        match doing.name:
            case "run" if len(self.owners) < 5:
                self.owners.append(await self.stage.run())
                self.people.append(Person(self.stage, self.owners[-1].run_id, straight=doing.which % 2 == 0))
            case "say" if owner is not None:
                await owner.say(doing.text)
            case "end" | "cancel" if owner is not None:
                self.owners.remove(owner)
                await (owner.complete() if doing.name == "end" else owner.end("failed"))
            case "post":
                await self.stage.post(doing.text)
            case "rename":
                await self.stage.rename(doing.text)
            case "fill":
                person.screen.full = True
            case "drain":
                person.screen.drain()
            case "cut":
                person.cut(doing.much)
            case "come":
                await person.come()
            case "wait":
                for _ in range(doing.much % 8):
                    await asyncio.sleep(0)
            case "ask" if person.there and not person.screen.over:
                person.screen.viewer.ask_sink()
            case "keep alive" if self.stage.hubs.viewers:
                self.stage.hub._keep_alive()

    async def end(self) -> None:
        """Everybody comes, every run ends, and every connection drains."""
        for owner in self.owners:
            await owner.say("last")
            await owner.complete()
        for person in self.people:
            await person.come()
        screens = [person.screen for person in self.people if person.there]
        for screen in screens:
            screen.drain()
        await settled(self.stage, *screens)
        await until(lambda: all(person.held.done or person.screen.ended for person in self.people[3:]))
        for person in self.people:
            person.cut(0)

    async def check(self) -> None:
        """All hold the same, and it is what is stored."""
        truth = Fold()
        for event in await self.stage.events():
            truth.take(event.type, json.loads(event.data))
        for person in self.people[:3]:
            assert person.held.fold.messages == truth.messages
            assert person.held.fold.runs == truth.runs
        for person in self.people[3:]:
            name = person.held.name
            assert person.held.done
            assert person.held.fold.messages == tuple(item for item in truth.messages if item["run_id"] == name)
            assert person.held.fold.runs == tuple(item for item in truth.runs if item["id"] == name)


async def play(program: list[Doing], *, lying: int | None, pace: Pace | None = None) -> None:
    with TemporaryDirectory() as folder:
        bus = LocalBus() if lying is None else LyingBus(lying)
        async with staged(Path(folder), bus, pace=pace) as stage:
            story = Play(stage)
            for person in story.people[:2]:
                await person.come()
            for doing in program:
                await story.do(doing)
            await story.end()
            await story.check()


pytestmark = pytest.mark.torture

SLOW = settings(
    max_examples=1500 if "TORTURE" in os.environ else 20, deadline=None, suppress_health_check=list(HealthCheck)
)


@SLOW
@given(PROGRAMS)
def test_no_viewer_misses_or_repeats_a_byte_wherever_it_is_cut(program: list[Doing]) -> None:
    asyncio.run(play(program, lying=None))


@SLOW
@given(PROGRAMS, st.integers(0, 2**32))
def test_no_viewer_is_shown_a_wrong_state_by_a_bus_that_lies(program: list[Doing], seed: int) -> None:
    asyncio.run(play(program, lying=seed))


@SLOW
@given(PROGRAMS, st.booleans())
def test_nor_when_sweeps_and_pieces_are_cut_short(program: list[Doing], honest: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("livethread.live.hub.SWEEP_SLICE", -1.0)
        patch.setattr("livethread.live.hub.FEW", 1)
        patch.setattr("livethread.live.position.MAX_PIECE", 7)
        patch.setattr("livethread.live.catch_up.MAX_PIECE", 60)
        patch.setattr("livethread.live.tip.BATCH", 3)
        patch.setattr("livethread.live.tip.RECENT", 4)
        asyncio.run(play(program, lying=None if honest else 1))


@SLOW
@given(PROGRAMS, st.integers(0, 2**32), st.booleans())
def test_nor_while_text_waits_to_be_joined(program: list[Doing], seed: int, honest: bool) -> None:
    """So messages end, and viewers come and go, while some of the text is not stored yet."""
    asyncio.run(play(program, lying=None if honest else seed, pace=Whim(seed)))
