"""Turns: when their runs start, and what they see (ARCHITECTURE section 5)."""

from __future__ import annotations

from typing import Any

import pytest

from livethread.errors import ApiError
from livethread.providers.chunks import Text
from livethread.storage import tables
from tests.engine.harness import House
from tests.engine.scripted import Call
from tests.engine.test_loop import CALLS, STOP
from tests.engine.test_several_assistants import Room, told

MODES = ["parallel", "sequential"]
ASKED = [("user", "A verse, please."), ("user", "And you?")]


@pytest.fixture
async def room(house: House) -> Room:
    poet, critic = await house.assistant(name="Poet"), await house.assistant(name="Critic")
    return Room(house, await house.thread("A verse, please."), poet, critic)


async def turned(room: Room, *runs: Any, **body: Any) -> list[str]:
    """The runs of a new turn; each knows its place in it."""
    bodies = [{"assistant_id": run} if isinstance(run, str) else run for run in runs]
    placed = [run | {"metadata": {"place": str(place)}} for place, run in enumerate(bodies)]
    return await room.house.turn(room.id, *placed, **body)


def call(house: House, place: int) -> Call:
    """The newest model turn of the run at this place of its turn; those that start together come in any order."""
    return next(call for call in reversed(house.provider.calls) if call.request.metadata.get("place") == str(place))


async def finish(house: House, of: Call | int, text: str) -> None:
    """Let a model turn end well."""
    (call(house, of) if isinstance(of, int) else of).end(Text(text), STOP)
    await house.quiet()


# -- when they start -----------------------------------------------------------------------------


async def test_a_parallel_turn_streams_at_once_and_interleaved(room: Room) -> None:
    house = room.house
    ids = await turned(room, room.poet, room.critic, room.poet)
    for text in ("One ", "voice"):
        for call in house.provider.calls:
            await house.says(call, text)
    for call in house.provider.open:
        call.end(STOP)
    await house.quiet()
    assert [await house.texts(id) for id in ids] == [[("completed", "One voice")]] * 3
    turn_ids = {(await house.run(id)).turn_id for id in ids}
    assert [str(turn_id)[:5] for turn_id in turn_ids] == ["turn_"]


async def test_a_sequential_turn_goes_on_whenever_the_run_before_has_ended_well(room: Room) -> None:
    house = room.house
    ids = await turned(room, room.poet, room.critic, room.poet, mode="sequential")
    for place in range(3):
        assert await house.status(*ids) == ["completed"] * place + ["in_progress"] + ["queued"] * (2 - place)
        await finish(house, place, f"Voice {place}.")
    assert await house.status(*ids) == ["completed"] * 3


@pytest.mark.parametrize("how", ["fails", "is cancelled", "expires", "is cancelled in the queue"])
async def test_a_sequential_turn_goes_on_however_the_run_before_has_ended(room: Room, how: str) -> None:
    house = room.house
    first, second, third = await turned(room, room.poet, room.critic, room.poet, mode="sequential")
    await house.says(house.provider.last, "Half a")
    match how:
        case "fails":
            house.provider.last.end()
        case "is cancelled":
            await house.runs.cancel(room.id, first)
        case "expires":
            house.clock.turn(600)
        case _:
            await house.runs.cancel(room.id, second)
            await finish(house, 0, " voice")
            second = third
    await house.quiet()
    assert await house.status(second) == ["in_progress"]
    heard = ("user", "[Poet]: Half a") if second != third else ("assistant", "Half a voice")
    assert told(house.provider.last.request) == [*ASKED, heard]


BEFORE_AND_AFTER = {
    ("queue", "parallel"): (["in_progress", "queued", "queued"], ["completed", "in_progress", "in_progress"]),
    ("queue", "sequential"): (["in_progress", "queued", "queued"], ["completed", "in_progress", "queued"]),
    ("parallel", "parallel"): (["in_progress"] * 3, ["completed", "in_progress", "in_progress"]),
    ("parallel", "sequential"): (["in_progress", "in_progress", "queued"], ["completed", "in_progress", "queued"]),
    ("interrupt", "parallel"): (["cancelling", "queued", "queued"], ["cancelled", "in_progress", "in_progress"]),
    ("interrupt", "sequential"): (["cancelling", "queued", "queued"], ["cancelled", "in_progress", "queued"]),
}
"""The states of an earlier run and of the two of a turn: while the earlier one goes on, and once it is over."""


@pytest.mark.parametrize(("policy", "mode"), BEFORE_AND_AFTER)
async def test_on_a_busy_thread_the_policy_is_that_of_the_whole_turn_which_then_goes_on_in_its_own_mode(
    room: Room, policy: str, mode: str
) -> None:
    house = room.house
    earlier = await house.asked(room.id, assistant_id=room.poet)
    await house.says(first := house.provider.last, "Roses")
    house.provider.holds_on.clear()
    ids = [earlier, *await turned(room, room.poet, room.critic, mode=mode, thread_policy=policy)]
    before, after = BEFORE_AND_AFTER[policy, mode]
    assert await house.status(*ids) == before
    house.provider.holds_on.set()
    await finish(house, first, "Roses are red.")
    assert await house.status(*ids) == after
    assert {(await house.run(id)).thread_policy for id in ids[1:]} == {policy}


