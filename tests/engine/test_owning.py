"""Who writes what of a run (ARCHITECTURE section 5, Owning a run): a service asks, a worker ends, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from livethread.domain.lists import ListQuery
from livethread.domain.run_bodies import RunCreate, ToolOutput, ToolOutputsSubmit
from livethread.errors import ApiError
from livethread.live.reading import Reading
from livethread.live.snapshot import Snapshots
from livethread.providers.chunks import Chunk, Finish, ProviderError, Text
from livethread.services.steps import Steps
from tests.engine.harness import House, house_at
from tests.engine.test_loop import BEGUN, CALLS, SPEAKING, STOP

CUT_OFF = [*BEGUN, *SPEAKING, "R.cancelling", "M.incomplete", "S.cancelled", "R.cancelled"]


@pytest.mark.parametrize(
    "end",
    [
        [STOP], CALLS, [Finish("length")], [Finish("content_filter")], [], [ProviderError("auth", "Wrong key.")],
        [ProviderError("overloaded", "Busy.", retryable=True)], [RuntimeError("odd")],
    ],
    ids=["stops", "calls", "is cut short", "is filtered", "breaks off", "fails", "is busy", "is odd"],
)  # fmt: skip
async def test_from_cancelling_a_run_goes_to_cancelled_whatever_its_model_does_meanwhile(
    house: House, logged: list[Any], end: list[Chunk | Exception]
) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    with house.database.held():
        cancel = asyncio.ensure_future(house.runs.cancel(thread_id, run_id))
        await house.moment()
        for item in end:
            call.say(item)  # type: ignore[arg-type]
        call.end()
        await house.moment()
    await cancel
    await house.quiet()
    run, (message,) = await house.run(run_id), await house.said(run_id)
    assert await house.types(thread_id, run_id) == CUT_OFF
    assert (run.last_error, run.incomplete_details, run.failed_at, run.completed_at) == (None, None, None, None)
    assert message.incomplete_details == {"reason": "run_cancelled"}
    logged.clear()


async def test_without_a_worker_a_cancel_only_asks(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        thread_id = await house.thread()
        run_id = await house.asked(thread_id)
        await house.runs.cancel(thread_id, run_id)
        await house.passes(3600)
        assert await house.types(thread_id, run_id) == ["R.created", "R.queued", "R.cancelling"]
        await house.worker().start()
        await house.quiet()
        assert await house.types(thread_id, run_id) == ["R.created", "R.queued", "R.cancelling", "R.cancelled"]


@pytest.mark.parametrize("state", ["queued", "in_progress", "requires_action", "cancelling"])
async def test_no_read_starts_or_ends_a_run(house: House, state: str) -> None:
    thread_id = await house.thread()
    first = await house.asked(thread_id)
    run_id = await house.asked(thread_id) if state == "queued" else first
    if state == "requires_action":
        house.provider.last.end(*CALLS)
        await house.quiet()
    await house.workers[0].stop()
    if state == "cancelling":
        await house.runs.cancel(thread_id, run_id)
    house.clock.turn(3600)
    before = await house.events(thread_id)
    await read_everything(house, thread_id, run_id)
    await house.quiet()
    assert (await house.status(run_id), await house.events(thread_id)) == ([state], before)


async def read_everything(house: House, thread_id: str, run_id: str) -> None:
    reading = Reading(house.database, house.drafts)
    query = ListQuery()
    await house.threads.get(thread_id)
    await house.threads.list(query)
    await house.runs.get(thread_id, run_id)
    await house.runs.list(thread_id, query)
    await house.messages.list(thread_id, query)
    await Steps(reading).list(thread_id, run_id, query)
    await Snapshots(reading, house.drafts.get).take(thread_id, 20)


async def test_a_caller_that_goes_away_cancels_nothing(house: House) -> None:
    thread_id, body = await house.thread(), RunCreate(assistant_id=await house.assistant())
    with house.database.held():
        caller = asyncio.ensure_future(house.runs.create(thread_id, body))
        await house.moment()
        caller.cancel()
        await house.moment()
    await house.quiet()
    call = house.provider.last
    await house.says(call, "For whoever")
    call.end(Text(" comes."), STOP)
    await house.quiet()
    (run_id,) = {event["id"] for type, event in await house.events(thread_id) if type == "R.created"}
    assert caller.cancelled()
    assert await house.texts(run_id) == [("completed", "For whoever comes.")]


async def test_an_output_that_comes_too_late_changes_nothing(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    before = await house.events(thread_id)
    with pytest.raises(ApiError, match=r'^Runs in status "cancelled" do not accept tool outputs\.$'):
        await house.submit(thread_id, run_id, call_a="1", call_b="2")
    assert await house.events(thread_id) == before


async def test_a_run_whose_outputs_come_in_the_moment_it_asks_for_them_goes_on_at_once(house: House) -> None:
    """Also where the database is so quick that the loop of the turn before has not yet gone."""
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    outputs = [ToolOutput(tool_call_id=id, output="1") for id in ("call_a", "call_b")]

    async def at_once(query: Callable[[Connection], Any]) -> Any:
        with house.database._engine.begin() as connection:
            return query(connection)

    with house.database.held():
        house.provider.last.end(*CALLS)
        await house.moment()
        submit = asyncio.ensure_future(house.runs.submit(thread_id, run_id, ToolOutputsSubmit(tool_outputs=outputs)))
        await house.moment()
        house.database.read = at_once  # type: ignore[method-assign]
    await submit
    await house.quiet()
    assert len(house.provider.calls) == 2
