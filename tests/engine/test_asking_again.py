"""Model APIs that fail now and then: asked again while nothing was shown, never silently after."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from livethread.domain.usage import Usage as RunUsage
from livethread.engine.limits import Limits
from livethread.providers.chunks import Chunk, Finish, ProviderError, Reasoning, Text, ToolCallStart, Usage
from tests.engine.harness import House
from tests.engine.test_loop import BEGUN, CALLED, CALLS, SPEAKING, SPOKEN, STOP, call

BUSY = ProviderError("overloaded", "Busy.", retryable=True)
BROKEN: list[Chunk] = [*call("call_a", "f", '{"x'), Usage(7, 3), Finish("tool_calls")]


async def failing(house: House, *errors: ProviderError) -> tuple[str, str]:
    """A run whose model fails so often, with the time in between gone by."""
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    for error in errors:
        house.provider.last.fail(error)
        await house.passes(10)
    return thread_id, run_id


async def test_a_model_that_fails_before_a_word_is_asked_again_and_nobody_sees_it(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    thread_id, run_id = await failing(house, BUSY, BUSY, BUSY)
    house.provider.last.end(Text("Here."), STOP)
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPOKEN, "R.completed"]
    assert await house.texts(run_id) == [("completed", "Here.")]
    assert [call.request.attempt for call in house.provider.calls] == [0, 1, 2, 3]
    assert [entry["seconds"] for entry in logged if entry["event"] == "the model is asked again"] == [0.5, 1.0, 2.0]


async def test_a_model_that_goes_on_failing_fails_the_run(house: House) -> None:
    thread_id, run_id = await failing(house, BUSY, BUSY, BUSY, BUSY)
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.failed"]
    assert (await house.run(run_id)).last_error == {
        "code": "server_error",
        "message": "Busy. (The model was asked 4 times.)",
    }
    assert len(house.provider.calls) == 4


async def test_what_would_fail_again_is_asked_once(house: House) -> None:
    _, run_id = await failing(house, ProviderError("auth", "Wrong key."))
    assert (await house.run(run_id)).last_error == {"code": "server_error", "message": "Wrong key."}
    assert len(house.provider.calls) == 1


async def test_a_hint_is_waited_for(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    house.provider.last.fail(ProviderError("rate_limit", "Slow down.", retryable=True, retry_after=30.0))
    await house.passes(29)
    assert len(house.provider.calls) == 1
    await house.passes(1)
    assert len(house.provider.calls) == 2
    assert await house.status(run_id) == ["in_progress"]


async def test_a_model_that_has_shown_something_is_not_asked_again(house: House) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    call.fail(BUSY)
    await house.passes(60)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed", "R.failed"]
    assert await house.texts(run_id) == [("incomplete", "Half a")]
    assert (await house.run(run_id)).last_error == {"code": "server_error", "message": "Busy."}
    assert len(house.provider.calls) == 1


async def test_reasoning_and_calls_under_way_are_not_shown_and_begin_anew(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    house.provider.last.say(Reasoning("Hm."), ToolCallStart(0, "call_lost", "f"))
    house.provider.last.fail(BUSY)
    await house.passes(1)
    house.provider.last.end(*CALLS)
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED]
    assert [call["id"] for call in (await house.run(run_id)).pending_calls] == ["call_a", "call_b"]


async def test_each_turn_has_attempts_of_its_own(house: House) -> None:
    thread_id, run_id = await failing(house, BUSY, BUSY, BUSY)
    house.provider.last.end(*CALLS)
    await house.quiet()
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    for _ in range(3):
        house.provider.last.fail(BUSY)
        await house.passes(10)
    house.provider.last.end(Text("Done."), STOP)
    await house.quiet()
    assert await house.status(run_id) == ["completed"]


@pytest.mark.parametrize(("how", "ending"), [("cancel", "cancelled"), ("expire", "expired")])
async def test_a_run_that_waits_to_ask_again_can_be_ended(house: House, how: str, ending: str) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.passes(560)
    house.provider.last.fail(ProviderError("rate_limit", "Slow down.", retryable=True, retry_after=59.0))
    await house.quiet()
    if how == "cancel":
        await house.runs.cancel(thread_id, run_id)
        await house.quiet()
    else:
        await house.passes(40)
    assert await house.status(run_id) == [ending]
    await house.passes(60)
    assert len(house.provider.calls) == 1


# -- calls that nobody could answer --------------------------------------------------------------


async def test_broken_arguments_are_asked_for_again_and_every_attempt_is_paid(house: House) -> None:
    house.provider.plan(BROKEN, BROKEN, CALLS)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.passes(10)
    assert await house.types(thread_id, run_id) == [*BEGUN, *CALLED]
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    (step,) = await house.steps(run_id)
    assert step.usage == RunUsage.of(7 + 7 + 10, 3 + 3 + 2)


async def test_arguments_that_stay_broken_fail_the_run(house: House) -> None:
    house.provider.plan(*[BROKEN] * 4)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.passes(60)
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.failed"]
    run = await house.run(run_id)
    assert (run.last_error or {})["message"].startswith(
        "The model called 'f' with arguments that are not a JSON object"
    )
    assert run.usage == RunUsage.of(28, 12)


async def test_broken_arguments_behind_a_text_fail_the_run_and_leave_the_text(house: House) -> None:
    house.provider.plan([Text("Let me see."), *BROKEN])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed", "R.failed"]
    assert await house.texts(run_id) == [("incomplete", "Let me see.")]
    assert len(house.provider.calls) == 1


# -- prompts that are too long -------------------------------------------------------------------

TOO_LONG = ProviderError("context_length", "Too long.")


async def test_a_thread_that_has_grown_too_long_for_the_model_loses_its_middle_until_it_fits(house: House) -> None:
    thread_id = await house.thread(*[f"{number} {'word ' * 40}" for number in range(9)])
    run_id = await house.asked(thread_id)
    for _ in range(2):
        house.provider.last.fail(TOO_LONG)
        await house.quiet()
    house.provider.last.end(Text("Short enough."), STOP)
    await house.quiet()
    told = [[int(message.text.split()[0]) for message in call.request.messages] for call in house.provider.calls]
    assert told == [[0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 7, 8], [8]]
    assert await house.texts(run_id) == [("completed", "Short enough.")]


async def test_an_id_is_new_also_to_rounds_that_the_prompt_has_lost(house: House) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id, max_prompt_tokens=1000)
    for _ in range(3):
        house.provider.last.end(*call("call_a", "f", "{}"), Usage(1, 1), Finish("tool_calls"))
        await house.quiet()
        (waits,) = (await house.run(run_id)).pending_calls
        await house.submit(thread_id, run_id, **{waits["id"]: "long " * 400})
    ids = [step.calls[0]["id"] for step in await house.steps(run_id)]
    assert [made.id for message in house.provider.last.request.messages for made in message.tool_calls] == ids[-1:]
    assert (ids[0], len(set(ids))) == ("call_a", 3)


async def test_a_message_that_alone_is_too_long_fails_the_run(house: House) -> None:
    thread_id = await house.thread("word " * 400)
    run_id = await house.asked(thread_id)
    house.provider.last.fail(TOO_LONG)
    await house.quiet()
    assert (await house.run(run_id)).last_error == {"code": "invalid_prompt", "message": "Too long."}
    assert len(house.provider.calls) == 1


async def test_the_last_messages_that_a_caller_asked_for_are_not_cut(house: House) -> None:
    thread_id = await house.thread("One", "Two", "Three")
    strategy = {"type": "last_messages", "last_messages": 2}
    run_id = await house.asked(thread_id, truncation_strategy=strategy)
    house.provider.last.fail(TOO_LONG)
    await house.quiet()
    assert await house.status(run_id) == ["failed"]


# -- limits --------------------------------------------------------------------------------------


async def test_a_model_that_calls_for_ever_is_stopped_after_so_many_rounds(house: House) -> None:
    await house.workers.pop().stop()
    house.limits = Limits(max_rounds=3)
    await house.worker("second").start()
    thread_id, assistant_id = await house.thread(), await house.assistant()
    house.provider.plan(*[[*call(f"call_{turn}", "f", "{}"), Finish("tool_calls")] for turn in range(4)])
    run_id = await house.asked(thread_id, assistant_id=assistant_id)
    for turn in range(3):
        await house.submit(thread_id, run_id, **{f"call_{turn}": "again"})
    run = await house.run(run_id)
    assert (run.status, run.last_error) == (
        "failed",
        {
            "code": "server_error",
            "message": "The model went on calling functions after 3 rounds, the most that one run may make. "
            "See what it is told by their outputs, or raise LIVETHREAD_MAX_ROUNDS.",
        },
    )
    assert [step.status for step in await house.steps(run_id)] == ["completed"] * 3


async def test_both_token_limits_are_totals_over_the_rounds(house: House) -> None:
    house.provider.plan(CALLS)  # costs 10 and 2
    thread_id = await house.thread()
    run_id = await house.asked(thread_id, max_completion_tokens=5, max_prompt_tokens=500)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    assert [call.request.max_completion_tokens for call in house.provider.calls] == [5, 3]


@pytest.mark.parametrize("limit", ["max_completion_tokens", "max_prompt_tokens"])
async def test_a_run_whose_tokens_are_used_up_is_incomplete(house: House, limit: str) -> None:
    house.provider.plan([*CALLS[:-2], Usage(500, 500), Finish("tool_calls")])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id, **{limit: 500})
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    run = await house.run(run_id)
    assert (run.status, run.incomplete_details, run.usage) == ("incomplete", {"reason": limit}, RunUsage.of(500, 500))
    assert (await house.types(thread_id, run_id))[-3:] == ["R.queued", "R.in_progress", "R.incomplete"]
    assert len(house.provider.calls) == 1


async def test_what_a_silent_engine_used_is_counted_and_marked(house: House) -> None:
    house.provider.plan([Reasoning("Hm."), Text("Twelve bytes"), STOP])
    thread_id = await house.thread("Hello")
    run_id = await house.asked(thread_id)
    run, (step,) = await house.run(run_id), await house.steps(run_id)
    assert run.usage == step.usage
    assert run.usage is not None
    assert (run.usage.completion_tokens, run.usage.estimated) == (3 + 1, True)
    assert run.usage.prompt_tokens > 2 + 4
    assert '"estimated":true' in run.json_text()
