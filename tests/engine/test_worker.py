"""Owning a run (ARCHITECTURE section 5): claims, fences, leases, two workers on one database, and the stop."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select

from livethread.live.bus import LocalBus
from livethread.providers.chunks import Finish, Text, ToolCallStart
from livethread.storage import tables
from tests.engine.harness import House, house_at
from tests.engine.scripted import NOW, TurnedClock
from tests.engine.test_loop import BEGUN, CALLED, CALLS, SPEAKING, SPOKEN, STOP

AGAIN = {"code": "server_error", "message": "written again after a restart"}
BROKEN_OFF = [*BEGUN, *SPEAKING, "M.incomplete", "S.failed"]


async def lease(house: House, run_id: str) -> tuple[str | None, int, int]:
    """Owner, fence, and how long from the beginning of the test the lease lasts."""
    query = select(tables.leases).where(tables.leases.c.run_id == run_id)
    row = await house.database.read(lambda connection: connection.execute(query).one())
    return row.owner, row.fence, row.lease_until - NOW if row.owner else 0


async def taken_over(house: House) -> tuple[str, str]:
    """A run whose worker came to a stand in mid-text, so that a second one has taken it over."""
    await house.worker().start()
    thread_id, run_id, _ = await house.streaming("Half a")
    theirs = TurnedClock()
    await house.worker("second", bus=LocalBus(), clock=theirs).start()
    await house.passes(25, theirs)
    assert await lease(house, run_id) == ("first", 1, 30)
    await house.passes(15, theirs)
    return thread_id, run_id


async def test_a_claim_raises_the_fence_and_the_end_gives_the_lease_back(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await lease(house, run_id) == (None, 1, 0)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    assert await lease(house, run_id) == ("first", 2, 30)
    house.provider.last.end(Text("So."), STOP)
    await house.quiet()
    assert await lease(house, run_id) == (None, 2, 0)


async def test_two_workers_that_hear_the_same_start_a_run_once(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        await house.worker("first").start()
        await house.worker("second").start()
        thread_id, run_id, call = await house.streaming("Only ")
        call.end(Text("once"), STOP)
        await house.quiet()
        assert await house.types(thread_id, run_id) == [*BEGUN, *SPOKEN, "R.completed"]
        assert len(house.provider.calls) == 1


async def test_a_healthy_worker_renews_its_leases_and_keeps_its_runs(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        await house.worker().start()
        _, run_id, call = await house.streaming("Slow ")
        theirs = TurnedClock()
        await house.worker("second", bus=LocalBus(), clock=theirs).start()
        await house.passes(300, house.clock, theirs)
        assert await lease(house, run_id) == ("first", 1, 330)
        call.end(Text("but sure"), STOP)
        await house.quiet()
        assert await house.texts(run_id) == [("completed", "Slow but sure")]


async def test_a_lapsed_lease_is_taken_over_and_the_turn_is_asked_again(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        thread_id, run_id = await taken_over(house)
        assert await lease(house, run_id) == ("second", 2, 70)
        assert await house.types(thread_id, run_id) == BROKEN_OFF
        (half,), (step,) = await house.said(run_id), await house.steps(run_id)
        assert (half.text, half.incomplete_details) == ("Half a", {"reason": "run_failed"})
        assert (step.status, step.last_error) == ("failed", AGAIN)
        assert house.provider.last.request == house.provider.calls[0].request
        house.provider.last.end(Text("A whole loaf."), STOP)
        await house.quiet()
        assert await house.types(thread_id, run_id) == [*BROKEN_OFF, *SPOKEN, "R.completed"]
        assert await house.texts(run_id) == [("incomplete", "Half a"), ("completed", "A whole loaf.")]


async def test_what_the_first_worker_still_writes_changes_nothing_and_closes_its_model(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        thread_id, run_id = await taken_over(house)
        stale, fresh = house.provider.calls
        await house.says(fresh, "A whole")
        before = await house.types(thread_id)
        stale.end(Text(" loaf"), ToolCallStart(0, "call_a", "f"), Finish("tool_calls"))
        await house.quiet()
        assert (await house.types(thread_id), stale.closed, fresh.closed) == (before, True, False)
        fresh.end(Text(" loaf."), STOP)
        await house.quiet()
        assert await house.texts(run_id) == [("incomplete", "Half a"), ("completed", "A whole loaf.")]


async def test_a_stale_owner_begins_no_message(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        await house.worker().start()
        thread_id = await house.thread()
        run_id = await house.asked(thread_id)
        theirs = TurnedClock()
        await house.worker("second", bus=LocalBus(), clock=theirs).start()
        await house.passes(40, theirs)
        stale, _ = house.provider.calls
        await house.says(stale, "Hello?")
        assert (await house.types(thread_id, run_id), stale.closed) == (BEGUN, True)
        assert house.drafts._open == {}


async def test_an_owner_that_hears_that_its_run_was_taken_closes_its_model_at_once(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        standing = TurnedClock()
        await house.worker(clock=standing).start()
        _, run_id, stale = await house.streaming("Half a")
        await house.worker("second").start()
        await house.passes(40)
        assert (await lease(house, run_id), stale.closed) == (("second", 2, 70), True)


async def test_a_cancel_is_left_to_the_owner(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        await house.worker("idle").start()
        await house.worker("owner").start()
        thread_id, run_id, _ = await house.streaming("Half a")
        house.provider.holds_on.clear()
        await house.runs.cancel(thread_id, run_id)
        await house.quiet()
        assert await house.status(run_id) == ["cancelling"]
        house.provider.holds_on.set()
        await house.quiet()
        assert (await house.types(thread_id, run_id))[-3:] == ["M.incomplete", "S.cancelled", "R.cancelled"]
        assert await house.texts(run_id) == [("incomplete", "Half a")]


async def test_a_cancel_that_the_owner_cannot_hear_is_done_when_its_lease_has_lapsed(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        standing = TurnedClock()
        deaf = house.worker(bus=LocalBus(), clock=standing)
        thread_id, assistant_id = await house.thread(), await house.assistant()
        run_id = await house.asked(thread_id, assistant_id=assistant_id)
        await deaf.start()
        await house.quiet()
        await house.says(house.provider.last, "Half a")
        await house.worker("second").start()
        await house.runs.cancel(thread_id, run_id)
        await house.passes(30)
        assert await house.status(run_id) == ["cancelling"]
        await house.passes(10)
        assert (await house.types(thread_id, run_id))[-3:] == ["M.incomplete", "S.cancelled", "R.cancelled"]
        assert await house.texts(run_id) == [("incomplete", "Half a")]


# -- a database that fails -----------------------------------------------------------------------


async def test_an_ending_that_cannot_be_written_is_written_when_it_can(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    house.database.broken = "disk full"
    call.end(STOP)
    await house.quiet()
    await house.passes(60)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING]
    house.database.broken = None
    await house.passes(5)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed", "R.failed"]
    assert await house.texts(run_id) == [("incomplete", "Half a")]
    assert "a run's ending could not be written" in [entry["event"] for entry in logged]
    logged.clear()


async def test_leases_are_kept_also_after_the_database_failed_once(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    _, run_id, _ = await house.streaming()
    house.database.broken = "disk full"
    await house.passes(20)
    house.database.broken = None
    await house.passes(20)
    assert await lease(house, run_id) == ("first", 1, 70)
    assert {entry["event"] for entry in logged if entry["log_level"] == "error"} == {
        "the worker stumbled; it tries again"
    }
    logged.clear()


async def test_a_run_whose_start_could_not_be_written_starts_later(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    thread_id = await house.thread()
    assistant_id = await house.assistant()
    house.bus.subscribe(thread_id, lambda hint: setattr(house.database, "broken", "disk full"))
    run_id = await house.asked(thread_id, assistant_id=assistant_id)
    house.database.broken = None
    assert await house.status(run_id) == ["queued"]
    await house.passes(10)
    assert await house.status(run_id) == ["in_progress"]
    logged.clear()


# -- a stop --------------------------------------------------------------------------------------


async def test_a_stop_hands_a_run_back_whose_model_says_nothing_and_the_next_start_goes_on(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.workers[0].stop()
    assert await house.types(thread_id, run_id) == BEGUN
    assert (await lease(house, run_id), house.provider.open) == ((None, 1, 0), [])
    house.provider.plan([Text("Back again."), STOP])
    await house.worker("next").start()
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPOKEN, "R.completed"]


async def test_a_stop_ends_half_messages_and_the_next_start_asks_again(house: House) -> None:
    thread_id, run_id, _ = await house.streaming("Half a")
    await house.workers[0].stop()
    assert await house.types(thread_id, run_id) == BROKEN_OFF
    house.provider.plan([Text("A whole loaf."), STOP])
    await house.worker("next").start()
    await house.quiet()
    assert await house.texts(run_id) == [("incomplete", "Half a"), ("completed", "A whole loaf.")]


async def test_a_stop_leaves_alone_what_waits(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    first, second = await house.asked(thread_id), await house.asked(await house.thread())
    queued = await house.asked((await house.run(second)).thread_id)
    await house.workers[0].stop()
    assert await house.status(first, second, queued) == ["requires_action", "in_progress", "queued"]
    assert await house.types(thread_id, first) == [*BEGUN, *CALLED]


async def test_a_stop_while_a_run_is_being_completed_lets_it_complete(house: House) -> None:
    _, run_id, call = await house.streaming("All of it.")
    with house.database.held():
        call.end(STOP)
        await house.moment()
        stop = asyncio.ensure_future(house.workers[0].stop())
        await house.moment()
    await stop
    assert await house.texts(run_id) == [("completed", "All of it.")]


async def test_a_stop_while_a_run_is_being_claimed_hands_it_back_without_asking_the_model(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        run_id = await house.asked(await house.thread())
        worker = house.worker()
        with house.database.held():
            start = asyncio.ensure_future(worker.start())
            await house.waiting(2)
            stop = asyncio.ensure_future(worker.stop())
            await house.moment()
        await stop
        await start
        assert (await house.status(run_id), await lease(house, run_id)) == (["in_progress"], (None, 1, 0))
        assert house.provider.calls == []


async def test_a_stop_interrupts_a_model_that_does_not_let_go(house: House) -> None:
    thread_id, run_id, _ = await house.streaming("Half a")
    house.provider.holds_on.clear()
    stop = asyncio.ensure_future(house.workers[0].stop())
    await house.quiet()
    assert not stop.done()
    house.clock.turn(2)
    await stop
    assert (await house.types(thread_id, run_id), (await lease(house, run_id))[0]) == (BROKEN_OFF, None)


async def test_a_stop_does_not_wait_for_ever_for_a_model_that_never_lets_go(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    _, run_id, _ = await house.streaming("Half a")
    let_go = asyncio.Event()

    async def ignores_everything() -> bool:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()
        return True

    house.provider.holds_on.wait = ignores_everything  # type: ignore[method-assign,assignment]
    stop = asyncio.ensure_future(house.workers[0].stop())
    for _ in range(2):
        await house.quiet()
        house.clock.turn(2)
    await stop
    assert [entry["run_ids"] for entry in logged if entry["log_level"] == "error"] == [[run_id]]
    logged.clear()
    house.workers.clear()
    let_go.set()
    await house.quiet()
