"""What a new run does on a busy thread (ARCHITECTURE section 5, Busy thread)."""

from __future__ import annotations

import asyncio

import pytest

from livethread.errors import ApiError
from livethread.live.reading import Reading
from livethread.providers.chunks import Text
from livethread.services.runs import Runs
from livethread.storage import tables
from tests.engine.harness import House
from tests.engine.test_loop import CALLS, STOP


async def finish(house: House, index: int, text: str = "Done.") -> None:
    """Let a model turn end well."""
    house.provider.calls[index].end(Text(text), STOP)
    await house.quiet()


async def test_under_queue_a_run_waits_until_the_ones_before_it_have_ended(house: House) -> None:
    thread_id, first, _ = await house.streaming()
    second, third = await house.asked(thread_id), await house.asked(thread_id)
    await house.post(thread_id, "And another thing")
    assert await house.status(first, second, third) == ["in_progress", "queued", "queued"]
    await finish(house, 0)
    assert await house.status(first, second, third) == ["completed", "in_progress", "queued"]
    await finish(house, 1)
    assert await house.status(first, second, third) == ["completed", "completed", "in_progress"]
    await finish(house, 2)
    assert await house.status(first, second, third) == ["completed"] * 3


@pytest.mark.parametrize("how", ["fails", "is cancelled", "expires"])
async def test_under_queue_the_next_run_starts_however_the_one_before_it_ended(house: House, how: str) -> None:
    thread_id, first, call = await house.streaming()
    second = await house.asked(thread_id)
    if how == "fails":
        call.end()
    elif how == "is cancelled":
        await house.runs.cancel(thread_id, first)
    else:
        house.clock.turn(600)
    await house.quiet()
    assert await house.status(second) == ["in_progress"]


