"""What a killed process leaves behind, and what the next one makes of it (ARCHITECTURE section 5, After a crash)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from livethread.domain.steps import function_call
from livethread.domain.usage import Usage as RunUsage
from livethread.providers.chunks import PromptMessage, Text, TextPart, ToolCall, Usage
from tests.engine.harness import House, house_at
from tests.engine.scripted import NOW, TurnedClock
from tests.engine.test_loop import BEGUN, CALLED, CALLS, SPEAKING, SPOKEN, STOP
from tests.engine.test_worker import AGAIN


def told(request_messages: tuple[PromptMessage, ...]) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in request_messages]


@asynccontextmanager
async def killed(house: House, *, later: float = 60) -> AsyncIterator[House]:
    """The next process on the files as they are now, before its recovery."""
    folder = house.folder.with_name("next")
    house.leave_as_killed(folder)
    clock = TurnedClock()
    clock.time = house.clock.time + later
    async with house_at(folder, clock=clock) as after:
        yield after


async def recovered(house: House) -> list[str]:
    """What the recovery writes."""
    worker = house.worker("next")
    await worker.recover()
    await house.quiet()
    return await house.still_open()


async def goes_on(house: House) -> None:
    await house.workers[0].start()
    await house.quiet()


async def test_a_run_that_was_generating_is_asked_again_as_a_new_message(house: House) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    await house.says(call, " lo", "af")
    async with killed(house) as after:
        (left,) = after.drafts.left_behind.values()
        assert await recovered(after) == []
        assert await after.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed"]
        (half,), (step,), run = await after.said(run_id), await after.steps(run_id), await after.run(run_id)
        assert (half.content, half.text, half.status) == (left.content(), "Half a loaf", "incomplete")
        assert (half.incomplete_details, half.incomplete_at) == ({"reason": "run_failed"}, NOW + 60)
        assert (step.status, step.last_error, step.failed_at) == ("failed", AGAIN, NOW + 60)
        assert (run.status, run.started_at, run.expires_at) == ("in_progress", NOW, NOW + 600)
        assert after.drafts.path.stat().st_size == 0

        await goes_on(after)
        assert after.provider.last.request == house.provider.last.request
        after.provider.last.end(Text("A whole one."), Usage(3, 3), STOP)
        await after.quiet()
        assert (await after.types(thread_id, run_id))[9:] == [*SPOKEN, "R.completed"]
        assert await after.texts(run_id) == [("incomplete", "Half a loaf"), ("completed", "A whole one.")]
        assert (await after.run(run_id)).usage == RunUsage.of(3, 3)


async def test_a_torn_last_record_is_as_if_it_had_never_been_shown(house: House) -> None:
    _, run_id, call = await house.streaming("Half a")
    whole = house.drafts.path.stat().st_size
    await house.says(call, " loaf")
    async with killed(house) as after:
        after.drafts.close()
        file = after.folder / "livethread.db-drafts"
        file.write_bytes(file.read_bytes()[: whole + 20])
        after.drafts.__init__(file)  # type: ignore[misc]
        await recovered(after)
        assert await after.texts(run_id) == [("incomplete", "Half a")]


async def test_a_run_that_had_said_nothing_yet_is_asked_again(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    async with killed(house) as after:
        assert await recovered(after) == []
        assert await after.types(thread_id, run_id) == BEGUN
        after.provider.plan([Text("Hi"), STOP])
        await goes_on(after)
        assert await after.types(thread_id, run_id) == [*BEGUN, *SPOKEN, "R.completed"]


async def test_completed_rounds_are_not_asked_for_again(house: House) -> None:
    house.provider.plan([Text("Let me see."), *CALLS])
    thread_id = await house.thread("What is it?")
    run_id = await house.asked(thread_id, tool_choice="required")
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    await house.says(house.provider.last, "It is")
    async with killed(house) as after:
        assert await recovered(after) == []
        await goes_on(after)
        request = after.provider.last.request
        assert (request.turn, request.tool_choice) == (1, "auto")
        assert request.messages == (
            PromptMessage("user", (TextPart("What is it?"),)),
            PromptMessage(
                "assistant",
                (TextPart("Let me see."),),
                (ToolCall("call_a", "f", "{}"), ToolCall("call_b", "g", '{"x": 1}')),
            ),
            PromptMessage("tool", (TextPart("1"),), tool_call_id="call_a"),
            PromptMessage("tool", (TextPart("2"),), tool_call_id="call_b"),
        )
        after.provider.last.end(Text("It is 3."), STOP)
        await after.quiet()
        assert [(step.type, step.status) for step in await after.steps(run_id)] == [
            ("message_creation", "completed"), ("tool_calls", "completed"),
            ("message_creation", "failed"), ("message_creation", "completed"),
        ]  # fmt: skip
        assert [call["function"]["output"] for call in (await after.steps(run_id))[1].calls] == ["1", "2"]


async def test_the_first_turn_is_still_the_first_when_it_is_asked_again(house: House) -> None:
    await house.streaming("Half a", tool_choice="required")
    async with killed(house) as after:
        await recovered(after)
        await goes_on(after)
        assert (after.provider.last.request.turn, after.provider.last.request.tool_choice) == (0, "required")


async def test_a_run_that_waits_for_its_caller_stays(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    async with killed(house) as after:
        (open_step,) = await recovered(after)
        await goes_on(after)
        assert await after.types(thread_id, run_id) == [*BEGUN, *CALLED]
        assert [step.id for step in await after.steps(run_id)] == [open_step]
        await after.submit(thread_id, run_id, call_a="1", call_b="2")
        (step,) = await after.steps(run_id)
        assert step.calls == [function_call("call_a", "f", "{}", "1"), function_call("call_b", "g", '{"x": 1}', "2")]
        assert step.usage == RunUsage.of(10, 2)
        await after.passes(540)
        assert await after.status(run_id) == ["expired"]


async def test_a_run_that_was_being_cancelled_ends_cancelled(house: House) -> None:
    thread_id, run_id, _ = await house.streaming("Half a")
    house.provider.holds_on.clear()
    await house.runs.cancel(thread_id, run_id)
    await house.quiet()
    async with killed(house) as after:
        assert await recovered(after) == []
        assert (await after.types(thread_id, run_id))[7:] == [
            "R.cancelling", "M.incomplete", "S.cancelled", "R.cancelled",
        ]  # fmt: skip
        (half,) = await after.said(run_id)
        assert (half.text, half.incomplete_details) == ("Half a", {"reason": "run_cancelled"})


async def test_queued_runs_start_again_in_their_turn(house: House) -> None:
    thread_id, first, _ = await house.streaming("Half a")
    second = await house.asked(thread_id)
    async with killed(house) as after:
        await recovered(after)
        assert await after.status(first, second) == ["in_progress", "queued"]
        after.provider.plan([Text("One."), STOP], [Text("Two."), STOP])
        await goes_on(after)
        assert await after.status(first, second) == ["completed", "completed"]
        assert told(after.provider.last.request.messages) == [("user", "Hello"), ("user", "[assistant]: One.")]


@pytest.mark.parametrize("state", ["in_progress", "requires_action", "queued once more"])
async def test_what_expired_while_nobody_was_there_expires_at_the_start(house: House, state: str) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    if state == "in_progress":
        await house.says(house.provider.last, "Half a")
    else:
        house.provider.last.end(*CALLS)
        await house.quiet()
    if state == "queued once more":
        await house.workers[0].stop()
        await house.submit(thread_id, run_id, call_a="1", call_b="2")
    async with killed(house, later=3600) as after:
        await recovered(after)
        await goes_on(after)
        assert (await after.status(run_id), await after.still_open()) == (["expired"], [])
        assert after.provider.open == []


async def test_eight_half_messages_of_a_thread_are_all_closed(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    ids = [await house.asked(thread_id, assistant_id=assistant_id, thread_policy="parallel") for _ in range(8)]
    for index, call in enumerate(house.provider.calls):
        await house.says(call, f"voice {index}")
    async with killed(house) as after:
        assert await recovered(after) == []
        assert [await after.texts(id) for id in ids] == [[("incomplete", f"voice {index}")] for index in range(8)]
        await goes_on(after)
        assert len(after.provider.open) == 8


async def test_a_deleted_thread_does_not_keep_the_next_start_from_starting(house: House) -> None:
    thread_id, run_id, _ = await house.streaming("Half a")
    await house.threads.delete(thread_id)
    other_thread, other, _ = await house.streaming("Other")
    async with killed(house) as after:
        await recovered(after)
        await goes_on(after)
        assert await after.status(run_id, other) == ["cancelled", "in_progress"]
        assert (await after.types(other_thread, other))[-2:] == ["M.incomplete", "S.failed"]


async def test_a_second_crash_leaves_two_halves_and_one_whole(house: House, tmp_path: Path) -> None:
    _, run_id, _ = await house.streaming("Half")
    async with killed(house) as second:
        await recovered(second)
        await goes_on(second)
        await second.says(second.provider.last, "Two thirds")
        second.folder = second.folder.rename(tmp_path / "second")
        async with killed(second) as third:
            await recovered(third)
            third.provider.plan([Text("All."), STOP])
            await goes_on(third)
            texts: list[Any] = await third.texts(run_id)
            assert texts == [("incomplete", "Half"), ("incomplete", "Two thirds"), ("completed", "All.")]


async def test_a_half_message_whose_text_a_power_cut_took_is_deleted(house: House) -> None:
    thread_id, run_id, _ = await house.streaming("Half a")
    async with killed(house) as after:
        after.drafts.close()
        (after.folder / "livethread.db-drafts").write_bytes(b"")
        after.drafts.__init__(after.drafts.path)  # type: ignore[misc]
        assert await recovered(after) == []
        assert (await after.types(thread_id))[-2:] == ["M.deleted", "S.failed"]
        assert await after.texts(run_id) == []
        after.provider.plan([Text("A whole one."), STOP])
        await goes_on(after)
        assert await after.texts(run_id) == [("completed", "A whole one.")]


async def test_what_a_run_sees_is_what_it_saw_before_the_crash(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    earlier = await house.asked(thread_id, assistant_id=assistant_id)
    await house.asked(thread_id, assistant_id=assistant_id, thread_policy="parallel")
    of_earlier, of_later = house.provider.calls
    of_earlier.end(Text("Finished meanwhile."), STOP)
    await house.says(of_later, "Half a")
    await house.post(thread_id, "Posted meanwhile.")
    async with killed(house) as after:
        await recovered(after)
        await goes_on(after)
        assert await after.texts(earlier) == [("completed", "Finished meanwhile.")]
        (again,) = after.provider.calls
        assert again.request == of_later.request
        assert told(again.request.messages) == [("user", "Hello")]
        again.end(*CALLS)
        await after.quiet()
        (run_id,) = {data["id"] for type, data in await after.events(thread_id) if type == "R.requires_action"}
        await after.submit(thread_id, run_id, call_a="1", call_b="2")
        assert told(after.provider.last.request.messages) == [
            ("user", "Hello"), ("assistant", ""), ("tool", "1"), ("tool", "2"),
        ]  # fmt: skip


async def test_a_half_that_its_run_wrote_again_is_seen_by_nobody_and_one_it_did_not_by_all(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    body = {"assistant_id": assistant_id, "thread_policy": "parallel"}
    ids = [await house.asked(thread_id, **body, metadata={"number": number}) for number in "12"]
    for call, text in zip(house.provider.calls, ["Half a", "Half of another"], strict=True):
        await house.says(call, text)
    async with killed(house) as after:
        await recovered(after)
        await goes_on(after)
        (again,) = [call for call in after.provider.calls if call.request.metadata == {"number": "1"}]
        again.end(Text("A whole one."), STOP)
        await after.quiet()
        await after.runs.cancel(thread_id, ids[1])
        await after.quiet()
        assert [await after.texts(id) for id in ids] == [
            [("incomplete", "Half a"), ("completed", "A whole one.")],
            [("incomplete", "Half of another")],
        ]
        await after.asked(thread_id, assistant_id=assistant_id)
        assert told(after.provider.last.request.messages) == [
            ("user", "Hello"), ("assistant", "A whole one."), ("assistant", "Half of another"),
        ]  # fmt: skip
