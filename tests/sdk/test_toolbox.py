"""The assistant Toolbox and ``builtin/tools`` through the official Python SDK: tool loops without a key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from openai import AssistantEventHandler, OpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run
from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput

from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, broken_rules, order
from tests.sdk.scenes import POLL_MS, asked, polled, texts

QUESTION = "What is the weather in Rome and Paris, and then convert 20 celsius to fahrenheit?"
HONEST = "(Built-in demo model, not a language model: I call your functions with what I find in the message.)"
ANSWER = f"""Your functions say:

- `get_weather` with city "Rome": {{"sky": "clear", "celsius": 20}}
- `get_weather` with city "Paris": {{"sky": "clear", "celsius": 20}}
- `convert_units` with value 20, from "celsius", to "fahrenheit": 68

{HONEST}"""
ROUNDS = [
    [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Paris"})],
    [("convert_units", {"value": 20, "from": "celsius", "to": "fahrenheit"})],
]

Call = tuple[str, dict[str, Any]]

FUNCTIONS: dict[str, Callable[..., str]] = {
    "get_weather": lambda city: json.dumps({"sky": "clear", "celsius": 20}),
    "convert_units": lambda **given: str(round(given["value"] * 9 / 5 + 32)),
    "get_time": lambda timezone: "noon",
    "book_table": lambda **given: "booked",
}


def toolbox(client: OpenAI) -> str:
    """The id of the Toolbox that a new server has."""
    (id,) = [assistant.id for assistant in client.beta.assistants.list() if assistant.name == "Toolbox"]
    return id


def called(run: Run) -> tuple[list[Call], list[ToolOutput]]:
    """What a run waits for, and the outputs of the functions for it."""
    assert run.required_action is not None
    calls: list[Call] = []
    outputs: list[ToolOutput] = []
    for call in run.required_action.submit_tool_outputs.tool_calls:
        arguments = json.loads(call.function.arguments)
        calls.append((call.function.name, arguments))
        outputs.append({"tool_call_id": call.id, "output": FUNCTIONS[call.function.name](**arguments)})
    return calls, outputs


def test_a_new_server_has_a_toolbox_with_functions(client: OpenAI) -> None:
    assistant = client.beta.assistants.retrieve(toolbox(client))
    assert assistant.model == "builtin/tools"
    assert "Not a language model" in (assistant.description or "")
    assert [tool.function.name for tool in assistant.tools if tool.type == "function"] == [
        "get_weather",
        "get_time",
        "convert_units",
    ]


def test_parallel_calls_and_then_a_chained_one_are_polled(client: OpenAI) -> None:
    thread = asked(client, QUESTION)
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=toolbox(client), poll_interval_ms=POLL_MS
    )
    rounds = []
    while run.status == "requires_action":
        calls, outputs = called(run)
        rounds.append(calls)
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs, poll_interval_ms=POLL_MS
        )
    assert rounds == ROUNDS
    assert run.status == "completed"
    assert texts(client, thread.id)[-1] == ("assistant", "completed", ANSWER)
    assert run.usage is not None
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert [(step.type, step.status) for step in steps] == [
        ("message_creation", "completed"),
        ("tool_calls", "completed"),
        ("tool_calls", "completed"),
    ]
    assert run.usage.completion_tokens == sum(step.usage.completion_tokens for step in steps if step.usage)


def test_parallel_calls_and_then_a_chained_one_are_streamed(client: OpenAI) -> None:
    thread = asked(client, QUESTION)
    rounds: list[list[Call]] = []
    streams: list[list[AssistantStreamEvent]] = []
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=toolbox(client)) as stream:
        streams.append(list(stream))
        run = stream.current_run
    while run is not None and run.status == "requires_action":
        calls, outputs = called(run)
        rounds.append(calls)
        with client.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs
        ) as stream:
            streams.append(list(stream))
            run = stream.current_run
    assert rounds == ROUNDS
    assert [order(events) for events in streams] == [
        f"{BEGUN} {ASKED}",
        f"{ANSWERED} {ASKED}",
        f"{ANSWERED} {SAID} R.completed",
    ]
    assert [broken_rules(events) for events in streams] == [[], [], []]
    assert texts(client, thread.id)[-1] == ("assistant", "completed", ANSWER)


def test_an_event_handler_that_submits_inside_itself_goes_all_rounds(client: OpenAI) -> None:
    said: list[str] = []

    class Handler(AssistantEventHandler):
        def on_event(self, event: AssistantStreamEvent) -> None:
            if event.event == "thread.run.requires_action":
                with client.beta.threads.runs.submit_tool_outputs_stream(
                    run_id=event.data.id,
                    thread_id=event.data.thread_id,
                    tool_outputs=called(event.data)[1],
                    event_handler=Handler(),
                ) as stream:
                    stream.until_done()

        def on_text_done(self, text: Any) -> None:
            said.append(text.value)

    thread = asked(client, QUESTION)
    with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=toolbox(client), event_handler=Handler()
    ) as stream:
        stream.until_done()
    assert said == [ANSWER]


def test_a_function_of_the_user_s_own_is_called_with_what_the_message_says(client: OpenAI) -> None:
    tools: Any = [
        {
            "type": "function",
            "function": {
                "name": "book_table",
                "description": "Books a table in a restaurant.",
                "strict": True,
                "parameters": {
                    "type": "object",
                    "properties": {
                        "restaurant": {"type": "string"},
                        "people": {"$ref": "#/$defs/People"},
                        "date": {"type": "string", "format": "date"},
                        "outside": {"type": "boolean"},
                        "guests": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
                    },
                    "required": ["restaurant", "people", "date", "outside", "guests"],
                    "additionalProperties": False,
                    "$defs": {"People": {"type": "integer", "minimum": 1, "maximum": 12}},
                },
            },
        }
    ]
    thread = asked(client, "Book a table for 4 people at Da Enzo on 2026-12-24, outside, with guests Ada and Grace.")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=toolbox(client), tools=tools, poll_interval_ms=POLL_MS
    )
    calls, outputs = called(run)
    arguments = {
        "restaurant": "Da Enzo",
        "people": 4,
        "date": "2026-12-24",
        "outside": True,
        "guests": ["Ada", "Grace"],
    }
    assert calls == [("book_table", arguments)]
    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    assert polled(client, run).status == "completed"
    assert texts(client, thread.id)[-1][2].startswith(
        'Your functions say:\n\n- `book_table` with restaurant "Da Enzo",'
    )


def test_what_is_missing_is_asked_for(client: OpenAI) -> None:
    thread = asked(client, "What is the weather?")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=toolbox(client), poll_interval_ms=POLL_MS
    )
    assert run.status == "completed"
    assert texts(client, thread.id)[-1][2].startswith("To call `get_weather` I need `city` (The city, such as Rome).")


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        (
            {"tool_choice": {"type": "function", "function": {"name": "get_time"}}},
            [("get_time", {"timezone": "Rome"}), ("get_time", {"timezone": "Paris"})],
        ),
        ({"parallel_tool_calls": False}, [("get_weather", {"city": "Rome"})]),
        ({"tool_choice": "required"}, [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Paris"})]),
    ],
)
def test_the_options_of_a_run_decide_what_is_called(client: OpenAI, options: Any, calls: list[Call]) -> None:
    thread = asked(client, "The weather in Rome and Paris")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=toolbox(client), poll_interval_ms=POLL_MS, **options
    )
    assert called(run)[0] == calls
    client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
    assert polled(client, run).status == "cancelled"


def test_an_answer_that_is_too_long_ends_incomplete(client: OpenAI) -> None:
    thread = asked(client, "Hello")
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=toolbox(client), max_completion_tokens=5, poll_interval_ms=POLL_MS
    )
    assert run.status == "incomplete"
    assert run.incomplete_details is not None
    assert run.incomplete_details.reason == "max_completion_tokens"
    assert texts(client, thread.id)[-1] == ("assistant", "incomplete", "None of your functions fits")
    assert run.usage is not None
    assert run.usage.completion_tokens == 5


def test_without_functions_it_shows_a_snippet_that_runs(client: OpenAI, url: str) -> None:
    assistant = client.beta.assistants.create(model="builtin/tools")
    thread = asked(client, "What is the weather in Rome?")
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=POLL_MS)
    (snippet,) = re.findall(r"```python\n(.*?)```", texts(client, thread.id)[-1][2], re.DOTALL)
    code = snippet.replace("http://127.0.0.1:8000", url)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == 'get_weather {"city": "Rome"}\nget_weather {"city": "Paris"}\n', done.stderr