async def test_under_queue_a_new_run_is_refused_with_its_messages_while_one_waits_for_its_caller(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    first, messages = await house.asked(thread_id), await house.count(tables.messages)
    with pytest.raises(ApiError) as refused:
        await house.asked(thread_id, additional_messages=[{"role": "user", "content": "Well?"}])
    assert (refused.value.status, str(refused.value)) == (400, f"Thread {thread_id} already has an active run {first}.")
    assert await house.count(tables.messages) == messages
    await house.post(thread_id, "Messages are accepted.")


async def test_under_queue_a_run_that_waits_already_goes_on_waiting_for_another_s_caller(house: House) -> None:
    thread_id = await house.thread()
    first, second = await house.asked(thread_id), await house.asked(thread_id)
    house.provider.calls[0].end(*CALLS)
    await house.quiet()
    assert await house.status(first, second) == ["requires_action", "queued"]
    await house.submit(thread_id, first, call_a="1", call_b="2")
    assert await house.status(first, second) == ["in_progress", "queued"]
    await finish(house, 1)
    assert await house.status(first, second) == ["completed", "in_progress"]


async def test_under_parallel_both_stream_at_once(house: House) -> None:
    thread_id, first, call = await house.streaming("One ")
    second = await house.asked(thread_id, thread_policy="parallel")
    await house.says(house.provider.last, "Other ")
    await house.says(call, "voice")
    await house.says(house.provider.last, "tone")
    for open_call in house.provider.open:
        open_call.end(STOP)
    await house.quiet()
    assert await house.texts(first) == [("completed", "One voice")]
    assert await house.texts(second) == [("completed", "Other tone")]


async def test_under_parallel_a_run_passes_those_that_queue(house: House) -> None:
    thread_id, *_ = await house.streaming()
    queued = await house.asked(thread_id)
    assert await house.status(queued, await house.asked(thread_id, thread_policy="parallel")) == [
        "queued", "in_progress",
    ]  # fmt: skip


async def test_under_parallel_a_run_starts_beside_one_that_waits_for_its_caller(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    first = await house.asked(thread_id)
    second = await house.asked(thread_id, thread_policy="parallel")
    assert await house.status(first, second) == ["requires_action", "in_progress"]


async def test_under_interrupt_all_earlier_runs_are_cancelled_and_the_new_one_starts_then(house: House) -> None:
    thread_id, first, call = await house.streaming("Half a")
    second = await house.asked(thread_id)
    third = await house.asked(thread_id, thread_policy="interrupt")
    assert await house.status(first, second, third) == ["cancelled", "cancelled", "in_progress"]
    assert (await house.texts(first), call.closed) == ([("incomplete", "Half a")], True)
    types = await house.types(thread_id)
    assert (
        types.index("R.in_progress", types.index("R.in_progress") + 1)
        > len(types) - types[::-1].index("R.cancelled") - 1
    )


async def test_under_interrupt_a_run_that_waits_for_its_caller_is_cancelled(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    first = await house.asked(thread_id)
    second = await house.asked(thread_id, thread_policy="interrupt")
    assert await house.status(first, second) == ["cancelled", "in_progress"]


async def test_under_interrupt_a_run_that_is_being_cancelled_is_not_asked_again(house: House) -> None:
    thread_id, first, _ = await house.streaming()
    house.provider.holds_on.clear()
    await house.runs.cancel(thread_id, first)
    second = await house.asked(thread_id, thread_policy="interrupt")
    assert await house.status(first, second) == ["cancelling", "queued"]
    house.provider.holds_on.set()
    await house.quiet()
    assert await house.status(first, second) == ["cancelled", "in_progress"]
    assert (await house.types(thread_id, first)).count("R.cancelling") == 1


async def test_under_reject_a_run_on_a_busy_thread_gets_the_old_words(house: House) -> None:
    thread_id, first, _ = await house.streaming()
    with pytest.raises(ApiError) as refused:
        await house.asked(thread_id, thread_policy="reject")
    assert (refused.value.status, str(refused.value)) == (400, f"Thread {thread_id} already has an active run {first}.")


async def test_under_reject_a_message_on_a_busy_thread_gets_the_old_words(house: House) -> None:
    thread_id = await house.thread(thread_policy="reject")
    first = await house.asked(thread_id)
    with pytest.raises(ApiError) as refused:
        await house.post(thread_id, "Well?")
    assert (refused.value.status, str(refused.value)) == (
        400, f"Can't add messages to {thread_id} while a run {first} is active.",
    )  # fmt: skip


async def test_the_thread_s_policy_is_the_run_s_unless_the_request_names_one(house: House) -> None:
    thread_id = await house.thread(thread_policy="parallel")
    ids = [
        await house.asked(thread_id),
        await house.asked(thread_id),
        await house.asked(thread_id, thread_policy="queue"),
    ]
    assert [(run.thread_policy, run.status) for run in [await house.run(id) for id in ids]] == [
        ("parallel", "in_progress"), ("parallel", "in_progress"), ("queue", "queued"),
    ]  # fmt: skip


async def test_eight_runs_stream_at_once_and_the_ninth_waits_for_one_to_end(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    ids = [await house.asked(thread_id, assistant_id=assistant_id, thread_policy="parallel") for _ in range(10)]
    assert await house.status(*ids) == ["in_progress"] * 8 + ["queued"] * 2
    for index in range(8):
        await house.says(house.provider.calls[index], f"voice {index}")
    await finish(house, 3, ".")
    assert await house.status(*ids) == ["in_progress"] * 3 + ["completed"] + ["in_progress"] * 5 + ["queued"]
    for index in (0, 1, 2, 4, 5, 6, 7, 8, 9):
        await finish(house, index, ".")
    assert await house.status(*ids) == ["completed"] * 10
    assert [await house.texts(id) for id in ids[:8]] == [[("completed", f"voice {index}.")] for index in range(8)]


async def test_a_run_that_waits_for_its_caller_keeps_its_place_among_the_eight(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    house.provider.plan(CALLS)
    ids = [await house.asked(thread_id, assistant_id=assistant_id, thread_policy="parallel") for _ in range(9)]
    assert await house.status(*ids) == ["requires_action"] + ["in_progress"] * 7 + ["queued"]
    await house.submit(thread_id, ids[0], call_a="1", call_b="2")
    assert await house.status(*ids) == ["in_progress"] * 8 + ["queued"]


@pytest.mark.parametrize("policy", ["queue", "parallel"])
async def test_a_hundred_runs_wait_and_one_more_is_refused(house: House, policy: str) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    active = 8 if policy == "parallel" else 1
    for _ in range(active + 100):
        await house.asked(thread_id, assistant_id=assistant_id, thread_policy=policy)
    with pytest.raises(ApiError) as refused:
        await house.asked(thread_id, assistant_id=assistant_id, thread_policy=policy)
    assert (refused.value.status, str(refused.value)) == (
        400, f"Thread {thread_id} already has 100 runs waiting. Wait until one has started, or cancel some.",
    )  # fmt: skip
    interrupting = await house.asked(thread_id, assistant_id=assistant_id, thread_policy="interrupt")
    assert await house.status(interrupting) == ["in_progress"]
    assert len(house.provider.open) == 1


async def test_the_server_s_policy_is_the_run_s_where_nobody_names_one(house: House) -> None:
    house.runs = Runs(house.log, Reading(house.database, house.drafts), house.ids, house.clock, "parallel")
    plain, queueing = await house.thread(), await house.thread(thread_policy="queue")
    ids = [await house.asked(thread_id) for thread_id in (plain, plain, queueing, queueing)]
    assert await house.status(*ids) == ["in_progress", "in_progress", "in_progress", "queued"]


@pytest.mark.parametrize("policy", ["queue", "parallel", "interrupt", "reject"])
async def test_on_a_thread_that_is_not_busy_every_policy_starts_at_once(house: House, policy: str) -> None:
    house.provider.plan([Text("Hi"), STOP])
    thread_id = await house.thread()
    await house.asked(thread_id)
    assert await house.status(await house.asked(thread_id, thread_policy=policy)) == ["in_progress"]


async def test_under_queue_a_parallel_run_that_waits_for_its_caller_refuses_it_too(house: House) -> None:
    thread_id, *_ = await house.streaming()
    house.provider.plan(CALLS)
    waiting = await house.asked(thread_id, thread_policy="parallel")
    with pytest.raises(ApiError, match=f"already has an active run {waiting}"):
        await house.asked(thread_id)


async def test_under_queue_runs_that_were_asked_for_at_once_start_one_by_one_in_their_order(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    with house.database.held():
        asking = [asyncio.ensure_future(house.asked(thread_id, assistant_id=assistant_id)) for _ in range(4)]
        await house.moment()
    ids = await asyncio.gather(*asking)
    for place in range(4):
        expected = ["completed"] * place + ["in_progress"] + ["queued"] * (3 - place)
        assert (await house.status(*ids), len(house.provider.calls)) == (expected, place + 1)
        await finish(house, place)


async def test_interrupting_eight_runs_at_once_keeps_all_their_texts(house: House) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    ids = [await house.asked(thread_id, assistant_id=assistant_id, thread_policy="parallel") for _ in range(9)]
    for index, call in enumerate(house.provider.calls):
        await house.says(call, f"voice {index}")
    house.provider.holds_on.clear()
    new = await house.asked(thread_id, assistant_id=assistant_id, thread_policy="interrupt")
    assert await house.status(*ids, new) == ["cancelling"] * 8 + ["cancelled", "queued"]
    house.provider.holds_on.set()
    await house.quiet()
    assert await house.status(*ids, new) == ["cancelled"] * 9 + ["in_progress"]
    texts = [[("incomplete", f"voice {index}")] for index in range(8)]
    assert [await house.texts(id) for id in ids] == [*texts, []]
    assert len(house.provider.open) == 1
