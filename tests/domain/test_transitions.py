from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.run_bodies import RunCreate, ToolOutput
from livethread.domain.runs import Run, RunStatus, required_action
from livethread.domain.steps import function_call
from livethread.domain.transitions import (
    ACTIVE,
    CANCELLABLE,
    MOVES,
    TERMINAL,
    IllegalMove,
    check,
    check_cancel,
    check_submit,
    message_refused,
    move,
    nothing_to_run,
    run_refused,
)
from livethread.domain.usage import Usage
from livethread.errors import ApiError
from livethread.ids import Ids

ASSISTANT = Assistant.create(AssistantCreate(model="m"), Ids(1), 1)
QUEUED = Run.create(RunCreate(assistant_id=ASSISTANT.id), ASSISTANT, "thread_1", Ids(2), 2, thread_policy="queue")
STARTED = move(QUEUED, "in_progress", 3, expires_at=603)
WAITING = move(
    STARTED,
    "requires_action",
    4,
    required_action=required_action([function_call("call_a", "f", "{}"), function_call("call_b", "f", "{}")]),
)

STATUSES = st.sampled_from(sorted(MOVES))


def with_status(status: RunStatus) -> Run:
    return QUEUED.model_copy(update={"status": status})


def outputs(*call_ids: str) -> list[ToolOutput]:
    return [ToolOutput(tool_call_id=call_id) for call_id in call_ids]


def test_every_status_is_either_active_or_terminal() -> None:
    assert sorted(ACTIVE) == ["cancelling", "in_progress", "queued", "requires_action"]
    assert sorted(TERMINAL) == ["cancelled", "completed", "expired", "failed", "incomplete"]


@given(st.lists(STATUSES, max_size=12))
def test_no_sequence_of_moves_leaves_an_end_or_turns_back_from_cancelling(wanted: list[RunStatus]) -> None:
    run = QUEUED
    history: list[RunStatus] = ["queued"]
    for now, status in enumerate(wanted):
        try:
            run = move(run, status, now)
        except IllegalMove:
            assert status not in MOVES[run.status]
            continue
        history.append(status)
    assert run.status == history[-1]
    assert not TERMINAL & set(history[:-1])
    if "cancelling" in history:
        assert history[history.index("cancelling") + 1 :] in ([], ["cancelled"])
    if "cancelled" in history:
        assert history[-2] == "cancelling"
    if run.status in {"completed", "incomplete", "failed", "requires_action"}:
        assert "in_progress" in history


@given(STATUSES, STATUSES)
def test_deleting_a_thread_adds_only_the_way_to_cancelled(old: RunStatus, new: RunStatus) -> None:
    legal = new in MOVES[old] or (new == "cancelled" and old in ACTIVE)
    if legal:
        check(old, new, deleting=True)
    else:
        with pytest.raises(IllegalMove):
            check(old, new, deleting=True)


def test_an_illegal_move_says_which() -> None:
    with pytest.raises(IllegalMove) as raised:
        check("completed", "in_progress")
    assert str(raised.value) == "A run may not go from 'completed' to 'in_progress'."


def test_a_run_that_starts_says_when_and_until_when() -> None:
    assert STARTED.model_dump() == QUEUED.model_dump() | {
        "status": "in_progress",
        "started_at": 3,
        "expires_at": 603,
    }


def test_a_run_that_goes_on_waits_for_nothing_and_starts_anew() -> None:
    again = move(move(WAITING, "queued", 5), "in_progress", 6)
    assert again.model_dump() == STARTED.model_dump() | {"started_at": 6}


@pytest.mark.parametrize(
    ("status", "time"),
    [("completed", "completed_at"), ("incomplete", "completed_at"), ("failed", "failed_at"), ("expired", None)],
)
def test_a_run_that_ends_has_its_time_and_no_expiry(status: RunStatus, time: str | None) -> None:
    usage = Usage.of(1, 2)
    expected = STARTED.model_dump() | {"status": status, "expires_at": None, "usage": usage.model_dump()}
    if time is not None:
        expected[time] = 9
    assert move(STARTED, status, 9, usage=usage).model_dump() == expected


def test_a_run_that_is_cancelled_while_it_waits_asks_for_nothing_more() -> None:
    cancelling = move(WAITING, "cancelling", 5)
    assert cancelling.model_dump() == WAITING.model_dump() | {"status": "cancelling", "required_action": None}
    assert move(cancelling, "cancelled", 6).model_dump() == cancelling.model_dump() | {
        "status": "cancelled",
        "cancelled_at": 6,
        "expires_at": None,
    }


@pytest.mark.parametrize("status", sorted(CANCELLABLE))
def test_a_run_under_way_may_be_asked_to_cancel(status: RunStatus) -> None:
    check_cancel(with_status(status))


@pytest.mark.parametrize("status", sorted(TERMINAL | {"cancelling"}))
def test_a_run_at_its_end_refuses_to_cancel_in_the_documented_words(status: RunStatus) -> None:
    with pytest.raises(ApiError) as raised:
        check_cancel(with_status(status))
    assert vars(raised.value) == {
        "message": f"Cannot cancel run with status '{status}'.",
        "status": 400,
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize("status", sorted(set(MOVES) - {"requires_action"}))
def test_a_run_that_waits_for_nothing_refuses_outputs_in_the_documented_words(status: RunStatus) -> None:
    with pytest.raises(ApiError) as raised:
        check_submit(with_status(status), outputs("call_a"))
    assert vars(raised.value) == {
        "message": f'Runs in status "{status}" do not accept tool outputs.',
        "status": 400,
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize("call_ids", [["call_a", "call_b"], ["call_b", "call_a"]])
def test_outputs_may_come_in_any_order(call_ids: list[str]) -> None:
    check_submit(WAITING, outputs(*call_ids))


@pytest.mark.parametrize(
    "call_ids",
    [[], ["call_a"], ["call_a", "call_c"], ["call_a", "call_a"], ["call_a", "call_b", "call_b"]],
    ids=str,
)
def test_outputs_must_be_those_of_all_calls_once_each(call_ids: list[str]) -> None:
    with pytest.raises(ApiError) as raised:
        check_submit(WAITING, outputs(*call_ids))
    assert raised.value.message == f"Expected tool outputs for call_ids ['call_a', 'call_b'], got {call_ids}"


def test_a_busy_thread_refuses_in_the_documented_words() -> None:
    assert [vars(error) for error in (message_refused("thread_1", "run_1"), run_refused("thread_1", "run_1"))] == [
        {
            "message": "Can't add messages to thread_1 while a run run_1 is active.",
            "status": 400,
            "param": None,
            "code": None,
        },
        {
            "message": "Thread thread_1 already has an active run run_1.",
            "status": 400,
            "param": None,
            "code": None,
        },
    ]


def test_a_run_without_anything_to_say_is_refused_with_its_code() -> None:
    assert vars(nothing_to_run()) == {
        "message": "Run creation requires a Thread with a user message or an assistant with instructions.",
        "status": 400,
        "param": None,
        "code": "invalid_thread",
    }