@pytest.mark.parametrize("mode", MODES)
async def test_under_reject_a_turn_on_a_busy_thread_is_refused_with_its_message(room: Room, mode: str) -> None:
    house = room.house
    first, messages = await house.asked(room.id), await house.count(tables.messages)
    with pytest.raises(ApiError, match=f"^Thread {room.id} already has an active run {first}.$"):
        await turned(room, room.poet, room.critic, mode=mode, thread_policy="reject")
    assert (await house.count(tables.messages), await house.count(tables.runs)) == (messages, 1)
    await house.runs.stop(room.id)
    await house.quiet()
    ids = await turned(room, room.poet, room.critic, mode=mode, thread_policy="reject")
    assert await house.status(*ids) == ["in_progress", "in_progress" if mode == "parallel" else "queued"]


@pytest.mark.parametrize("mode", MODES)
async def test_under_queue_a_turn_is_refused_with_its_message_while_a_run_waits_for_its_caller(
    room: Room, mode: str
) -> None:
    house = room.house
    house.provider.plan(CALLS)
    first, messages = await house.asked(room.id), await house.count(tables.messages)
    with pytest.raises(ApiError) as refused:
        await turned(room, room.poet, room.critic, mode=mode)
    assert (refused.value.status, refused.value.param, str(refused.value)) == (
        400, None, f"Thread {room.id} already has an active run {first}.",
    )  # fmt: skip
    assert (await house.count(tables.messages), await house.count(tables.runs)) == (messages, 1)


async def test_a_run_that_waits_for_its_caller_holds_up_its_sequence_but_not_its_siblings(room: Room) -> None:
    house = room.house
    house.provider.plan(CALLS)
    first, second = await turned(room, room.poet, room.critic, mode="sequential")
    assert await house.status(first, second) == ["requires_action", "queued"]
    await house.submit(room.id, first, call_a="1", call_b="2")
    assert await house.status(first, second) == ["in_progress", "queued"]
    await house.runs.stop(room.id)
    await house.quiet()
    first, second = await turned(room, room.poet, room.critic)
    call(house, 0).end(*CALLS)
    await house.quiet()
    assert await house.status(first, second) == ["requires_action", "in_progress"]
    await house.submit(room.id, first, call_a="1", call_b="2")
    assert await house.status(first, second) == ["in_progress", "in_progress"]


@pytest.mark.parametrize("mode", MODES)
async def test_what_queues_behind_a_turn_waits_for_all_of_it(room: Room, mode: str) -> None:
    house = room.house
    ids = await turned(room, room.poet, room.critic, mode=mode)
    ids += await turned(room, room.poet, room.critic)
    ids.append(await house.asked(room.id))
    await finish(house, 0, "Roses are red.")
    assert await house.status(*ids) == ["completed", "in_progress", "queued", "queued", "queued"]
    await finish(house, 1, "Weak.")
    assert await house.status(*ids) == ["completed", "completed", "in_progress", "in_progress", "queued"]


async def test_a_turn_passes_what_queues_if_it_is_parallel_and_not_if_only_its_runs_are(room: Room) -> None:
    house = room.house
    await house.asked(room.id)
    await house.asked(room.id)
    beside = await turned(room, room.poet, room.critic, mode="sequential", thread_policy="parallel")
    behind = await turned(room, room.poet, room.critic)
    await finish(house, 0, "Roses are red.")
    assert await house.status(*beside, *behind) == ["completed", "in_progress", "queued", "queued"]


async def test_a_turn_of_a_hundred_is_eight_at_once_and_one_that_would_make_a_hundred_and_one_wait_is_refused(
    room: Room,
) -> None:
    house = room.house
    ids = await turned(room, *[room.poet] * 100)
    assert await house.status(*ids) == ["in_progress"] * 8 + ["queued"] * 92
    messages = await house.count(tables.messages)
    with pytest.raises(ApiError) as refused:
        await turned(room, *[room.critic] * 9)
    assert (refused.value.status, str(refused.value)) == (
        400,
        f"Thread {room.id} already has 92 runs waiting, and 9 more would be over the limit of 100. "
        "Wait until one has started, or cancel some.",
    )
    assert (await house.count(tables.messages), await house.count(tables.runs)) == (messages, 100)
    ids += await turned(room, *[room.critic] * 8)
    last = await turned(room, *[room.critic] * 100, thread_policy="interrupt")
    assert await house.status(*ids, *last) == ["cancelled"] * 108 + ["in_progress"] * 8 + ["queued"] * 92


# -- what they see -------------------------------------------------------------------------------


