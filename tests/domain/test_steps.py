from __future__ import annotations

from typing import Literal

import pytest

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep, function_call
from livethread.domain.usage import Usage
from livethread.ids import Ids

ASSISTANT = Assistant.create(AssistantCreate(model="m"), Ids(1), 1)
RUN = Run.create(
    RunCreate(assistant_id=ASSISTANT.id), ASSISTANT, "thread_1", Ids(2), 2, thread_policy="queue"
).model_copy(update={"expires_at": 600})


def calling() -> RunStep:
    return RunStep.tool_calls(RUN, id="step_1", now=7)


def test_a_step_has_every_field_in_the_order_of_the_wire() -> None:
    step = RunStep.message_creation(RUN, "msg_1", id="step_1", now=7)
    assert step.json_text() == (
        f'{{"id":"step_1","object":"thread.run.step","created_at":7,"run_id":"{RUN.id}",'
        f'"assistant_id":"{ASSISTANT.id}","thread_id":"thread_1","type":"message_creation","status":"in_progress",'
        '"cancelled_at":null,"completed_at":null,"expires_at":600,"expired_at":null,"failed_at":null,'
        '"last_error":null,"step_details":{"type":"message_creation","message_creation":{"message_id":"msg_1"}},'
        '"usage":null,"metadata":{}}'
    )


def test_a_step_of_tool_calls_begins_without_any() -> None:
    assert (calling().type, calling().step_details) == ("tool_calls", {"type": "tool_calls", "tool_calls": []})


def test_a_step_comes_back_from_its_json_byte_for_byte() -> None:
    step = calling().with_calls([function_call("call_1", "f", '{"a":"é"}', "ü")])
    text = step.ended("completed", 9, usage=Usage.of(3, 4, cached=1, reasoning=2)).json_text()
    assert RunStep.model_validate_json(text).json_text() == text


def test_outputs_are_written_into_the_calls_they_belong_to() -> None:
    step = calling().with_calls([function_call("call_1", "f", "{}"), function_call("call_2", "g", "{}")])
    assert step.with_outputs({"call_2": "warm"}).calls == [
        function_call("call_1", "f", "{}"),
        function_call("call_2", "g", "{}", "warm"),
    ]
    assert step.calls[1]["function"]["output"] is None


@pytest.mark.parametrize("status", ["cancelled", "failed", "completed", "expired"])
def test_a_step_that_ends_says_when(status: Literal["cancelled", "failed", "completed", "expired"]) -> None:
    usage = Usage.of(1, 2)
    error = {"code": "server_error", "message": "x"} if status == "failed" else None
    assert calling().ended(status, 9, usage=usage, last_error=error).model_dump() == calling().model_dump() | {
        "status": status,
        f"{status}_at": 9,
        "expires_at": None,
        "last_error": error,
        "usage": usage.model_dump(),
    }
