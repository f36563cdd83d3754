"""A session of the official SDK, every byte of it held against the published contract of the old API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from openai import APIStatusError, OpenAI
from openai.types.beta.threads import Run

from livethread import testing
from tests.domain.test_contract import CONTRACT
from tests.sdk.contract import DEVIATIONS, Exchange, Recording, event_schemas, events, faults, operation
from tests.sdk.scenes import ONE_CALL, SILENCE, asked, outputs, player, polled, script, started

SCENARIOS = ["echo", "refusal", "reasoning", "tool-calls-parallel", "tool-calls-chained", "length", "content-filter",
             "http-error", "error-in-mid-stream", "no-usage", "split-character"]  # fmt: skip


@contextmanager
def recording(url: str, transport: Recording) -> Iterator[OpenAI]:
    http = httpx2.Client(transport=transport)
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, http_client=http) as client:
        yield client


def talk(client: OpenAI, scenario: str, *, cancel_at: str | None = None) -> None:
    """A run and its streams to the end."""
    runs, waiting = client.beta.threads.runs, True
    assistant = player(client, scenario)
    stream = client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello 🦊"}]}, stream=True
    )
    while waiting:
        run: Run | None = None
        with stream:
            for event in stream:
                run = event.data if isinstance(event.data, Run) else run
                if event.event == cancel_at and run is not None:
                    runs.cancel(run.id, thread_id=run.thread_id)
        assert run is not None
        waiting = run.status == "requires_action"
        if waiting:
            stream = runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run), stream=True)


def every_call(client: OpenAI) -> None:
    """Each call of assistants, threads, messages, runs and steps, as JSON."""
    beta, threads, runs = client.beta, client.beta.threads, client.beta.threads.runs
    assistant = beta.assistants.create(
        model="builtin/script",
        name="Weather",
        instructions=ONE_CALL,
        tools=[
            {"type": "function", "function": {"name": "get_weather"}},
            {"type": "code_interpreter"},
            {"type": "file_search"},
        ],
        metadata={"a": "b"},
    )
    beta.assistants.retrieve(assistant.id)
    beta.assistants.update(assistant.id, description="Tells it")
    beta.assistants.list(limit=2)
    thread = asked(client, "one", "two")
    threads.retrieve(thread.id)
    threads.update(thread.id, metadata={"c": "d"})
    message = threads.messages.create(thread.id, role="user", content=[{"type": "text", "text": "three"}])
    threads.messages.retrieve(message.id, thread_id=thread.id)
    threads.messages.update(message.id, thread_id=thread.id, metadata={"e": "f"})
    runs.list(thread.id)
    run = polled(client, runs.create(thread.id, assistant_id=assistant.id))
    runs.update(run.id, thread_id=thread.id, metadata={"g": "h"})
    runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs(run))
    polled(client, run)
    for step in runs.steps.list(run.id, thread_id=thread.id):
        runs.steps.retrieve(step.id, thread_id=thread.id, run_id=run.id)
    runs.list(thread.id)
    threads.messages.list(thread.id)
    threads.messages.delete(message.id, thread_id=thread.id)
    stopped = started(client, SILENCE)
    runs.cancel(stopped.id, thread_id=stopped.thread_id)
    polled(client, stopped)
    for wrong in (lambda: runs.cancel(run.id, thread_id=thread.id), lambda: threads.retrieve("undefined")):
        with pytest.raises(APIStatusError):
            wrong()
    threads.delete(thread.id)
    beta.assistants.delete(assistant.id)
    with pytest.raises(APIStatusError):
        threads.retrieve(thread.id)


def nothing_there(client: OpenAI) -> None:
    """Each list when it is empty, and a run without instructions."""
    run = started(client, SILENCE)
    client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    thread = client.beta.threads.create()
    client.beta.threads.messages.list(thread.id)
    guide = client.beta.assistants.create(model="builtin/guide")
    polled(client, client.beta.threads.runs.create(asked(client).id, assistant_id=guide.id))
    for assistant in client.beta.assistants.list():
        client.beta.assistants.delete(assistant.id)
    client.beta.assistants.list()


@pytest.fixture(scope="module")
def session(url: str) -> list[Exchange]:
    """Everything that went over the wire in a session that leaves nothing out."""
    transport = Recording()
    with recording(url, transport) as client:
        every_call(client)
        for name in SCENARIOS:
            talk(client, script(name))
        talk(client, script("stall"), cancel_at="thread.message.in_progress")
        assistant = player(client, script("echo"))
        with client.beta.threads.runs.create(asked(client).id, assistant_id=assistant.id, stream=True) as stream:
            assert list(stream)
    with testing.server(run_seconds=4) as hasty, recording(hasty, transport) as client:
        talk(client, script("stall"))
        nothing_there(client)
    return transport.exchanges


def test_every_answer_and_every_event_keeps_the_published_contract(session: list[Exchange]) -> None:
    assert len(session) > 60
    assert [fault for exchange in session for fault in faults(exchange) if not fault.known] == []


def test_every_known_deviation_is_still_one(session: list[Exchange]) -> None:
    found = [fault for exchange in session for fault in faults(exchange)]
    assert {(fault.schema, fault.path) for fault in found} == set(DEVIATIONS)


def test_the_session_made_every_call_there_is(session: list[Exchange]) -> None:
    made = {operation(exchange)[:2] for exchange in session}
    assert made == {
        (method.upper(), path)
        for path, methods in CONTRACT["paths"].items()
        for method in methods
        if path.startswith(("/assistants", "/threads"))
    }


def test_the_session_saw_every_event_there_is(session: list[Exchange]) -> None:
    streams = [exchange for exchange in session if exchange.content_type.startswith("text/event-stream")]
    assert {type for stream in streams for type, _ in events(stream)} == {*event_schemas(), "done"}


def test_each_event_of_a_stream_is_one_line_and_carries_an_id(session: list[Exchange]) -> None:
    for exchange in session:
        if exchange.content_type.startswith("text/event-stream"):
            *blocks, done, rest = exchange.body.decode("ascii").split("\n\n")
            assert [block for block in blocks if "\nid: " not in block] == []
            assert (done, rest) == ("event: done\ndata: [DONE]", "")


def test_a_fault_would_be_seen() -> None:
    exchange = Exchange("GET", "/threads/thread_1", 200, "application/json", bytearray(b'{"id":"thread_1"}'))
    assert [fault.message for fault in faults(exchange)] == [
        f"'{name}' is a required property" for name in ("object", "created_at", "tool_resources", "metadata")
    ]
    exchange = Exchange("GET", "/threads/thread_1", 404, "application/json", bytearray(b'{"error":{"message":"no"}}'))
    assert [(fault.path, fault.message) for fault in faults(exchange)] == [
        ("error", f"'{name}' is a required property") for name in ("type", "param", "code")
    ]
