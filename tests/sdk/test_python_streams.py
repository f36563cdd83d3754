"""Raw streams of the official Python SDK: the order of every event, compared with what was recorded."""

from __future__ import annotations

from typing import Any, cast

import pytest
from openai import OpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run

from livethread import testing
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, broken_rules, order
from tests.sdk.scenes import ONE_CALL, PAUSE, SILENCE, TWO_CALLS, asked, outputs, player, polled, script, started, texts

API = "The model API at builtin/script"


def last_run(events: list[AssistantStreamEvent]) -> Run:
    run = events[-1].data
    assert isinstance(run, Run)
    return run


def why_cut(events: list[AssistantStreamEvent]) -> list[str | None]:
    """Why each message of a stream that was cut is incomplete."""
    return [
        event.data.incomplete_details.reason if event.data.incomplete_details else None
        for event in events
        if event.event == "thread.message.incomplete"
    ]


def streams(client: OpenAI, scenario: str) -> list[list[AssistantStreamEvent]]:
    """The stream of a new run, and one more for each time it waited for outputs."""
    thread, assistant = asked(client, "Hello"), player(client, scenario)
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        found = [list(stream)]
    while (run := last_run(found[-1])).status == "requires_action":
        with client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=thread.id, tool_outputs=outputs(run), stream=True
        ) as stream:
            found.append(list(stream))
    return found


