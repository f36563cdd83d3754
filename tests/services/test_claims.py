"""Of all who could answer the calls that a run waits for, exactly one does."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from livethread.domain.claims import ClaimCreate
from livethread.domain.run_bodies import RunUpdate, ToolOutputsSubmit
from livethread.domain.runs import Run, RunStatus
from livethread.domain.threads import ThreadCreate
from livethread.domain.transitions import move
from livethread.errors import ApiError, NotFound
from livethread.live.log import ThreadWrite
from tests.services.rooms import NOW, Rooms, rooms_at

LOST = (
    "The token in 'x-livethread-claim' is not that of the claim that holds on this run; one lapses after 15 seconds "
    "unless it is renewed. Claim the run again, and send the outputs with the token that you get."
)


class Waiting:
    """A run that waits for its caller, of calls that need no output."""

    def __init__(self, rooms: Rooms, run: Run) -> None:
        self.rooms, self.thread_id, self.id = rooms, run.thread_id, run.id

    @classmethod
    async def on(cls, rooms: Rooms) -> Waiting:
        thread_id = json.loads((await rooms.threads.create(ThreadCreate())).text)["id"]
        return cls(rooms, await rooms.run_on(thread_id, "requires_action"))

    async def claim(self, user_id: str, token: str | None = None) -> dict[str, Any]:
        body = ClaimCreate(user_id=user_id)
        answer: dict[str, Any] = json.loads(
            (await self.rooms.runs.claim(self.thread_id, self.id, body, token=token)).text
        )
        return answer

    async def submit(self, token: str | None = None) -> str:
        """The status of the run behind it, or why it was refused."""
        try:
            answer = await self.rooms.runs.submit(
                self.thread_id, self.id, ToolOutputsSubmit(tool_outputs=[]), token=token
            )
        except ApiError as refusal:
            return refusal.message
        return str(json.loads(answer.text)["status"])

    async def go(self, *statuses: RunStatus) -> None:
        """What the engine would do."""

        def change(write: ThreadWrite) -> None:
            run = write.run(self.id)
            for status in statuses:
                write.append(run := move(run, status, NOW), f"thread.run.{status}")

        await self.rooms.log.append(self.thread_id, change)

    async def stored(self) -> tuple[dict[str, int], list[tuple[str, Any]]]:
        return await self.rooms.counts(), await self.rooms.logged(self.thread_id)


@pytest.fixture
async def run(rooms: Rooms) -> Waiting:
    return await Waiting.on(rooms)


async def test_the_first_who_asks_has_it_and_the_others_are_told_until_when(run: Waiting) -> None:
    logged = await run.rooms.logged(run.thread_id)
    granted = await run.claim("ann")
    assert granted == {"granted": True, "token": granted["token"], "expires_at": NOW + 15}
    assert granted["token"].startswith("claim_")
    run.rooms.clock.time += 4.9
    assert [await run.claim(user_id) for user_id in ("ben", "ann")] == [{"granted": False, "expires_at": NOW + 15}] * 2
    assert await run.rooms.logged(run.thread_id) == logged, "a claim is in no log"


async def test_who_renews_it_keeps_token_and_claim_for_15_seconds_more(run: Waiting) -> None:
    token = (await run.claim("ann"))["token"]
    for _ in range(3):
        run.rooms.clock.time += 14
        end = int(run.rooms.clock.now()) + 15
        assert await run.claim("ann", token) == {"granted": True, "token": token, "expires_at": end}
        assert await run.claim("ben") == {"granted": False, "expires_at": end}
    assert await run.submit(token) == "queued"


async def test_a_claim_lapses_after_15_seconds_and_outputs_with_its_token_change_nothing(run: Waiting) -> None:
    stale = (await run.claim("ann"))["token"]
    run.rooms.clock.time += 14.9
    assert not (await run.claim("ben"))["granted"]
    run.rooms.clock.time += 0.1
    before = await run.stored()
    assert await run.submit(stale) == LOST
    token = (await run.claim("ben"))["token"]
    assert token != stale
    assert await run.submit(stale) == LOST
    assert await run.claim("ann", stale) == {"granted": False, "expires_at": NOW + 30}
    assert await run.stored() == before
    assert await run.submit(token) == "queued"


async def test_who_was_too_slow_and_met_nobody_claims_again_and_answers(run: Waiting) -> None:
    stale = (await run.claim("ann"))["token"]
    run.rooms.clock.time += 60
    again = await run.claim("ann", stale)
    assert again == {"granted": True, "token": again["token"], "expires_at": NOW + 75}
    assert [await run.submit(token) for token in (stale, again["token"])] == [LOST, "queued"]


async def test_outputs_without_a_claim_are_taken_and_come_before_those_of_who_has_it(run: Waiting) -> None:
    token = (await run.claim("ann"))["token"]
    late = 'Runs in status "queued" do not accept tool outputs.'
    assert [await run.submit(), await run.submit(token), await run.submit()] == ["queued", late, late]


ENDS: dict[str, Callable[[Waiting], Awaitable[Any]]] = {
    "outputs": lambda run: run.submit(),
    "a cancel": lambda run: run.rooms.runs.cancel(run.thread_id, run.id),
    "its time": lambda run: run.go("expired"),
    "the end of its thread": lambda run: run.rooms.threads.delete(run.thread_id),
}


@pytest.mark.parametrize("end", ENDS)
async def test_whatever_ends_the_wait_takes_the_claim_and_that_of_no_other_run(run: Waiting, end: str) -> None:
    other = await Waiting.on(run.rooms)
    token, others = [(await waiting.claim("ann"))["token"] for waiting in (run, other)]
    await run.rooms.runs.update(run.thread_id, run.id, RunUpdate(metadata={"a": "b"}))
    assert (await run.claim("ann", token))["granted"], "new metadata end nothing"
    assert (await run.rooms.counts())["claims"] == 2
    await ENDS[end](run)
    assert (await run.rooms.counts())["claims"] == 1
    assert await other.submit(others) == "queued"


async def test_the_next_round_is_claimed_anew(run: Waiting) -> None:
    first = (await run.claim("ann"))["token"]
    await run.submit(first)
    await run.go("in_progress", "requires_action")
    assert await run.submit(first) == LOST
    second = (await run.claim("ben"))["token"]
    assert [await run.submit(token) for token in (first, second)] == [LOST, "queued"]


async def test_what_is_not_there_or_not_waiting_is_not_claimed(run: Waiting) -> None:
    elsewhere = await Waiting.on(run.rooms)
    elsewhere.id, id = run.id, elsewhere.id
    with pytest.raises(NotFound, match=f"^No run found with id '{run.id}'"):
        await elsewhere.claim("ann")
    elsewhere.id = id
    await run.rooms.threads.delete(elsewhere.thread_id)
    with pytest.raises(NotFound, match=f"^No thread found with id '{elsewhere.thread_id}'"):
        await elsewhere.claim("ann")
    await run.submit()
    with pytest.raises(ApiError, match=r'^Runs in status "queued" cannot be claimed\.'):
        await run.claim("ann")
    assert (await run.rooms.counts())["claims"] == 0


async def test_a_claim_outlives_the_process(tmp_path: Path) -> None:
    async with rooms_at(tmp_path) as rooms:
        run = await Waiting.on(rooms)
        token = (await run.claim("ann"))["token"]
    async with rooms_at(tmp_path) as rooms:
        run.rooms = rooms
        assert await run.claim("ben") == {"granted": False, "expires_at": NOW + 15}
        assert await run.submit(token) == "queued"


class Tab:
    """One of many that look on, and the token that it was given last."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.token: str | None = None


