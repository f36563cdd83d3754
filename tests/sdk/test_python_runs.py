"""Runs through the official Python SDK: helpers that poll, tool outputs, cancelling, busy threads, steps."""

from __future__ import annotations

import socket
from typing import Any

import httpx2
import pytest
from openai import BadRequestError, OpenAI
from openai.types.beta.threads import Run

from tests.sdk.scenes import (
    ONE_CALL,
    PAUSE,
    POLL_MS,
    SILENCE,
    TWO_CALLS,
    asked,
    outputs,
    player,
    polled,
    script,
    started,
    texts,
    until,
)


def waiting(client: OpenAI, scenario: str = ONE_CALL) -> Run:
    """A run that waits for its caller."""
    run = polled(client, started(client, scenario))
    assert run.status == "requires_action"
    return run


def ended(client: OpenAI, run: Run) -> Run:
    """The run after it was cancelled."""
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    return polled(client, run)


def test_a_new_run_is_queued_with_all_that_it_inherits(client: OpenAI) -> None:
    tools: Any = [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": False}}]
    assistant = player(client, SILENCE, temperature=0.5, tools=tools)
    thread = asked(client)
    run = client.beta.threads.runs.create(
        thread.id, assistant_id=assistant.id, metadata={"a": "b"}, max_completion_tokens=500
    )
    told = run.to_dict(mode="json")
    assert (told.pop("id"), told.pop("created_at")) == (run.id, run.created_at)
    assert told == {
        "object": "thread.run",
        "assistant_id": assistant.id,
        "thread_id": thread.id,
        "status": "queued",
        "started_at": None,
        "expires_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "builtin/script",
        "instructions": SILENCE,
        "tools": tools,
        "tool_resources": {},
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": 500,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        # Ours:
        "thread_policy": "queue",
        "turn_id": None,
        "skipped_tools": [],
    }
    assert ended(client, run).status == "cancelled"


def test_create_and_poll_comes_back_with_the_end(client: OpenAI) -> None:
    thread, assistant = asked(client, "Hello"), player(client, script("usage"))
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=POLL_MS
    )
    assert run.status == "completed"
    assert run.expires_at is None
    assert run.completed_at is not None
    assert run.started_at is not None
    assert run.usage is not None
    assert run.usage.to_dict() == {
        "prompt_tokens": 40,
        "completion_tokens": 12,
        "total_tokens": 52,
        "prompt_token_details": {"cached_tokens": 32},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    assert texts(client, thread.id) == [("user", "completed", "Hello"), ("assistant", "completed", "Fifty-two tokens.")]


def test_create_and_run_poll_makes_the_thread_too(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run_poll(
        assistant_id=player(client, script("echo")).id,
        thread={"messages": [{"role": "user", "content": "Hello"}], "metadata": {"a": "b"}},
        poll_interval_ms=POLL_MS,
    )
    assert run.status == "completed"
    assert client.beta.threads.retrieve(run.thread_id).metadata == {"a": "b"}
    assert texts(client, run.thread_id)[-1] == ("assistant", "completed", "You said: Hello")


def test_create_and_run_answers_with_the_queued_run(client: OpenAI) -> None:
    run = client.beta.threads.create_and_run(
        assistant_id=player(client, script("echo")).id, thread={"messages": [{"role": "user", "content": "Hello"}]}
    )
    assert (run.object, run.status) == ("thread.run", "queued")
    assert polled(client, run).status == "completed"


def test_the_helpers_poll_as_often_as_the_server_says(client: OpenAI) -> None:
    run = started(client, SILENCE)
    raw = client.beta.threads.runs.with_raw_response
    assert raw.retrieve(run.id, thread_id=run.thread_id).headers["openai-poll-after-ms"] == "300"
    assert ended(client, run).status == "cancelled"
    assert "openai-poll-after-ms" not in raw.retrieve(run.id, thread_id=run.thread_id).headers


def test_a_waiting_run_tells_its_calls_and_takes_their_outputs(client: OpenAI) -> None:
    run = waiting(client, TWO_CALLS)
    assert run.required_action is not None
    calls: list[dict[str, Any]] = [
        {"id": "call_rome", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}},
        {"id": "call_oslo", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}},
    ]
    assert run.required_action.to_dict() == {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": calls},
    }
    assert run.usage is None
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    pending = [{**call, "function": {**call["function"], "output": None}} for call in calls]
    assert (step.status, step.step_details.to_dict()) == ("in_progress", {"type": "tool_calls", "tool_calls": pending})
    queued = client.beta.threads.runs.submit_tool_outputs(
        run.id,
        thread_id=run.thread_id,
        tool_outputs=[{"tool_call_id": "call_oslo", "output": "rain"}, {"tool_call_id": "call_rome", "output": "sun"}],
    )
    assert (queued.status, queued.required_action) == ("queued", None)
    assert polled(client, run).status == "completed"
    step = client.beta.threads.runs.steps.retrieve(step.id, thread_id=run.thread_id, run_id=run.id)
    answered = [
        {**call, "function": {**call["function"], "output": output}}
        for call, output in zip(calls, ["sun", "rain"], strict=True)
    ]
    assert (step.status, step.step_details.to_dict()) == ("completed", {"type": "tool_calls", "tool_calls": answered})
    assert texts(client, run.thread_id)[-1] == ("assistant", "completed", "Both are sunny.")


