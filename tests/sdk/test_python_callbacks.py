"""The Python SDK's stream helper: every callback of a handler, in order, and what the helper gathers."""

from __future__ import annotations

import pytest
from openai import OpenAI

from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, order
from tests.sdk.recorder import Call, Recorder
from tests.sdk.scenes import ONE_CALL, TWO_CALLS, asked, outputs, player, script, text, texts

ROME = ("call_rome", "get_weather", '{"city": "Rome"}')
OSLO = ("call_oslo", "get_weather", '{"city": "Oslo"}')

CALLED_BOTH: list[Call] = [
    ("step created", "tool_calls", "in_progress"),
    ("call created", *ROME),
    ("call done", *ROME),
    ("call created", *OSLO),
    ("step delta", ["call_rome", "call_oslo"]),
    ("call done", *OSLO),
    ("end",),
]


def said(text: str, status: str = "completed", step: str = "completed") -> list[Call]:
    """The callbacks of one message and its step."""
    return [
        ("step created", "message_creation", "in_progress"),
        ("message created", "in_progress", []),
        ("text created", []),
        ("text delta", text),
        ("text done", text),
        ("message done", status, text),
        ("step done", "message_creation", step),
    ]


def recorded(client: OpenAI, scenario: str) -> Recorder:
    """The first stream of a run."""
    thread, assistant, handler = asked(client, "Hello"), player(client, scenario), Recorder()
    with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, event_handler=handler
    ) as stream:
        stream.until_done()
    return handler


def answered(client: OpenAI, handler: Recorder) -> Recorder:
    """The stream that goes on with the outputs it asked for."""
    run, after = handler.get_final_run(), Recorder()
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), event_handler=after
    ) as stream:
        stream.until_done()
    return after


def test_a_plain_answer_calls_back_in_order(client: OpenAI) -> None:
    handler = recorded(client, script("echo"))
    assert handler.calls == [*said("You said: Hello"), ("end",)]
    assert order(handler.events) == f"{BEGUN} {SAID} R.completed"


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("length", said("This sentence is not", "incomplete")),
        ("error-in-mid-stream", said("So far so", "incomplete", "failed")),
        ("http-error", []),
    ],
)
def test_an_answer_that_ends_early_calls_back_like_any_other(client: OpenAI, name: str, calls: list[Call]) -> None:
    assert recorded(client, script(name)).calls == [*calls, ("end",)]


def test_one_call_and_its_answer_call_back_in_order(client: OpenAI) -> None:
    asking = recorded(client, ONE_CALL)
    assert asking.calls == [
        ("step created", "tool_calls", "in_progress"),
        ("call created", *ROME),
        ("step delta", ["call_rome"]),
        ("call done", *ROME),
        ("end",),
    ]
    after = answered(client, asking)
    assert after.calls == [("step done", "tool_calls", "completed"), *said("It is sunny in Rome."), ("end",)]
    assert order(after.events) == f"{ANSWERED} {SAID} R.completed"


def test_parallel_calls_are_each_created_and_done_once(client: OpenAI) -> None:
    asking = recorded(client, TWO_CALLS)
    assert asking.calls == CALLED_BOTH
    assert order(asking.events) == f"{BEGUN} {ASKED}"


def test_text_and_then_calls_call_back_in_order(client: OpenAI) -> None:
    asking = recorded(client, script("tool-calls-parallel"))
    assert asking.calls[:7] == said("Let me look.")
    assert asking.calls[7:] == CALLED_BOTH


def test_chained_calls_go_on_until_there_is_an_answer(client: OpenAI) -> None:
    first = recorded(client, script("tool-calls-chained"))
    second = answered(client, first)
    third = answered(client, second)
    assert [order(handler.events) for handler in (first, second, third)] == [
        f"{BEGUN} {ASKED}",
        f"{ANSWERED} {ASKED}",
        f"{ANSWERED} {SAID} R.completed",
    ]
    assert third.calls[-8:] == [*said("It is sunny in Rome."), ("end",)]


def test_the_gathered_run_messages_and_steps_are_what_a_read_shows(client: OpenAI) -> None:
    asking = recorded(client, script("tool-calls-parallel"))
    waiting = asking.get_final_run()
    assert waiting.status == "requires_action"
    assert [text(message) for message in asking.get_final_messages()] == ["Let me look."]
    after = answered(client, asking)
    run = after.get_final_run()
    threads = client.beta.threads
    assert run.to_dict() == threads.runs.retrieve(run.id, thread_id=run.thread_id).to_dict()
    written = threads.messages.list(run.thread_id, run_id=run.id, order="asc").data
    gathered = asking.get_final_messages() + after.get_final_messages()
    assert [message.to_dict() for message in gathered] == [message.to_dict() for message in written]
    steps = threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    assert [step.type for step in steps] == ["message_creation", "tool_calls", "message_creation"]
    # The helper keeps a step as it was when it began, and only one that began in its own stream (reference 7.2).
    assert [step.id for step in asking.get_final_run_steps() + after.get_final_run_steps()] == [
        step.id for step in steps
    ]


def test_the_text_alone_can_be_iterated(client: OpenAI) -> None:
    thread, assistant = asked(client, "Hello"), player(client, script("long-text"))
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        assert "".join(stream.text_deltas) == "All work and no play. " * 200
        assert stream.get_final_run().status == "completed"


def test_a_refusal_is_gathered_like_an_answer(client: OpenAI) -> None:
    thread, assistant = asked(client, "Hello"), player(client, script("refusal"))
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        (message,) = stream.get_final_messages()
    assert [block.to_dict() for block in message.content] == [
        {"type": "refusal", "refusal": "I cannot help with that."}
    ]


def test_create_and_run_stream_takes_a_handler(client: OpenAI) -> None:
    assistant, handler = player(client, script("echo")), Recorder()
    with client.beta.threads.create_and_run_stream(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "Hello"}]},
        event_handler=handler,
    ) as stream:
        stream.until_done()
    assert handler.calls == [*said("You said: Hello"), ("end",)]
    assert order(handler.events) == f"T.created {BEGUN} {SAID} R.completed"
    run = handler.get_final_run()
    assert texts(client, run.thread_id)[-1] == ("assistant", "completed", "You said: Hello")
