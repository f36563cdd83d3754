"""Random programs: whatever comes together, every run ends, legally and in order, and the log is the whole truth."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from livethread.storage import tables
from tests.engine import promises
from tests.engine.program import Program
from tests.engine.seen import each_message_says_what_its_model_said, each_run_saw_what_it_may
from tests.live.rows import stored_events, stored_rows

PROGRAMS = 400 if os.environ.get("TORTURE") else 10


@asynccontextmanager
async def program(folder: Path, seed: int) -> AsyncIterator[Program]:
    """A program that was carried out; its course is told with whatever fails."""
    program = Program(folder, seed)
    try:
        await program.go()
        yield program
    except BaseException as error:
        error.add_note("\n".join([f"Seed {seed}:", *program.course]))
        raise
    finally:
        await program.close()


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(PROGRAMS))
async def test_whatever_comes_together_every_run_ends_and_the_log_is_the_whole_truth(
    tmp_path: Path, seed: int, logged: list[MutableMapping[str, Any]]
) -> None:
    async with program(tmp_path, seed) as done:
        for thread in done.threads.values():
            rows, events = await stored_rows(done.house.database, thread.id), promises.told(thread)
            assert [event for event, _ in thread.events] == await stored_events(done.house.database, thread.id)
            promises.the_fold_is_the_rows(thread, events, rows)
            promises.each_snapshot_leads_to_the_rows(thread, rows)
            promises.every_run_ends_legally(events)
            promises.each_run_tells_it_in_order(events)
            promises.the_policies_are_kept(events)
            promises.the_time_of_a_run_is_counted_from_its_first_start(events, 600)
            promises.each_call_has_an_id_of_its_own(events)
            each_message_says_what_its_model_said(done, events)
            each_run_saw_what_it_may(done, events)
        await nothing_is_left(done)
        await the_thread_is_free(done)
        await deleted_threads_are_forgotten(done)
    assert {entry["event"] for entry in logged if entry["log_level"] == "error"} <= done.expected_errors
    logged.clear()


async def nothing_is_left(program: Program) -> None:
    """No model is asked, no draft is open, no run is owned, and the worker remembers nothing."""
    house = program.house
    assert house.provider.open == []
    assert (house.drafts._open, house.drafts.path.stat().st_size) == ({}, 0)
    owned = select(func.count()).select_from(tables.leases).where(tables.leases.c.owner.is_not(None))
    assert await house.database.read(lambda connection: connection.scalar(owned)) == 0
    (worker,) = house.workers
    assert (worker._loops, worker._timers, worker._tasks) == ({}, {}, set())


async def the_thread_is_free(program: Program) -> None:
    run_id = await program.house.asked(program.thread.id, instructions="Go on.", thread_policy="reject")
    assert await program.house.status(run_id) == ["in_progress"]


async def deleted_threads_are_forgotten(program: Program) -> None:
    """After a day; until then the log stands as it was."""
    await program.house.passes(5)
    program.clock.turn(25 * 3600)
    await program.house.quiet()
    stored = await program.house.database.read(lambda connection: list(connection.scalars(select(tables.threads.c.id))))
    assert set(stored) == {thread.id for thread in program.threads.values() if not thread.deleted}