def test_submit_tool_outputs_and_poll_goes_from_call_to_call(client: OpenAI) -> None:
    run, statuses = waiting(client, script("tool-calls-chained")), ["requires_action"]
    while run.status == "requires_action":
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), poll_interval_ms=POLL_MS
        )
        statuses.append(run.status)
    assert statuses == ["requires_action", "requires_action", "completed"]
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert [(step.type, step.status) for step in steps] == [
        ("message_creation", "completed"),
        ("tool_calls", "completed"),
        ("tool_calls", "completed"),
    ]
    usages = [step.usage for step in steps if step.usage is not None]
    assert len(usages) == 3
    assert run.usage is not None
    assert run.usage.total_tokens == sum(usage.total_tokens for usage in usages)


def test_an_empty_output_is_an_output(client: OpenAI) -> None:
    run = waiting(client)
    client.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": "call_rome", "output": ""}]
    )
    assert polled(client, run).status == "completed"


def test_the_metadata_of_a_run_can_be_changed_in_any_state(client: OpenAI) -> None:
    run = waiting(client)
    updated = client.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"a": "1"})
    assert updated.to_dict() == run.to_dict() | {"metadata": {"a": "1"}}
    assert ended(client, run).metadata == {"a": "1"}
    updated = client.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"b": "2"})
    assert (updated.status, updated.metadata) == ("cancelled", {"b": "2"})


def test_a_run_brings_additional_messages_and_instructions(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    assistant = client.beta.assistants.create(model="builtin/script", instructions=script("echo"))
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        additional_instructions="# and nothing else",
        additional_messages=[{"role": "user", "content": "first"}, {"role": "user", "content": "second"}],
        poll_interval_ms=POLL_MS,
    )
    assert run.instructions == script("echo") + "\n# and nothing else"
    assert texts(client, thread.id) == [
        ("user", "completed", "first"),
        ("user", "completed", "second"),
        ("assistant", "completed", "You said: second"),
    ]


def test_a_queued_run_can_be_cancelled(client: OpenAI) -> None:
    first = started(client, SILENCE)
    second = client.beta.threads.runs.create(first.thread_id, assistant_id=first.assistant_id)
    cancelling = client.beta.threads.runs.cancel(second.id, thread_id=first.thread_id)
    assert cancelling.to_dict() == second.to_dict() | {"status": "cancelling"}
    cancelled = polled(client, second)
    assert (cancelled.status, cancelled.started_at, cancelled.cancelled_at is None) == ("cancelled", None, False)
    assert until(client, first, "in_progress").status == "in_progress"
    assert ended(client, first).status == "cancelled"


def test_a_run_in_progress_can_be_cancelled_and_keeps_its_text(client: OpenAI) -> None:
    run = until(client, started(client, script("stall")), "in_progress")
    while texts(client, run.thread_id)[-1] != ("assistant", "in_progress", "One moment"):
        pass
    assert ended(client, run).status == "cancelled"
    assert texts(client, run.thread_id)[-1] == ("assistant", "incomplete", "One moment")
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert (step.status, step.cancelled_at is None) == ("cancelled", False)


def test_a_run_that_waits_for_its_caller_can_be_cancelled(client: OpenAI) -> None:
    run = waiting(client)
    cancelled = ended(client, run)
    assert (cancelled.status, cancelled.required_action) == ("cancelled", None)
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert (step.type, step.status) == ("tool_calls", "cancelled")


def test_a_second_run_waits_until_the_first_has_ended(client: OpenAI) -> None:
    first = until(client, started(client, SILENCE), "in_progress")
    second = client.beta.threads.runs.create(first.thread_id, assistant_id=player(client, script("echo")).id)
    client.beta.threads.messages.create(first.thread_id, role="user", content="later")
    read = client.beta.threads.runs.retrieve(second.id, thread_id=first.thread_id)
    assert (read.status, read.started_at, read.expires_at) == ("queued", None, None)
    assert ended(client, first).status == "cancelled"
    assert polled(client, second).status == "completed"
    # It answers what stood there when it was made.
    assert texts(client, first.thread_id)[-1] == ("assistant", "completed", "You said: Hello")


