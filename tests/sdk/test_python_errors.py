"""What is refused: the class that the Python SDK raises, and the exact words (reference section 1.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openai import APIStatusError, AuthenticationError, BadRequestError, NotFoundError, OpenAI

from livethread import testing
from tests.sdk.scenes import SILENCE, asked, polled, script, started, until

Refused = tuple[type[APIStatusError], str, str | None, str | None]
"""The class, the message, the parameter and the code."""

NOBODY = "A" * 24


def refused(call: Callable[..., object], *args: Any, **kwargs: Any) -> Refused:
    """How a call is refused; what every refusal has is checked here."""
    with pytest.raises(APIStatusError) as raised:
        call(*args, **kwargs)
    error = raised.value
    assert error.request_id is not None
    assert error.request_id.startswith("req_")
    assert isinstance(error.body, dict)
    assert sorted(error.body) == ["code", "message", "param", "type"]
    assert error.type == "invalid_request_error"
    return type(error), error.body["message"], error.param, error.code


def not_found(noun: str, id: str) -> Refused:
    return NotFoundError, f"No {noun} found with id '{id}'.", None, None


def test_unknown_ids_are_not_found(client: OpenAI) -> None:
    beta, thread = client.beta, asked(client)
    runs = beta.threads.runs
    asst, none, msg, run, step = (f"{kind}_{NOBODY}" for kind in ("asst", "thread", "msg", "run", "step"))
    a_run = polled(client, started(client, script("echo")))
    found = [
        refused(beta.assistants.retrieve, asst),
        refused(beta.assistants.update, asst, name="x"),
        refused(beta.assistants.delete, asst),
        refused(beta.threads.retrieve, none),
        refused(beta.threads.update, none, metadata={}),
        refused(beta.threads.delete, none),
        refused(beta.threads.messages.list, none),
        refused(beta.threads.messages.create, none, role="user", content="x"),
        refused(beta.threads.messages.retrieve, msg, thread_id=thread.id),
        refused(beta.threads.messages.update, msg, thread_id=thread.id, metadata={}),
        refused(beta.threads.messages.delete, msg, thread_id=thread.id),
        refused(runs.list, none),
        refused(runs.create, none, assistant_id=a_run.assistant_id),
        refused(runs.create, thread.id, assistant_id=asst),
        refused(beta.threads.create_and_run, assistant_id=asst),
        refused(runs.retrieve, run, thread_id=thread.id),
        refused(runs.update, run, thread_id=thread.id, metadata={}),
        refused(runs.cancel, run, thread_id=thread.id),
        refused(runs.submit_tool_outputs, run, thread_id=thread.id, tool_outputs=[]),
        refused(runs.steps.list, run, thread_id=thread.id),
        refused(runs.steps.retrieve, step, thread_id=a_run.thread_id, run_id=a_run.id),
        # What exists elsewhere is not here.
        refused(runs.retrieve, a_run.id, thread_id=thread.id),
    ]
    assert found == [
        *[not_found("assistant", asst)] * 3,
        *[not_found("thread", none)] * 5,
        *[not_found("message", msg)] * 3,
        *[not_found("thread", none)] * 2,
        *[not_found("assistant", asst)] * 2,
        *[not_found("run", run)] * 5,
        not_found("run step", step),
        not_found("run", a_run.id),
    ]


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    assert refused(client.models.retrieve, "gpt-0") == (
        NotFoundError,
        "The model 'gpt-0' does not exist.",
        "model",
        "model_not_found",
    )


def test_an_id_of_another_kind_is_refused_before_it_is_looked_up(client: OpenAI) -> None:
    def wrong(name: str, id: str, prefix: str) -> Refused:
        message = f"Invalid '{name}': '{id}'. Expected an ID that begins with '{prefix}'."
        return BadRequestError, message, name, "invalid_value"

    thread_id, run_id, beta = f"thread_{NOBODY}", f"run_{NOBODY}", client.beta
    found = [
        refused(beta.assistants.retrieve, "undefined"),
        refused(beta.threads.retrieve, "undefined"),
        refused(beta.threads.messages.retrieve, run_id, thread_id=thread_id),
        refused(beta.threads.runs.retrieve, thread_id, thread_id=run_id),
        refused(beta.threads.runs.retrieve, thread_id, thread_id=thread_id),
        refused(beta.threads.runs.steps.retrieve, run_id, thread_id=thread_id, run_id=run_id),
    ]
    assert found == [
        wrong("assistant_id", "undefined", "asst"),
        wrong("thread_id", "undefined", "thread"),
        wrong("message_id", run_id, "msg"),
        wrong("thread_id", run_id, "thread"),
        wrong("run_id", thread_id, "run"),
        wrong("step_id", run_id, "step"),
    ]


def bad(message: str, param: str | None, code: str | None) -> Refused:
    return BadRequestError, message, param, code


def too_long(param: str, limit: int, length: int) -> Refused:
    return bad(
        f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead.",
        param,
        "string_above_max_length",
    )


def wrong_type(param: str, expected: str, got: str) -> Refused:
    return bad(f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, bad("Missing required parameter: 'model'.", "model", "missing_required_parameter")),
        ({"model": 5}, wrong_type("model", "a string", "an integer")),
        ({"model": "m", "metadata": {"modified": True}}, wrong_type("metadata.modified", "a string", "a boolean")),
        ({"model": "m", "metadata": {"a": "x" * 513}}, too_long("metadata.a", 512, 513)),
        (
            {"model": "m", "metadata": {str(number): "" for number in range(17)}},
            bad(
                "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
                "but got an object with 17 properties instead.",
                "metadata",
                "object_above_max_properties",
            ),
        ),
        ({"model": "m", "name": "x" * 257}, too_long("name", 256, 257)),
        ({"model": "m", "description": "x" * 513}, too_long("description", 512, 513)),
        ({"model": "m", "instructions": "x" * 256_001}, too_long("instructions", 256_000, 256_001)),
        (
            {"model": "m", "temperature": 2.5},
            bad(
                "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
                "temperature",
                "decimal_above_max_value",
            ),
        ),
        ({"model": "m", "tools": "none"}, wrong_type("tools", "an array", "a string")),
    ],
)
def test_an_assistant_that_is_no_assistant_is_refused(client: OpenAI, body: dict[str, Any], answer: Refused) -> None:
    assert refused(client.post, "/assistants", body=body, cast_to=object) == answer


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            {"role": "user"},
            bad("Missing required parameter: 'content'.", "content", "missing_required_parameter"),
        ),
        ({"content": "x"}, bad("Missing required parameter: 'role'.", "role", "missing_required_parameter")),
        (
            {"role": "system", "content": "x"},
            bad("Invalid value: 'system'. Supported values are: 'user' and 'assistant'.", "role", "invalid_value"),
        ),
        ({"role": "user", "content": "x" * 256_001}, too_long("content", 256_000, 256_001)),
        (
            {"role": "user", "content": [{"type": "text", "text": "x" * 256_001}]},
            too_long("content[0].text", 256_000, 256_001),
        ),
        (
            {"role": "user", "content": 5},
            wrong_type("content", "one of a string or an array of objects", "an integer"),
        ),
        (
            {"role": "user", "content": [{"type": "text"}]},
            bad("Missing required parameter: 'content[0].text'.", "content[0].text", "missing_required_parameter"),
        ),
    ],
)
def test_a_message_that_is_no_message_is_refused(client: OpenAI, body: dict[str, Any], answer: Refused) -> None:
    thread = client.beta.threads.create()
    assert refused(client.post, f"/threads/{thread.id}/messages", body=body, cast_to=object) == answer
    assert list(client.beta.threads.messages.list(thread.id)) == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_that_cannot_begin_is_refused_as_json_even_when_a_stream_was_asked_for(
    client: OpenAI, stream: bool
) -> None:
    thread = asked(client)
    runs = f"/threads/{thread.id}/runs"
    assistant = client.beta.assistants.create(model="builtin/script")
    empty = client.beta.threads.create()
    found = [
        refused(client.post, runs, body={"stream": stream}, cast_to=object),
        refused(client.post, runs, body={"assistant_id": None, "stream": stream}, cast_to=object),
        refused(client.post, runs, body={"assistant_id": "gpt-4", "stream": stream}, cast_to=object),
        refused(client.beta.threads.runs.create, empty.id, assistant_id=assistant.id, stream=stream),
    ]
    assert found == [
        bad("Missing required parameter: 'assistant_id'.", "assistant_id", "missing_required_parameter"),
        wrong_type("assistant_id", "a string", "null"),
        (NotFoundError, "No assistant found with id 'gpt-4'.", None, None),
        bad(
            "Run creation requires a Thread with a user message or an assistant with instructions.",
            None,
            "invalid_thread",
        ),
    ]
    assert list(client.beta.threads.runs.list(thread.id)) == []


def test_a_run_that_has_ended_cannot_be_cancelled(client: OpenAI) -> None:
    found = []
    for name in ("echo", "length", "http-error"):
        run = polled(client, started(client, script(name)))
        found.append(refused(client.beta.threads.runs.cancel, run.id, thread_id=run.thread_id))
    run = until(client, started(client, SILENCE), "in_progress")
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    polled(client, run)
    found.append(refused(client.beta.threads.runs.cancel, run.id, thread_id=run.thread_id))
    assert found == [
        bad(f"Cannot cancel run with status '{status}'.", None, None)
        for status in ("completed", "incomplete", "failed", "cancelled")
    ]


def test_a_deleted_thread_takes_nothing_any_more(client: OpenAI) -> None:
    run = polled(client, started(client, script("echo")))
    threads, id = client.beta.threads, run.thread_id
    threads.delete(id)
    found = [
        refused(threads.retrieve, id),
        refused(threads.delete, id),
        refused(threads.messages.create, id, role="user", content="Hello?"),
        refused(threads.messages.list, id),
        refused(threads.runs.create, id, assistant_id=run.assistant_id),
        refused(threads.runs.retrieve, run.id, thread_id=id),
        refused(threads.runs.cancel, run.id, thread_id=id),
    ]
    assert found == [not_found("thread", id)] * 7


def test_pages_that_cannot_be_are_refused(client: OpenAI) -> None:
    thread, messages = asked(client), client.beta.threads.messages
    unknown = f"msg_{NOBODY}"
    found = [
        refused(messages.list, thread.id, limit=0),
        refused(messages.list, thread.id, limit=101),
        refused(messages.list, thread.id, order="newest"),
        refused(messages.list, thread.id, after=unknown),
        refused(messages.list, thread.id, before=unknown),
    ]
    assert found == [
        bad(
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "limit",
            "integer_below_min_value",
        ),
        bad(
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
            "limit",
            "integer_above_max_value",
        ),
        bad("Invalid value: 'newest'. Supported values are: 'asc' and 'desc'.", "order", "invalid_value"),
        bad(f"No message found with id '{unknown}'.", "after", None),
        bad(f"No message found with id '{unknown}'.", "before", None),
    ]


def test_what_comes_later_says_so(client: OpenAI) -> None:
    for call in (client.files.list, client.vector_stores.list):
        kind, message, _, _ = refused(call)
        assert kind is NotFoundError
        assert "later" in message


def test_a_request_of_a_server_that_is_its_own_upstream_is_refused(client: OpenAI) -> None:
    looped = client.with_options(default_headers={"x-livethread-hop": "1"})
    kind, message, _, _ = refused(looped.beta.threads.create)
    assert kind is BadRequestError
    assert message.endswith("Set LIVETHREAD_UPSTREAM_URL there to the address of a model API.")


def test_a_server_with_keys_lets_nobody_in_without_one() -> None:
    with testing.server(api_keys=("sk-right-0123456789",)) as url:
        with OpenAI(base_url=f"{url}/v1", api_key="sk-right-0123456789") as known:
            assert known.beta.threads.create().object == "thread"
        with OpenAI(base_url=f"{url}/v1", api_key="sk-wrong-0123456789") as stranger:
            kind, message, _, code = refused(stranger.beta.threads.create)
    assert kind is AuthenticationError
    assert message.startswith("Incorrect API key provided: ")
    assert "sk-wrong-0123456789" not in message
    assert code == "invalid_api_key"


def test_a_model_that_nobody_serves_fails_the_run_and_says_what_to_do(client: OpenAI) -> None:
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = polled(client, client.beta.threads.runs.create(asked(client).id, assistant_id=assistant.id))
    assert run.to_dict()["last_error"] == {
        "code": "server_error",
        "message": "Nothing serves the model 'gpt-4o': no model API is set up. Set LIVETHREAD_UPSTREAM_URL "
        '(or OPENAI_BASE_URL) to one, or write "gpt-4o" = "builtin/guide" under [aliases] in livethread.toml; '
        "builtin/guide needs no model API.",
    }


def test_a_scenario_that_cannot_be_played_fails_the_run_and_says_where(client: OpenAI) -> None:
    run = polled(client, started(client, "turns:\n  - - txt: hello\n"))
    assert run.to_dict()["last_error"] == {
        "code": "invalid_prompt",
        "message": "The script is not valid: turns[0].steps[0]: a step is an object with one of: text, pieces, "
        "reasoning, refusal, tool_calls, usage, finish, cut, stall_ms, timeout_ms, fault, error.",
    }
