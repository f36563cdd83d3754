from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.run_bodies import RunCreate, RunUpdate, ThreadAndRunCreate, ToolOutputsSubmit
from livethread.domain.runs import Run, required_action
from livethread.domain.steps import function_call
from livethread.errors import ApiError
from livethread.ids import Ids


def assistant(**body: Any) -> Assistant:
    return Assistant.create(AssistantCreate.model_validate({"model": "m", **body}), Ids(seed=1), now=1)


def created(of: Assistant | None = None, **body: Any) -> Run:
    asked = RunCreate.model_validate({"assistant_id": "asst_1", **body})
    return Run.create(asked, of or assistant(), "thread_1", Ids(seed=2), now=7, thread_policy="queue")


def test_a_new_run_has_every_field_in_the_order_of_the_wire() -> None:
    run = created()
    assert run.json_text() == (
        f'{{"id":"{run.id}","object":"thread.run","created_at":7,"assistant_id":"{assistant().id}",'
        '"thread_id":"thread_1","status":"queued","started_at":null,"expires_at":null,"cancelled_at":null,'
        '"failed_at":null,"completed_at":null,"required_action":null,"last_error":null,"model":"m",'
        '"instructions":null,"tools":[],"tool_resources":{},"metadata":{},"temperature":1.0,"top_p":1.0,'
        '"reasoning_effort":null,"max_completion_tokens":null,"max_prompt_tokens":null,'
        '"truncation_strategy":{"type":"auto","last_messages":null},"incomplete_details":null,"usage":null,'
        '"response_format":"auto","tool_choice":"auto","parallel_tool_calls":true,"thread_policy":"queue",'
        '"turn_id":null,"skipped_tools":[]}'
    )


def test_a_run_comes_back_from_its_json_byte_for_byte() -> None:
    text = created(temperature=1, metadata={"é": "\U0001f600"}).json_text()
    assert Run.model_validate_json(text).json_text() == text


def test_null_on_create_means_absent() -> None:
    nulls = dict.fromkeys(set(RunCreate.model_fields) - {"assistant_id", "parallel_tool_calls"})
    assert created(**nulls) == created()


SETTINGS: dict[str, Any] = {
    "model": "other",
    "instructions": "be brief",
    "reasoning_effort": "high",
    "temperature": 0.5,
    "top_p": 0.25,
    "response_format": {"type": "json_object"},
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}],
}


def test_a_run_inherits_the_settings_of_its_assistant() -> None:
    run = created(assistant(**SETTINGS)).model_dump()
    assert {key: run[key] for key in SETTINGS} == SETTINGS


def test_a_run_overrides_the_settings_of_its_assistant() -> None:
    of = assistant(tools=[{"type": "code_interpreter"}], instructions="be long", temperature=2, top_p=1)
    run = created(of, **SETTINGS).model_dump()
    assert {key: run[key] for key in SETTINGS} == SETTINGS


def test_zero_and_nothing_are_overrides_too() -> None:
    run = created(assistant(**SETTINGS), temperature=0, top_p=0, instructions="", tools=[])
    assert (run.temperature, run.top_p, run.instructions, run.tools) == (0.0, 0.0, "", [])


@pytest.mark.parametrize(
    ("own", "override", "added", "instructions"),
    [
        ("A", None, "C", "A\nC"),
        ("A", "B", "C", "B\nC"),
        (None, None, "C", "C"),
        ("A", None, "", "A"),
        (None, None, None, None),
    ],
)
def test_additional_instructions_follow_on_a_line_of_their_own(
    own: str | None, override: str | None, added: str | None, instructions: str | None
) -> None:
    run = created(assistant(instructions=own), instructions=override, additional_instructions=added)
    assert run.instructions == instructions


def test_a_run_says_what_else_it_was_asked() -> None:
    asked: dict[str, Any] = {
        "max_prompt_tokens": 1,
        "max_completion_tokens": 16,
        "truncation_strategy": {"type": "last_messages", "last_messages": 3},
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "metadata": {"a": "b"},
        "thread_policy": "interrupt",
    }
    run = created(assistant(tools=[{"type": "function", "function": {"name": "f"}}]), **asked).model_dump()
    assert {key: run[key] for key in asked} == asked


def test_a_function_that_the_run_does_not_have_cannot_be_forced() -> None:
    forced = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(ApiError) as refused:
        created(assistant(tools=[{"type": "function", "function": {"name": "g"}}]), tool_choice=forced)
    assert (refused.value.message, refused.value.status, refused.value.param) == (
        "Invalid 'tool_choice': the run has no function named 'f'.",
        400,
        "tool_choice",
    )


def test_hosted_tools_are_named_as_skipped_and_have_resources() -> None:
    run = created(assistant(tools=[{"type": "file_search"}, {"type": "code_interpreter"}]))
    assert (run.skipped_tools, run.tool_resources) == (
        ["code_interpreter", "file_search"],
        {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}},
    )


def test_create_and_run_may_bring_a_thread_and_resources() -> None:
    body = ThreadAndRunCreate.model_validate(
        {
            "assistant_id": "asst_1",
            "thread": {"messages": [{"role": "user", "content": "hi"}]},
            "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
        }
    )
    run = Run.create(body, assistant(), "thread_1", Ids(seed=2), 7, thread_policy="queue", turn_id="turn_1")
    assert run.model_dump() == created().model_dump() | {
        "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
        "turn_id": "turn_1",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"assistant_id": None},
        {"parallel_tool_calls": None},
        {"parallel_tool_calls": 1},
        {"stream": "true"},
        {"max_prompt_tokens": 0},
        {"max_completion_tokens": 1.5},
        {"max_completion_tokens": True},
        {"truncation_strategy": {"type": "last_messages", "last_messages": 0}},
        {"truncation_strategy": {}},
        {"tool_choice": "any"},
        {"tool_choice": {"type": "function"}},
        {"thread_policy": "now"},
        {"tools": [{"type": "code_interpreter"}] * 129},
        {"additional_messages": [{"role": "user"}]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_body_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        created(**body)


def test_a_run_takes_as_many_tools_as_an_assistant() -> None:
    assert len(created(tools=[{"type": "code_interpreter"}] * 128).tools) == 128


def test_an_update_replaces_metadata_and_nothing_else() -> None:
    before = created(metadata={"a": "1", "b": "2"})
    assert before.updated(RunUpdate.model_validate({})) == before
    assert before.updated(RunUpdate.model_validate({"metadata": None})) == created()
    assert before.updated(RunUpdate.model_validate({"metadata": {"b": "3"}})) == created(metadata={"b": "3"})


def test_what_a_run_waits_for_leaves_the_outputs_out() -> None:
    calls = [function_call("call_1", "f", "{}"), function_call("call_2", "g", '{"a":1}')]
    waiting = created().model_copy(update={"required_action": required_action(calls)})
    assert waiting.pending_calls == [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": '{"a":1}'}},
    ]
    assert created().pending_calls == []


def test_an_output_may_be_missing_but_its_call_may_not() -> None:
    submitted = ToolOutputsSubmit.model_validate({"tool_outputs": [{"tool_call_id": "call_1"}]})
    assert submitted.tool_outputs[0].text == ""
    with pytest.raises(ValidationError):
        ToolOutputsSubmit.model_validate({"tool_outputs": [{"output": "x"}]})