def test_two_runs_of_one_thread_can_be_in_progress_at_once(client: OpenAI) -> None:
    first = started(client, PAUSE)
    second = client.beta.threads.runs.create(
        first.thread_id, assistant_id=first.assistant_id, extra_body={"thread_policy": "parallel"}
    )
    both = [until(client, run, "in_progress") for run in (first, second)]
    assert [run.status for run in both] == ["in_progress", "in_progress"]
    assert [polled(client, run).status for run in both] == ["completed", "completed"]
    answer = ("assistant", "completed", "Before the pause and behind it.")
    assert texts(client, first.thread_id) == [("user", "completed", "Hello"), answer, answer]


def test_a_run_that_interrupts_takes_the_place_of_those_before(client: OpenAI) -> None:
    first = until(client, started(client, SILENCE), "in_progress")
    waits = client.beta.threads.runs.create(first.thread_id, assistant_id=first.assistant_id)
    third = client.beta.threads.runs.create(
        first.thread_id,
        assistant_id=player(client, script("echo")).id,
        extra_body={"thread_policy": "interrupt"},
    )
    assert [polled(client, run).status for run in (first, waits, third)] == ["cancelled", "cancelled", "completed"]


def test_a_busy_thread_that_rejects_says_so_in_the_old_words(client: OpenAI) -> None:
    run = started(client, SILENCE)
    with pytest.raises(BadRequestError) as refused:
        client.beta.threads.runs.create(
            run.thread_id, assistant_id=run.assistant_id, extra_body={"thread_policy": "reject"}
        )
    assert refused.value.body == {
        "message": f"Thread {run.thread_id} already has an active run {run.id}.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    assert ended(client, run).status == "cancelled"


def test_a_refused_run_adds_no_messages(client: OpenAI) -> None:
    run = started(client, SILENCE)
    with pytest.raises(BadRequestError):
        client.beta.threads.runs.create(
            run.thread_id,
            assistant_id=run.assistant_id,
            additional_messages=[{"role": "user", "content": "never"}],
            extra_body={"thread_policy": "reject"},
        )
    assert texts(client, run.thread_id) == [("user", "completed", "Hello")]
    assert ended(client, run).status == "cancelled"


def test_a_thread_that_rejects_takes_no_message_while_it_is_busy(client: OpenAI) -> None:
    thread = asked(client, metadata={"thread_policy": "reject"})
    run = client.beta.threads.runs.create(thread.id, assistant_id=player(client, SILENCE).id)
    with pytest.raises(BadRequestError) as refused:
        client.beta.threads.messages.create(thread.id, role="user", content="Hello?")
    assert refused.value.body == {
        "message": f"Can't add messages to {thread.id} while a run {run.id} is active.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
    assert ended(client, run).status == "cancelled"
    client.beta.threads.messages.create(thread.id, role="user", content="Hello?")


def test_a_thread_whose_run_waits_for_its_caller_refuses_a_new_run(client: OpenAI) -> None:
    run = waiting(client)
    with pytest.raises(BadRequestError, match=f"Thread {run.thread_id} already has an active run {run.id}."):
        client.beta.threads.runs.create(run.thread_id, assistant_id=run.assistant_id)
    assert ended(client, run).status == "cancelled"


def test_a_deleted_thread_takes_its_run_along(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, SILENCE)
    types: list[str] = []
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        for event in stream:
            types.append(event.event)
            if event.event == "thread.run.in_progress":
                client.beta.threads.delete(thread.id)
    assert types == ["thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.cancelled"]


def test_every_answer_carries_its_request_id(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    first, second = (client.beta.threads.retrieve(thread.id)._request_id for _ in range(2))
    assert first is not None
    assert second is not None
    assert first != second
    assert first.startswith("req_")
    assert len(first) == len("req_") + 32


class Forgetful(httpx2.HTTPTransport):
    """Sends the first request of a method and never learns what came of it, as when a caller loses patience."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.method = method
        self.counts: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != self.method:
            return super().handle_request(request)
        self.counts.append(request.headers["x-stainless-retry-count"])
        if len(self.counts) > 1:
            return super().handle_request(request)
        with socket.create_connection((request.url.host, request.url.port or 80)) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            line.sendall(f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n{head}\r\n".encode())
            line.sendall(request.read())
        raise httpx2.ReadTimeout("gave up", request=request)


def test_a_read_that_the_sdk_retries_does_no_harm(client: OpenAI, url: str) -> None:
    thread, transport = asked(client), Forgetful("GET")
    http = httpx2.Client(transport=transport)
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=2, http_client=http) as hasty:
        assert hasty.beta.threads.retrieve(thread.id).to_dict() == thread.to_dict()
    assert transport.counts == ["0", "1"]