async def test_siblings_never_see_each_other_not_even_when_one_starts_after_another_has_finished(room: Room) -> None:
    house = room.house
    ids = await turned(room, *[room.poet] * 5, *[room.critic] * 5)
    for place in range(2):
        await finish(house, place, f"Voice {place}.")
    assert await house.status(*ids) == ["completed"] * 2 + ["in_progress"] * 8
    assert [told(call.request) for call in house.provider.calls] == [ASKED] * 10


async def test_siblings_do_not_see_each_other_in_later_rounds_either(room: Room) -> None:
    house = room.house
    first, _ = await turned(room, room.poet, room.critic)
    call(house, 0).end(*CALLS)
    await finish(house, 1, "I wait.")
    await house.submit(room.id, first, call_a="1", call_b="2")
    assert told(house.provider.last.request) == ASKED


async def test_each_run_of_a_sequence_sees_those_before_it_and_in_its_later_rounds_too(room: Room) -> None:
    house = room.house
    _, second, _ = await turned(room, room.poet, room.critic, room.poet, mode="sequential")
    await finish(house, 0, "Roses are red.")
    house.provider.last.end(*CALLS)
    await house.quiet()
    await house.submit(room.id, second, call_a="1", call_b="2")
    await finish(house, 1, "Weak.")
    poem, weak = "Roses are red.", "Weak."
    assert [told(call.request) for call in house.provider.calls] == [
        ASKED,
        [*ASKED, ("user", f"[Poet]: {poem}")],
        [*ASKED, ("user", f"[Poet]: {poem}")],
        [*ASKED, ("assistant", poem), ("user", f"[Critic]: {weak}")],
    ]


@pytest.mark.parametrize("mode", MODES)
async def test_a_turn_sees_what_earlier_runs_had_said_when_it_started_and_no_more(room: Room, mode: str) -> None:
    house = room.house
    await room.answered(room.poet, "Roses are red.")
    await house.asked(room.id, assistant_id=room.poet)
    early = house.provider.last
    await turned(room, room.critic, room.critic, mode=mode, thread_policy="parallel")
    early.end(Text("Too late."), STOP)
    await house.quiet()
    begins = [("user", "A verse, please."), ("user", "[Poet]: Roses are red.")]
    assert told(call(house, 0).request) == [*begins, ("user", "And you?")]


async def test_all_answers_of_a_turn_stand_behind_its_message_in_the_order_of_its_runs(room: Room) -> None:
    house = room.house
    await turned(room, room.poet, room.critic)
    await room.says("Posted meanwhile.")
    for place, text in ((1, "Weak."), (0, "Roses are red.")):
        await finish(house, place, text)
    assert await room.seen_by(await house.assistant(name="Third")) == [
        *ASKED, ("user", "[Poet]: Roses are red."), ("user", "[Critic]: Weak."), ("user", "Posted meanwhile."),
    ]  # fmt: skip


async def test_messages_of_a_run_s_own_stand_behind_the_runs_before_it(room: Room) -> None:
    house = room.house
    own = {"assistant_id": room.critic, "additional_messages": [{"role": "user", "content": "Be kind."}]}
    await turned(room, room.poet, own)
    assert [told(call(house, place).request) for place in range(2)] == [ASKED, [*ASKED, ("user", "Be kind.")]]
    await finish(house, 0, "Roses are red.")
    await finish(house, 1, "Lovely.")
    assert await room.seen_by(room.poet) == [
        *ASKED, ("assistant", "Roses are red."), ("user", "Be kind."), ("user", "[Critic]: Lovely."),
    ]  # fmt: skip


# -- stop ----------------------------------------------------------------------------------------


async def test_stop_cancels_whatever_runs_waits_or_is_asked_of_its_caller_and_keeps_the_texts(room: Room) -> None:
    house = room.house
    writing, asking = await turned(room, room.poet, room.critic)
    await house.says(call(house, 0), "Half a")
    call(house, 1).end(*CALLS)
    await house.quiet()
    ids = [writing, asking, *await turned(room, *[room.poet] * 9, thread_policy="parallel")]
    await house.runs.stop(room.id)
    await house.quiet()
    assert await house.status(*ids) == ["cancelled"] * 11
    assert [await house.texts(id) for id in ids] == [[("incomplete", "Half a")], *[[]] * 10]
    assert ([call for call in house.provider.calls if not call.closed], await house.still_open()) == ([], [])


async def test_stop_lets_nothing_start_that_was_waiting(room: Room) -> None:
    house = room.house
    ids = await turned(room, *[room.poet] * 5, mode="sequential")
    house.provider.holds_on.clear()
    await house.runs.stop(room.id)
    await house.quiet()
    assert await house.status(*ids) == ["cancelling"] + ["cancelled"] * 4
    await house.runs.stop(room.id)
    house.provider.holds_on.set()
    await house.quiet()
    assert await house.status(*ids) == ["cancelled"] * 5
    assert len(house.provider.calls) == 1
    assert (await house.types(room.id)).count("R.cancelling") == 5