@pytest.mark.parametrize(
    ("scenario", "orders"),
    [
        pytest.param(script("echo"), [f"{BEGUN} {SAID} R.completed"], id="1: plain text"),
        pytest.param(script("reasoning"), [f"{BEGUN} {SAID} R.completed"], id="1: reasoning is not told"),
        pytest.param(script("refusal"), [f"{BEGUN} {SAID} R.completed"], id="1: a refusal"),
        pytest.param(script("long-text"), [f"{BEGUN} {SAID} R.completed"], id="1: a long text"),
        pytest.param(script("split-character"), [f"{BEGUN} {SAID} R.completed"], id="1: split characters"),
        pytest.param(script("invalid-bytes"), [f"{BEGUN} {SAID} R.completed"], id="1: bytes that are no text"),
        pytest.param(ONE_CALL, [f"{BEGUN} {ASKED}", f"{ANSWERED} {SAID} R.completed"], id="3: one call"),
        pytest.param(
            script("tool-calls-chained"),
            [f"{BEGUN} {ASKED}", f"{ANSWERED} {ASKED}", f"{ANSWERED} {SAID} R.completed"],
            id="3: chained calls",
        ),
        pytest.param(TWO_CALLS, [f"{BEGUN} {ASKED}", f"{ANSWERED} {SAID} R.completed"], id="4: parallel calls"),
        pytest.param(
            script("tool-calls-parallel"),
            [f"{BEGUN} {SAID} {ASKED}", f"{ANSWERED} {SAID} R.completed"],
            id="5: text, then calls",
        ),
        pytest.param(script("length"), [f"{BEGUN} {SPEAKING} M.incomplete S.completed R.incomplete"], id="7: too long"),
        pytest.param(
            script("content-filter"), [f"{BEGUN} {SPEAKING} M.incomplete S.completed R.incomplete"], id="7: filtered"
        ),
        pytest.param(script("http-error"), [f"{BEGUN} R.failed"], id="9: an error before the text"),
        pytest.param(
            script("error-in-mid-stream"), [f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed"], id="9: and behind it"
        ),
        pytest.param(script("cut"), [f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed"], id="9: a cut"),
        pytest.param(
            script("no-finish-reason"), [f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed"], id="9: no finish reason"
        ),
    ],
)
def test_the_events_of_a_run_come_in_the_recorded_order(client: OpenAI, scenario: str, orders: list[str]) -> None:
    found = streams(client, scenario)
    assert [order(events) for events in found] == orders
    assert [broken_rules(events) for events in found] == [[]] * len(orders)


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("length", ("incomplete", None, {"reason": "max_completion_tokens"}, "max_tokens", "This sentence is not")),
        ("content-filter", ("incomplete", None, {"reason": "content_filter"}, "content_filter", "The recipe is")),
        (
            "error-in-mid-stream",
            (
                "failed",
                {
                    "code": "server_error",
                    "message": f"{API} is overloaded: The model is overloaded. Try again in a moment.",
                },
                None,
                "run_failed",
                "So far so",
            ),
        ),
        (
            "cut",
            (
                "failed",
                {
                    "code": "server_error",
                    "message": f"{API} broke the connection in the middle of its answer. "
                    "Try again; if it stays, look into the log of the engine.",
                },
                None,
                "run_failed",
                "The answer is",
            ),
        ),
    ],
)
def test_a_run_that_ends_early_keeps_its_text_and_says_why(client: OpenAI, name: str, ending: tuple[Any, ...]) -> None:
    run = last_run(streams(client, script(name))[0])
    message = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data[0]
    told = run.to_dict(mode="json")
    found = told["status"], told["last_error"], told["incomplete_details"]
    assert message.incomplete_details is not None
    (block,) = message.content
    assert block.type == "text"
    assert (*found, message.incomplete_details.reason, block.text.value) == ending


def test_a_run_that_fails_before_its_first_word_leaves_no_message(client: OpenAI) -> None:
    run = last_run(streams(client, script("http-error"))[0])
    assert run.last_error is not None
    assert run.last_error.to_dict() == {
        "code": "rate_limit_exceeded",
        "message": f"{API} allows no more requests for now (429): Too many requests. "
        "Try again in 120 s, or raise the limit there.",
    }
    assert texts(client, run.thread_id) == [("user", "completed", "Hello")]


def test_create_and_run_begins_with_its_thread(client: OpenAI) -> None:
    assistant = player(client, script("echo"))
    with client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello"}]}, stream=True
    ) as stream:
        events = list(stream)
    assert order(events) == f"T.created {BEGUN} {SAID} R.completed"
    assert broken_rules(events) == []
    assert events[0].data.to_dict() == client.beta.threads.retrieve(last_run(events).thread_id).to_dict()
    assert texts(client, last_run(events).thread_id) == [
        ("user", "completed", "Hello"),
        ("assistant", "completed", "You said: Hello"),
    ]


def test_every_object_of_a_stream_is_what_a_read_then_shows(client: OpenAI) -> None:
    events = streams(client, script("tool-calls-parallel"))[-1]
    run = last_run(events)
    runs, threads = client.beta.threads.runs, client.beta.threads
    assert runs.retrieve(run.id, thread_id=run.thread_id).to_dict() == run.to_dict()
    for event in events:
        if event.event == "thread.message.completed":
            read = threads.messages.retrieve(event.data.id, thread_id=run.thread_id).to_dict()
            assert read == event.data.to_dict()
        if event.event == "thread.run.step.completed":
            step = runs.steps.retrieve(event.data.id, thread_id=run.thread_id, run_id=run.id).to_dict()
            assert step == event.data.to_dict()


def test_an_object_shows_the_state_of_its_event_while_the_stream_is_open(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, PAUSE)
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        for event in stream:
            if event.event == "thread.message.delta":
                read = client.beta.threads.messages.retrieve(event.data.id, thread_id=thread.id)
                assert read.status == "in_progress"
                (delta,) = event.data.delta.content or []
                (block,) = read.content
                assert delta.type == block.type == "text"
                assert delta.text is not None
                assert (delta.text.value or "") in block.text.value
                break
        rest = list(stream)
    assert rest[-1].event == "thread.run.completed"
    assert texts(client, thread.id)[-1] == ("assistant", "completed", "Before the pause and behind it.")


def test_a_run_cancelled_in_mid_stream_ends_in_order_and_keeps_its_text(client: OpenAI, url: str) -> None:
    thread, assistant = asked(client), player(client, script("stall"))
    events: list[AssistantStreamEvent] = []
    said = ""
    with (
        OpenAI(base_url=f"{url}/v1", api_key="another") as another,
        client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream,
    ):
        for event in stream:
            events.append(event)
            if event.event == "thread.message.delta":
                (block,) = event.data.delta.content or []
                assert block.type == "text"
                assert block.text is not None
                said += block.text.value or ""
                if said == "One moment":
                    run = cast(Run, events[0].data)
                    cancelling = another.beta.threads.runs.cancel(run.id, thread_id=thread.id)
                    assert cancelling.status == "cancelling"
    assert order(events) == f"{BEGUN} {SPEAKING} R.cancelling M.incomplete S.cancelled R.cancelled"
    assert why_cut(events) == ["run_cancelled"]
    assert broken_rules(events) == []
    assert texts(client, thread.id) == [("user", "completed", "Hello"), ("assistant", "incomplete", "One moment")]


def test_a_run_cancelled_before_its_first_word_leaves_nothing(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, SILENCE)
    events: list[AssistantStreamEvent] = []
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        for event in stream:
            events.append(event)
            if event.event == "thread.run.in_progress":
                client.beta.threads.runs.cancel(event.data.id, thread_id=thread.id)
    assert order(events) == f"{BEGUN} R.cancelling R.cancelled"
    assert texts(client, thread.id) == [("user", "completed", "Hello")]
    assert list(client.beta.threads.runs.steps.list(last_run(events).id, thread_id=thread.id)) == []


def test_a_run_that_takes_too_long_expires_in_order_and_keeps_its_text() -> None:
    with testing.server(run_seconds=4) as url, OpenAI(base_url=f"{url}/v1", api_key="any") as client:
        (events,) = streams(client, script("stall"))
        assert order(events) == f"{BEGUN} {SPEAKING} M.incomplete S.expired R.expired"
        assert why_cut(events) == ["run_expired"]
        thread_id = last_run(events).thread_id
        assert texts(client, thread_id)[1:] == [("assistant", "incomplete", "One moment")]


def test_a_client_that_drops_its_stream_does_not_stop_the_run(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, PAUSE)
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        run = cast(Run, next(iter(stream)).data)
    assert polled(client, run).status == "completed"
    assert texts(client, thread.id)[1:] == [("assistant", "completed", "Before the pause and behind it.")]


def test_a_stream_tells_the_request_and_is_never_kept_by_a_cache(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, script("echo"))
    with client.beta.threads.runs.with_streaming_response.create(
        thread.id, assistant_id=assistant.id, stream=True
    ) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["x-request-id"].startswith("req_")
        assert "content-encoding" not in response.headers
        assert list(response.iter_lines())[-3:-1] == ["event: done", "data: [DONE]"]


def test_two_runs_in_parallel_each_tell_of_themselves_only(client: OpenAI) -> None:
    waiting = started(client, SILENCE)
    assistant = player(client, script("echo"))
    with client.beta.threads.runs.create(
        waiting.thread_id, assistant_id=assistant.id, stream=True, extra_body={"thread_policy": "parallel"}
    ) as stream:
        events = list(stream)
    assert order(events) == f"{BEGUN} {SAID} R.completed"
    assert {event.data.to_dict().get("run_id", last_run(events).id) for event in events} == {last_run(events).id}
    client.beta.threads.runs.cancel(waiting.id, thread_id=waiting.thread_id)
    assert polled(client, waiting).status == "cancelled"
