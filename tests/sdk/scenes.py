"""What the SDK tests begin with: scenarios for ``builtin/script``, and an assistant and a thread to play them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openai import OpenAI
from openai.types.beta import Assistant, Thread
from openai.types.beta.threads import Message, Run, RunStatus
from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput

SCRIPTS = Path(__file__).parents[2] / "spec" / "scripts"

ONE_CALL = """
turns:
  - - tool_calls: [{name: get_weather, id: call_rome, arguments: {city: Rome}}]
  - - text: "It is sunny in Rome."
"""
TWO_CALLS = """
turns:
  - - tool_calls:
        - {name: get_weather, id: call_rome, arguments: {city: Rome}}
        - {name: get_weather, id: call_oslo, arguments: {city: Oslo}}
  - - text: "Both are sunny."
"""
THREE_ROUNDS = """
turns:
  - - tool_calls:
        - {name: find_hotel, id: call_hotel, arguments: {city: Rome}}
        - {name: find_train, id: call_train, arguments: {city: Rome}}
    - usage: {prompt: 100, completion: 20, cached: 64, reasoning: 8}
  - - tool_calls: [{name: get_price, id: call_price, arguments: {hotel: Aurora}}]
    - usage: {prompt: 130, completion: 10, cached: 96}
  - - {text: "The Aurora is free, and a train goes at nine; I am booking both for you now.", delay_ms: 4, repeat: 3}
    - tool_calls: [{name: book, id: call_book, arguments: {hotel: Aurora, train: 9}}]
    - usage: {prompt: 150, completion: 40, reasoning: 2}
  - - {text: "Done, ‘Aurora’ 🏨 from Friday to Sunday and the train 🚄 at nine.", delay_ms: 4, repeat: 3}
    - usage: {prompt: 200, completion: 30}
"""
"""Two calls at once, one that needs their outputs, one behind a sentence, the answer."""
SILENCE = """
turns:
  - - stall_ms: forever
"""
PAUSE = """
turns:
  - - text: "Before the pause"
    - stall_ms: 150
    - text: " and behind it."
"""

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {}}}
    for name in ("get_weather", "find_city", "find_hotel", "find_train", "get_price", "book")
]
"""Every function that these scenarios call; a run may call no other."""

POLL_MS = 20
"""How often the tests ask; without it the SDKs do what ``openai-poll-after-ms`` says."""


def script(name: str) -> str:
    """One of the scenarios that document the format."""
    return (SCRIPTS / f"{name}.yaml").read_text(encoding="utf-8")


def player(client: OpenAI, scenario: str, **fields: Any) -> Assistant:
    """An assistant that plays a scenario."""
    return client.beta.assistants.create(model="builtin/script", instructions=scenario, **{"tools": TOOLS, **fields})


def asked(client: OpenAI, *questions: str, **fields: Any) -> Thread:
    """A thread that begins with these messages."""
    return client.beta.threads.create(
        messages=[{"role": "user", "content": question} for question in questions or ("Hello",)], **fields
    )


def started(client: OpenAI, scenario: str, **fields: Any) -> Run:
    """A run of a scenario in a thread of its own."""
    thread, assistant = asked(client), player(client, scenario)
    run: Run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, **fields)
    return run


def until(client: OpenAI, run: Run, *statuses: RunStatus) -> Run:
    """The run once it has one of these statuses, as a caller finds out: by asking."""
    while run.status not in statuses:
        assert run.status not in ("completed", "failed", "cancelled", "expired", "incomplete"), run.status
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return run


def polled(client: OpenAI, run: Run) -> Run:
    """The run when it has ended or waits for its caller."""
    return client.beta.threads.runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=POLL_MS)


def outputs(run: Run) -> list[ToolOutput]:
    """An output for each call that a run waits for."""
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": f"sunny for {call.id}"} for call in calls]


def text(message: Message) -> str:
    """What a message says."""
    return "".join(block.text.value for block in message.content if block.type == "text")


def texts(client: OpenAI, thread_id: str) -> list[tuple[str, str, str]]:
    """Every message of a thread, oldest first: role, status, text."""
    listed = client.beta.threads.messages.list(thread_id, order="asc")
    return [(message.role, message.status, text(message)) for message in listed]
