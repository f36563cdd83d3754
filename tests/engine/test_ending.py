"""Runs that somebody or the time ends: the events in the orders of the reference (section 5.5), and every race."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from livethread.domain.run_bodies import ToolOutput, ToolOutputsSubmit
from livethread.domain.runs import Run
from livethread.domain.usage import Usage as RunUsage
from livethread.engine.engine import Engine
from livethread.engine.loop import RunLoop
from livethread.errors import ApiError
from livethread.live.log import ThreadWrite
from livethread.providers.chunks import Finish, ProviderError, Text, ToolCallStart, Usage
from tests.engine.harness import House, house_at
from tests.engine.scripted import NOW
from tests.engine.test_loop import BEGUN, CALLED, CALLS, SPEAKING, SPOKEN, STOP


async def waiting(house: House) -> tuple[str, str]:
    """A thread, and its run that waits for its caller."""
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    return thread_id, await house.asked(thread_id)


# -- cancelled -----------------------------------------------------------------------------------


async def test_cancelled_while_queued(house: House) -> None:
    thread_id, *_ = await house.streaming()
    run_id = await house.asked(thread_id)
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    assert await house.types(thread_id, run_id) == ["R.created", "R.queued", "R.cancelling", "R.cancelled"]
    run = await house.run(run_id)
    assert (run.cancelled_at, run.started_at, run.usage, run.last_error) == (NOW, None, None, None)


async def test_cancelled_before_the_first_word_leaves_no_message(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    cancelling = Run.model_validate_json((await house.runs.cancel(thread_id, run_id)).text)
    assert (cancelling.status, cancelling.expires_at) == ("cancelling", NOW + 600)
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.cancelling", "R.cancelled"]
    run = await house.run(run_id)
    assert (run.cancelled_at, run.expires_at, house.provider.last.closed) == (NOW, None, True)


async def test_cancelled_while_streaming_keeps_the_text(house: House) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    call.say(Usage(3, 1))
    await house.quiet()
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    assert await house.types(thread_id, run_id) == [
        *BEGUN, *SPEAKING, "R.cancelling", "M.incomplete", "S.cancelled", "R.cancelled",
    ]  # fmt: skip
    (message,), (step,) = await house.said(run_id), await house.steps(run_id)
    assert (message.status, message.text, message.incomplete_details, message.incomplete_at) == (
        "incomplete", "Half a", {"reason": "run_cancelled"}, NOW,
    )  # fmt: skip
    assert (step.status, step.cancelled_at, step.last_error, step.usage) == ("cancelled", NOW, None, RunUsage.of(3, 1))
    assert ((await house.run(run_id)).usage, call.closed) == (RunUsage.of(3, 1), True)


async def test_cancelled_while_it_waits_for_its_caller(house: House) -> None:
    thread_id, run_id = await waiting(house)
    cancelling = Run.model_validate_json((await house.runs.cancel(thread_id, run_id)).text)
    assert cancelling.required_action is None
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED, "R.cancelling", "S.cancelled", "R.cancelled"]
    (step,), run = await house.steps(run_id), await house.run(run_id)
    assert (step.usage, run.usage) == (RunUsage.of(10, 2), RunUsage.of(10, 2))


async def test_a_turn_that_is_cut_short_does_not_cost_what_the_one_before_it_did(house: House) -> None:
    thread_id, run_id = await waiting(house)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    await house.says(house.provider.last, "So")
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    assert [step.usage for step in await house.steps(run_id)] == [RunUsage.of(10, 2), None]
    assert (await house.run(run_id)).usage == RunUsage.of(10, 2)


async def test_a_cancel_that_comes_too_late_finds_a_finished_run(house: House) -> None:
    house.provider.plan([Text("Hi"), STOP])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    with pytest.raises(ApiError, match=r"^Cannot cancel run with status 'completed'\.$"):
        await house.runs.cancel(thread_id, run_id)


async def test_a_cancel_just_before_the_completion_wins(house: House) -> None:
    thread_id, run_id, call = await house.streaming("All of it.")
    with house.database.held():
        cancel = asyncio.ensure_future(house.runs.cancel(thread_id, run_id))
        await house.moment()
        call.end(Usage(3, 1), STOP)
        await house.moment()
    await house.quiet()
    assert Run.model_validate_json(cancel.result().text).status == "cancelling"
    assert await house.types(thread_id, run_id) == [
        *BEGUN, *SPEAKING, "R.cancelling", "M.incomplete", "S.cancelled", "R.cancelled",
    ]  # fmt: skip
    assert await house.texts(run_id) == [("incomplete", "All of it.")]
    assert (await house.run(run_id)).usage == RunUsage.of(3, 1)


async def test_a_cancel_just_behind_the_completion_is_refused(house: House) -> None:
    thread_id, run_id, call = await house.streaming("All of it.")
    with house.database.held():
        call.end(STOP)
        await house.moment()
        cancel = asyncio.ensure_future(house.runs.cancel(thread_id, run_id))
        await house.moment()
    await house.quiet()
    assert str(cancel.exception()) == "Cannot cancel run with status 'completed'."
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPOKEN, "R.completed"]


async def test_a_cancel_in_the_moment_in_which_the_run_begins_to_wait_ends_it(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    with house.database.held():
        house.provider.last.end(*CALLS)
        await house.moment()
        cancel = asyncio.ensure_future(house.runs.cancel(thread_id, run_id))
        await house.moment()
    await house.quiet()
    assert cancel.done()
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED, "R.cancelling", "S.cancelled", "R.cancelled"]


async def test_outputs_in_the_moment_in_which_the_run_begins_to_wait_are_taken(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    outputs = [ToolOutput(tool_call_id=id, output="1") for id in ("call_a", "call_b")]
    with house.database.held():
        house.provider.last.end(*CALLS)
        await house.moment()
        submit = asyncio.ensure_future(house.runs.submit(thread_id, run_id, ToolOutputsSubmit(tool_outputs=outputs)))
        await house.moment()
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED, "S.completed", "R.queued", "R.in_progress"]
    assert (submit.done(), len(house.provider.open)) == (True, 1)


async def test_a_cancel_in_the_moment_of_the_start_closes_the_model(tmp_path: Path) -> None:
    async with house_at(tmp_path) as house:
        thread_id = await house.thread()
        run_id = await house.asked(thread_id)
        worker = house.worker()
        with house.database.held():
            start = asyncio.ensure_future(worker.start())
            await house.waiting(2)  # the look for old threads, and the claim
            cancel = asyncio.ensure_future(house.runs.cancel(thread_id, run_id))
            await house.moment()
        await house.quiet()
        assert (start.done(), Run.model_validate_json(cancel.result().text).status) == (True, "cancelling")
        assert await house.types(thread_id, run_id) == [*BEGUN, "R.cancelling", "R.cancelled"]
        assert house.provider.open == []


async def test_a_loop_that_is_interrupted_before_its_first_step_still_writes_the_ending(house: House) -> None:
    thread_id, run_id = await _in_progress_without_a_loop(house)
    await house.runs.cancel(thread_id, run_id)
    loop = RunLoop(_engine(house), await house.run(run_id), fence=7)
    assert loop.interrupt("cancelled")
    await loop.over()
    assert (loop.settled, await house.status(run_id), house.provider.calls) == (True, ["cancelled"], [])


async def test_a_model_that_fails_because_it_is_cancelled_does_not_fail_the_run(house: House) -> None:
    _, run_id, _ = await house.streaming("Half a")

    async def fails_to_close() -> bool:
        raise ProviderError("connection", "closed in a hurry")

    house.provider.holds_on.wait = fails_to_close  # type: ignore[method-assign,assignment]
    house.clock.turn(600)
    await house.quiet()
    assert await house.status(run_id) == ["expired"]


# -- expired -------------------------------------------------------------------------------------


async def test_expired_while_streaming_keeps_the_text(house: House) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    await house.passes(599)
    assert await house.status(run_id) == ["in_progress"]
    await house.passes(1)
    assert await house.types(thread_id, run_id) == [
        *BEGUN, *SPEAKING, "M.incomplete", "S.expired", "R.expired",
    ]  # fmt: skip
    (message,), (step,), run = await house.said(run_id), await house.steps(run_id), await house.run(run_id)
    assert (message.text, message.incomplete_details) == ("Half a", {"reason": "run_expired"})
    assert (step.expired_at, step.expires_at, run.expires_at) == (NOW + 600, None, None)
    assert (run.cancelled_at, run.failed_at, run.completed_at, run.last_error) == (None, None, None, None)
    assert call.closed


async def test_expired_while_it_waits_for_its_caller_counts_from_the_first_start(house: House) -> None:
    thread_id, run_id = await waiting(house)
    await house.passes(500)
    house.provider.plan(CALLS)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    await house.passes(95)
    assert await house.status(run_id) == ["requires_action"]
    await house.passes(5)
    assert await house.types(thread_id, run_id) == [
        *BEGUN, *CALLED, "S.completed", "R.queued", "R.in_progress", *CALLED, "S.expired", "R.expired",
    ]  # fmt: skip
    with pytest.raises(ApiError, match=r'^Runs in status "expired" do not accept tool outputs\.$'):
        await house.submit(thread_id, run_id, call_a="1", call_b="2")


async def test_time_that_runs_out_in_the_moment_in_which_the_run_begins_to_wait_ends_it(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    with house.database.held():
        house.provider.last.end(*CALLS)
        await house.moment()
        house.clock.turn(600)
        await house.moment()
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED, "S.expired", "R.expired"]


async def test_a_run_that_is_asked_to_cancel_is_cancelled_also_when_its_time_runs_out(house: House) -> None:
    thread_id, run_id, _ = await house.streaming()
    house.provider.holds_on.clear()
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    assert await house.status(run_id) == ["cancelling"]
    await house.passes(600)
    assert (await house.types(thread_id, run_id))[-4:] == ["R.cancelling", "M.incomplete", "S.cancelled", "R.cancelled"]


async def test_nobody_remembers_a_run_that_has_ended(house: House) -> None:
    house.provider.plan([Text("Hi"), STOP])
    await house.asked(await house.thread())
    (worker,) = house.workers
    assert (worker._loops, worker._timers, worker._claiming, worker._tasks) == ({}, {}, set(), set())


# -- deleted -------------------------------------------------------------------------------------


async def test_deleting_a_thread_ends_its_runs_and_closes_the_model(house: House) -> None:
    thread_id, run_id, call = await house.streaming()
    queued = await house.asked(thread_id)
    await house.threads.delete(thread_id)
    call.say(Text("more"))
    await house.quiet()
    assert (await house.types(thread_id))[-3:] == ["R.cancelled", "R.cancelled", "T.deleted"]
    assert (await house.status(run_id, queued), call.closed) == (["cancelled", "cancelled"], True)
    assert house.drafts.get((await house.said(run_id))[0].id) is None


async def test_what_the_engine_writes_after_the_deletion_changes_nothing(house: House) -> None:
    thread_id, run_id, call = await house.streaming()
    with house.database.held():
        deleted = asyncio.ensure_future(house.threads.delete(thread_id))
        await house.moment()
        call.end(ToolCallStart(0, "call_a", "f"), Finish("tool_calls"))
        await house.moment()
    await house.quiet()
    assert deleted.done()
    assert (await house.types(thread_id))[-2:] == ["R.cancelled", "T.deleted"]
    assert (await house.status(run_id), house.provider.open) == (["cancelled"], [])


async def _in_progress_without_a_loop(house: House) -> tuple[str, str]:
    """A run that another worker has claimed, with fence 7."""
    thread_id, *_ = await house.streaming()
    run_id = await house.asked(thread_id)

    def claim(write: ThreadWrite) -> None:
        run = write.run(run_id).model_copy(update={"status": "in_progress"})
        write.append(run, "thread.run.in_progress")
        while write.claim(run_id, "another", NOW + 30) < 7:
            pass

    await house.log.append(thread_id, claim)
    house.provider.calls.clear()
    return thread_id, run_id


def _engine(house: House) -> Engine:
    return Engine(house.database, house.log, house.drafts, house.registry, house.ids, house.clock)
