"""Real runs against an upstream that nobody of this project wrote, by a server that only the environment configures."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer
from openai import OpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import Run

from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, broken_rules, order
from tests.sdk.process import serving
from tests.sdk.scenes import POLL_MS, asked, polled, texts

KEY = "sk-upstream-0123456789"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def settings(llmock_server: LLMockServer) -> dict[str, str]:
    return {
        "LIVETHREAD_UPSTREAM_URL": llmock_server.base_url("openai"),
        "LIVETHREAD_UPSTREAM_KEY": KEY,
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",  # what a developer exports for the app does not win
    }


@pytest.fixture(scope="module")
def upstreamed(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[OpenAI]:
    """The SDK at a Livethread server whose upstream is llmock."""
    with (
        serving(tmp_path_factory.mktemp("data"), settings) as process,
        OpenAI(base_url=f"{process.url}/v1", api_key="any", max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def assistant(upstreamed: OpenAI) -> Assistant:
    return upstreamed.beta.assistants.create(model="gpt-4o", instructions="Be brief.")


def prompted(llmock: LLMock) -> list[Any]:
    """The messages of every request that the upstream got, in order."""
    return [record.body["messages"] for record in llmock.requests]


def run_of(client: OpenAI, assistant: Assistant) -> Run:
    """A run that has ended or waits for its caller."""
    thread = asked(client, "Hello")
    return client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=POLL_MS
    )


def test_a_streamed_answer_is_what_the_upstream_says(llmock: LLMock, upstreamed: OpenAI, assistant: Assistant) -> None:
    llmock.reply("Bonjour, « 世界 » 🦊 — and good night.")
    thread = asked(upstreamed, "Hello")
    with upstreamed.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SAID} R.completed"
    assert broken_rules(events) == []
    assert texts(upstreamed, thread.id)[1:] == [("assistant", "completed", "Bonjour, « 世界 » 🦊 — and good night.")]
    assert prompted(llmock) == [[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]]
    assert (llmock.last_request.model, llmock.last_request.stream) == ("gpt-4o", True)


def test_the_next_question_brings_the_whole_talk_along(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant
) -> None:
    llmock.reply("First.").reply("Second.")
    run = run_of(upstreamed, assistant)
    upstreamed.beta.threads.messages.create(run.thread_id, role="user", content="And then?")
    upstreamed.beta.threads.runs.create_and_poll(
        thread_id=run.thread_id, assistant_id=assistant.id, poll_interval_ms=POLL_MS
    )
    assert prompted(llmock)[-1] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "First."},
        {"role": "user", "content": "And then?"},
    ]
    assert texts(upstreamed, run.thread_id)[-1] == ("assistant", "completed", "Second.")


def test_a_tool_loop_goes_round(llmock: LLMock, upstreamed: OpenAI) -> None:
    llmock.call_tool("get_weather", {"city": "Rome"}).reply("It is sunny in Rome.")
    assistant = upstreamed.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
    thread, runs = asked(upstreamed, "How is Rome?"), upstreamed.beta.threads.runs
    with runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {ASKED}"
    assert broken_rules(events) == []
    run = events[-1].data
    assert isinstance(run, Run)
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Rome"})
    with runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "sunny"}], stream=True
    ) as stream:
        events = list(stream)
    assert order(events) == f"{ANSWERED} {SAID} R.completed"
    assert texts(upstreamed, thread.id)[1:] == [("assistant", "completed", "It is sunny in Rome.")]
    asked_again = prompted(llmock)[-1]
    assert [message["role"] for message in asked_again] == ["user", "assistant", "tool"]
    assert asked_again[1]["tool_calls"] == [
        {"id": call.id, "type": "function", "function": {"name": "get_weather", "arguments": call.function.arguments}}
    ]
    assert asked_again[2] == {"role": "tool", "tool_call_id": call.id, "content": "sunny"}


def test_a_truncated_answer_fails_the_run_keeps_the_text_and_says_what_to_do(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant
) -> None:
    llmock.reply("one two three four five").truncate(after_chunks=3)
    thread = asked(upstreamed, "Hello")
    with upstreamed.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed"
    assert events[-1].data.to_dict()["last_error"] == {
        "code": "server_error",
        "message": f"The model API at {llmock.base_url()} ended its answer without a finish reason, so the end of it "
        "may be missing. Try again; if it happens often, look into the log of the engine or of a proxy before it.",
    }
    assert texts(upstreamed, thread.id)[1:] == [("assistant", "incomplete", "one two ")]


def test_a_broken_connection_fails_the_run_and_keeps_the_text(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant
) -> None:
    # Where not a word came through before the break, the run asks again, so that each request has to break.
    said = "one two three four five"
    llmock.pace(20)
    for _ in range(4):
        llmock.reply(said).disconnect(after_chunks=3)
    run = run_of(upstreamed, assistant)
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "server_error"
    assert run.last_error.message.startswith(
        f"The model API at {llmock.base_url()} broke the connection in the middle of its answer. "
        "Try again; if it stays, look into the log of the engine."
    )
    for role, status, text in texts(upstreamed, run.thread_id)[1:]:
        assert (role, status, said.startswith(text)) == ("assistant", "incomplete", True)


def test_an_upstream_that_is_out_for_a_moment_is_asked_again_and_nobody_sees_it(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant
) -> None:
    llmock.fail(503, retry_after=0.05).fail(429, retry_after=0.05).fail(500, retry_after=0.05).reply("Here I am.")
    thread = asked(upstreamed, "Hello")
    with upstreamed.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SAID} R.completed"
    assert texts(upstreamed, thread.id)[1:] == [("assistant", "completed", "Here I am.")]
    assert len(llmock.requests) == 4
    llmock.assert_resilient()


def test_an_upstream_that_stays_out_fails_the_run_and_the_thread_goes_on(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant
) -> None:
    llmock.fail(503, times=4, retry_after=0.05).reply("Here I am.")
    run = run_of(upstreamed, assistant)
    assert run.to_dict()["last_error"] == {
        "code": "server_error",
        "message": f"The model API at {llmock.base_url()} is overloaded (503): Service unavailable. "
        "Try again in 1 s. (The model was asked 4 times.)",
    }
    again = upstreamed.beta.threads.runs.create_and_poll(
        thread_id=run.thread_id, assistant_id=assistant.id, poll_interval_ms=POLL_MS
    )
    assert again.status == "completed"
    assert texts(upstreamed, run.thread_id) == [
        ("user", "completed", "Hello"),
        ("assistant", "completed", "Here I am."),
    ]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (
            429,
            "rate_limit_exceeded",
            "allows no more requests for now (429): Rate limit exceeded. Try again in 90 s, or raise the limit there.",
        ),
        (
            401,
            "server_error",
            "refused access (401): Unauthorized. Check its key (LIVETHREAD_UPSTREAM_KEY, or the variable that key_env "
            "names in livethread.toml) and its account.",
        ),
        (
            404,
            "server_error",
            "does not know the model 'gpt-4o' (404): Resource not found. Give the name an alias in livethread.toml "
            '([aliases] "gpt-4o" = "…"; with its prefix, if it was asked for with one), or choose one that '
            "`livethread models` lists. If it knows no model at all, check the address: it usually ends in /v1.",
        ),
        (
            400,
            "invalid_prompt",
            "refused the request (400): Bad request. Check the settings and tools against what the model supports.",
        ),
    ],
)
def test_an_upstream_that_refuses_fails_the_run_at_once_and_says_what_to_do(
    llmock: LLMock, upstreamed: OpenAI, assistant: Assistant, status: int, code: str, message: str
) -> None:
    # A wait that is longer than a run waits is not begun.
    llmock.fail(status, retry_after=90 if status == 429 else None)
    run = run_of(upstreamed, assistant)
    assert run.status == "failed"
    assert run.to_dict()["last_error"] == {"code": code, "message": f"The model API at {llmock.base_url()} {message}"}
    assert texts(upstreamed, run.thread_id) == [("user", "completed", "Hello")]
    assert len(llmock.requests) == 1


def test_a_cancelled_run_lets_go_of_the_upstream(llmock: LLMock, upstreamed: OpenAI, assistant: Assistant) -> None:
    llmock.reply("one two three four five").stall(after_chunks=3, seconds=30)
    thread = asked(upstreamed, "Hello")
    types: list[str] = []
    with upstreamed.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        for event in stream:
            types.append(event.event)
            if event.event == "thread.message.in_progress":
                assert event.data.run_id is not None
                upstreamed.beta.threads.runs.cancel(event.data.run_id, thread_id=thread.id)
    assert types[-1] == "thread.run.cancelled"
    record = llmock.last_request
    assert not record.completed
    assert record.stall_waited is None or record.stall_waited < 10


def test_the_upstream_s_models_are_listed_behind_the_built_in_ones(llmock: LLMock, upstreamed: OpenAI) -> None:
    owners = {model.id: model.owned_by for model in upstreamed.models.list()}
    builtin = [name for name in owners if name.startswith("builtin/")]
    assert list(owners)[: len(builtin)] == builtin
    assert (owners["builtin/guide"], owners["gpt-4o"]) == ("livethread", "default")


def test_the_variables_of_the_sdk_itself_connect_an_upstream_too(llmock: LLMock, tmp_path: Path) -> None:
    llmock.reply("Connected.")
    environment = {"OPENAI_BASE_URL": llmock.base_url(), "OPENAI_API_KEY": KEY}
    with (
        serving(tmp_path, environment) as process,
        OpenAI(base_url=f"{process.url}/v1", api_key="any", max_retries=0) as client,
    ):
        assistant = client.beta.assistants.create(model="gpt-4o")
        thread = asked(client, "Hello")
        run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
        assert polled(client, run).status == "completed"
        assert texts(client, thread.id)[-1] == ("assistant", "completed", "Connected.")
    assert KEY not in "".join(process.printed)


def test_an_upstream_that_is_the_server_itself_is_ignored_with_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    own = f"http://localhost:{port}/v1"
    environment = {"OPENAI_BASE_URL": own, "OPENAI_API_KEY": KEY, "LIVETHREAD_WORDS_PER_SECOND": "0"}
    with (
        serving(tmp_path, environment, port=port) as process,
        OpenAI(base_url=own, api_key="any", max_retries=0) as client,
    ):
        sentence = (
            f"the upstream default ({own}) is this server itself and is ignored; give it the address of the model API"
        )
        assert sentence in "".join(process.printed)
        assert {model.owned_by for model in client.models.list()} == {"livethread"}
        (guide, *_) = client.beta.assistants.list(order="asc")
        run = client.beta.threads.create_and_run_poll(
            assistant_id=guide.id,
            thread={"messages": [{"role": "user", "content": "What is Livethread?"}]},
            poll_interval_ms=POLL_MS,
        )
        assert run.status == "completed"