class Program:
    """Tabs that ask, answer and dawdle at random, beside the plain account of who may."""

    def __init__(self, run: Waiting, dice: random.Random) -> None:
        self._run, self._dice = run, dice
        self._tabs = [Tab(user_id) for user_id in ("ann", "ann", "ben", "cleo", "cleo")]
        self._holder: Tab | None = None
        self._until = 0
        self._seen: set[str] = set()
        self.counted = dict.fromkeys(("new", "renewed", "taken", "lost"), 0)

    @property
    def _held(self) -> bool:
        return self._holder is not None and self._run.rooms.clock.now() < self._until

    async def step(self) -> None:
        self._run.rooms.clock.time += self._dice.choice([0, 0, 0, 1, 7, 14, 15])
        await self._dice.choice([self._ask, self._ask, self._submit])()

    async def _ask(self) -> None:
        asking = self._dice.sample(self._tabs, self._dice.randint(2, len(self._tabs)))
        held, before = self._held, self._until
        answers = await asyncio.gather(*(self._run.claim(tab.user_id, tab.token) for tab in asking))
        granted = [(tab, answer) for tab, answer in zip(asking, answers, strict=True) if answer["granted"]]
        end = int(self._run.rooms.clock.now()) + 15
        if held:
            assert [tab for tab, _ in granted] == [tab for tab in asking if tab is self._holder]
        else:
            assert len(granted) == 1
        for tab, answer in granted:
            assert answer == {"granted": True, "token": answer["token"], "expires_at": end}
            assert (answer["token"] == tab.token) if held else (answer["token"] not in self._seen)
            tab.token = answer["token"]
            self._seen.add(answer["token"])
            self._holder, self._until = tab, end
            self.counted["renewed" if held else "new"] += 1
        ends = {answer["expires_at"] for answer in answers if answer not in [told for _, told in granted]}
        assert ends <= ({before, end} if held and granted else {before if held else end})

    async def _submit(self) -> None:
        tab = self._dice.choice(self._tabs)
        token = self._dice.choice([tab.token, tab.token, None])
        good = token is None or (self._held and tab is self._holder)
        before = await self._run.stored()
        told = await self._run.submit(token)
        if not good:
            assert told == LOST
            assert await self._run.stored() == before
            self.counted["lost"] += 1
            return
        assert told == "queued"
        await self._run.go("in_progress", "requires_action")
        self._holder = None
        self.counted["taken"] += 1


@pytest.mark.parametrize("seed", range(4))
async def test_of_many_who_ask_and_answer_at_once_one_at_a_time_may(run: Waiting, seed: int) -> None:
    program = Program(run, random.Random(seed))
    for _ in range(150):
        await program.step()
    assert min(program.counted.values()) >= 5, program.counted
