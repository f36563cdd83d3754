"""Real runs against aimock, a mock from npm; what it answers stands in tests/providers/aimock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import Run

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.providers.aimock_process import aimock
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, broken_rules, order
from tests.sdk.scenes import POLL_MS, asked, outputs, texts

PIXEL = "data:image/png;base64,iVBORw0KGgo="
LUCKY = ("assistant", "completed", "Third time lucky.")


def tool(name: str, parameter: str) -> Any:
    """A function with one parameter."""
    parameters = {"type": "object", "properties": {parameter: {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@contextmanager
def served(upstream: UpstreamSettings, **settings: Any) -> Iterator[OpenAI]:
    """The SDK at a server of its own with this upstream."""
    with (
        testing.server(upstreams=(upstream,), **settings) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def aimock_url() -> Iterator[str]:
    with aimock() as url:
        yield url


@pytest.fixture(scope="module")
def client(aimock_url: str) -> Iterator[OpenAI]:
    """A server that asks again, as servers do."""
    with served(UpstreamSettings("default", aimock_url)) as client:
        yield client


@pytest.fixture(scope="module")
def hasty(aimock_url: str) -> Iterator[OpenAI]:
    """A server that never asks again."""
    with served(UpstreamSettings("default", aimock_url), retries=0) as client:
        yield client


def assistant_of(client: OpenAI, **fields: Any) -> Assistant:
    return client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", **fields)


def run_of(client: OpenAI, question: str, **fields: Any) -> Run:
    """A run that has ended or waits for its caller."""
    return client.beta.threads.runs.create_and_poll(
        thread_id=asked(client, question).id, assistant_id=assistant_of(client, **fields).id, poll_interval_ms=POLL_MS
    )


def goes_on(client: OpenAI, run: Run) -> None:
    """The thread of a run that went wrong takes another question, and answers it."""
    client.beta.threads.messages.create(run.thread_id, role="user", content="Say hello")
    again = client.beta.threads.runs.create_and_poll(
        thread_id=run.thread_id, assistant_id=run.assistant_id, poll_interval_ms=POLL_MS
    )
    assert again.status == "completed"
    assert texts(client, run.thread_id)[-1] == ("assistant", "completed", "Hello, « 世界 » 🦊 — and good night.")


def test_a_streamed_answer_and_its_usage(client: OpenAI) -> None:
    thread = asked(client, "Count the tokens")
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant_of(client).id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SAID} R.completed"
    assert broken_rules(events) == []
    assert texts(client, thread.id)[1:] == [("assistant", "completed", "Done.")]
    usage = events[-1].data.to_dict()["usage"]
    assert isinstance(usage, dict)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (11, 3)


def test_reasoning_is_no_part_of_the_message(client: OpenAI) -> None:
    thread = asked(client, "Think first")
    assistant = client.beta.assistants.create(model="o3")
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=POLL_MS)
    assert texts(client, thread.id)[1:] == [("assistant", "completed", "Forty-two.")]


def test_parallel_calls_behind_the_text_and_the_answer(client: OpenAI) -> None:
    thread, runs = asked(client, "Rome and Oslo"), client.beta.threads.runs
    assistant = assistant_of(client, tools=[tool("get_weather", "city")])
    with runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SAID} {ASKED}"
    run = events[-1].data
    assert isinstance(run, Run)
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    assert [(call.id, json.loads(call.function.arguments)) for call in calls] == [
        ("call_rome", {"city": "Rome"}),
        ("call_oslo", {"city": "Oslo"}),
    ]
    with runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs(run), stream=True) as stream:
        events = list(stream)
    assert order(events) == f"{ANSWERED} {SAID} R.completed"
    assert [text for _, _, text in texts(client, thread.id)[1:]] == ["Let me look.", "Sunny in both."]


def test_chained_calls_go_three_rounds(client: OpenAI) -> None:
    run = run_of(client, "capital of Italy", tools=[tool("get_weather", "city"), tool("find_city", "country")])
    names = []
    while run.status == "requires_action":
        assert run.required_action is not None
        names += [call.function.name for call in run.required_action.submit_tool_outputs.tool_calls]
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), poll_interval_ms=POLL_MS
        )
    assert (names, run.status) == (["find_city", "get_weather"], "completed")
    assert texts(client, run.thread_id)[1:] == [("assistant", "completed", "It is sunny in Rome.")]


def test_structured_output_reaches_the_model_and_comes_back(client: OpenAI) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "trip", "schema": {"type": "object"}, "strict": False}}
    run = run_of(client, "Fill in the form", response_format=schema)
    assert texts(client, run.thread_id)[1:] == [("assistant", "completed", '{"city":"Rome","days":3}')]


@pytest.mark.parametrize(
    ("question", "reason", "said"),
    [
        ("Be cut off", "max_completion_tokens", "It was a dark and"),
        ("Say something bad", "content_filter", "I would"),
    ],
)
def test_an_answer_that_the_model_breaks_off_is_incomplete(
    client: OpenAI, question: str, reason: str, said: str
) -> None:
    run = run_of(client, question)
    assert (run.status, run.to_dict()["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert texts(client, run.thread_id)[1:] == [("assistant", "incomplete", said)]


def test_faults_that_pass_are_waited_out(client: OpenAI) -> None:
    run = run_of(client, "Fail twice")
    assert run.status == "completed"
    assert texts(client, run.thread_id)[1:] == [LUCKY]


@pytest.mark.parametrize("question", ["Stop after three chunks", "Hang up in the middle"])
def test_an_answer_that_is_cut_keeps_what_was_shown(hasty: OpenAI, question: str) -> None:
    thread = asked(hasty, question)
    with hasty.beta.threads.runs.create(thread.id, assistant_id=assistant_of(hasty).id, stream=True) as stream:
        events = list(stream)
    run = events[-1].data
    assert isinstance(run, Run)
    assert run.last_error is not None
    assert run.last_error.code == "server_error"
    assert "broke the connection in the middle of its answer" in run.last_error.message
    assert order(events) in (f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed", f"{BEGUN} R.failed")
    for _, status, said in texts(hasty, thread.id)[1:]:
        assert (status, "one two three four five six seven".startswith(said)) == ("incomplete", True)
    goes_on(hasty, run)


@pytest.mark.parametrize(
    ("question", "code", "words"),
    [
        ("Drop it", "server_error", "reports an error (500): Chaos: request dropped."),
        ("Scramble it", "server_error", "answered with JSON that is broken"),
        ("Hang up at once", "server_error", "closed the connection without an answer"),
        ("Too many requests", "rate_limit_exceeded", "Try again in 90 s, or raise the limit there."),
        ("Nobody knows the model", "server_error", "`livethread models`"),
        ("The key is wrong", "server_error", "refused access (401): Incorrect API key."),
    ],
)
def test_a_fault_that_stays_fails_the_run_and_says_what_to_do(
    hasty: OpenAI, question: str, code: str, words: str
) -> None:
    run = run_of(hasty, question)
    assert run.last_error is not None
    assert (run.status, run.last_error.code) == ("failed", code)
    assert words in run.last_error.message
    assert texts(hasty, run.thread_id) == [("user", "completed", question)]
    goes_on(hasty, run)


def test_an_upstream_that_cannot_stream_is_streamed_word_by_word(aimock_url: str) -> None:
    with served(UpstreamSettings("default", aimock_url, stream=False), words_per_second=200) as client:
        thread = asked(client, "Say hello")
        with client.beta.threads.runs.create(thread.id, assistant_id=assistant_of(client).id, stream=True) as stream:
            events = list(stream)
        pieces = [
            block.text.value
            for event in events
            if event.event == "thread.message.delta"
            for block in event.data.delta.content or []
            if block.type == "text" and block.text is not None
        ]
        assert order(events) == f"{BEGUN} {SAID} R.completed"
        assert len(pieces) > 1
        assert "".join(piece or "" for piece in pieces) == "Hello, « 世界 » 🦊 — and good night."


def picture(client: OpenAI) -> Run:
    """A run that is asked about an image."""
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(
        thread.id,
        role="user",
        content=[
            {"type": "text", "text": "Say no to pictures"},
            {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
        ],
    )
    return client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant_of(client).id, poll_interval_ms=POLL_MS
    )


def test_an_image_goes_to_the_model_whose_refusal_says_what_to_do(client: OpenAI) -> None:
    run = picture(client)
    assert run.last_error is not None
    assert run.last_error.code == "invalid_prompt"
    assert "image_url is only supported by certain models. Choose a model that takes images" in run.last_error.message


def test_an_image_for_an_upstream_without_is_refused_before_it_is_sent(aimock_url: str) -> None:
    with served(UpstreamSettings("default", aimock_url, images=False)) as client:
        run = picture(client)
        assert run.last_error is not None
        assert run.last_error.code == "invalid_prompt"
        assert "takes no images (images = false in livethread.toml)" in run.last_error.message


def test_an_upstream_that_is_another_livethread_is_said_to_be_one() -> None:
    with testing.server() as other, served(UpstreamSettings("default", f"{other}/v1")) as client:
        run = run_of(client, "Say hello")
        assert run.last_error is not None
        assert run.last_error.code == "server_error"
        assert "is a Livethread server, which passes nothing on (400)" in run.last_error.message
