"""What every scene of the matrix stands on, whichever version of the SDK plays it.

A scene is written once for both clients: the calls are the same, only the waiting differs, which `got`, `each` and
`within` hide. It returns what it saw as plain values. Nothing here may need more than Python and the SDK.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import openai

Client = Any
"""An OpenAI or an AsyncOpenAI."""

Scene = Callable[[Client], Awaitable[Any]]

SCENES: dict[str, Scene] = {}

POLL_MS = 20

TOOLS = [
    {"type": "function", "function": {"name": name}}
    for name in ("get_weather", "find_city", "find_hotel", "find_train", "get_price", "book")
]
ECHO = 'turns: [[text: "You said: {{message}}"]]'
SILENCE = "turns: [[stall_ms: forever]]"
STALL = "turns: [[text: Wait, stall_ms: forever]]"
LONG = 'turns: [[{text: "All work and no play. ", repeat: 200}]]'
REFUSAL = "turns: [[refusal: I cannot help with that.]]"
LENGTH = "turns: [[text: This sentence is not, finish: length]]"
FILTERED = "turns: [[text: The recipe is, finish: content_filter]]"
OVERLOADED = "turns: [[text: So far so, error: {code: overloaded_error, message: Too much.}]]"
LIMITED = "turns: [[error: {status: 429, message: Too many requests., retry_after: 120}]]"
ONE_CALL = """
turns:
  - - tool_calls: [{name: get_weather, id: call_rome, arguments: {city: Rome}}]
  - - text: "It is sunny in Rome."
"""
PARALLEL = """
turns:
  - - text: "Let me look."
    - tool_calls:
        - {name: get_weather, id: call_rome, arguments: {city: Rome}, piece_length: 6}
        - {name: get_weather, id: call_oslo, arguments: {city: Oslo}, piece_length: 6}
      interleaved: true
    - usage: {prompt: 100, completion: 20, cached: 64, reasoning: 8}
  - - text: "Both are sunny 🌞."
    - usage: {prompt: 200, completion: 30}
"""
CHAINED = """
turns:
  - - tool_calls: [{name: find_city, id: call_find, arguments: {country: Italy}}]
  - - tool_calls: [{name: get_weather, id: call_weather, arguments: {city: Rome}}]
  - - text: "It is sunny in Rome."
"""


def scene(play: Scene) -> Scene:
    """Makes a function a scene of its own name."""
    SCENES[getattr(play, "__name__", "")] = play
    return play


async def got(answer: Any) -> Any:
    """What a call answers."""
    return await answer if inspect.isawaitable(answer) else answer


async def each(answers: Any) -> AsyncIterator[Any]:
    """The items of a list, which pages by itself, or of a stream."""
    if hasattr(answers, "__aiter__"):
        async for answer in answers:
            yield answer
    else:
        for answer in answers:
            yield answer


@asynccontextmanager
async def within(manager: Any) -> AsyncIterator[Any]:
    """A block that the SDK ends."""
    if hasattr(manager, "__aenter__"):
        async with manager as entered:
            yield entered
    else:
        with manager as entered:
            yield entered


def told(record: Any) -> Any:
    """An object of the SDK as it came over the wire."""
    return record.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


async def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """How a call is refused: the class of the error, and what it carries."""
    try:
        return told(await got(call(*args, **kwargs)))
    except openai.APIError as error:
        raised = error
    if not isinstance(raised, openai.APIStatusError):
        return [type(raised).__name__]
    body: Any = raised.body
    assert raised.request_id is not None
    assert raised.request_id.startswith("req_")
    assert raised.type == "invalid_request_error"
    assert body["message"] in raised.message
    return [type(raised).__name__, raised.status_code, body["message"], raised.param, raised.code]


async def player(client: Client, script: str, **fields: Any) -> str:
    """The id of an assistant that plays a script."""
    made = client.beta.assistants.create(model="builtin/script", instructions=script, **{"tools": TOOLS, **fields})
    return str((await got(made)).id)


async def asked(client: Client, *questions: str, **fields: Any) -> str:
    """The id of a thread that begins with these questions."""
    messages = [{"role": "user", "content": question} for question in questions or ("Hello",)]
    return str((await got(client.beta.threads.create(messages=messages, **fields))).id)


async def started(client: Client, script: str, **fields: Any) -> Any:
    """A run of a script in a thread of its own."""
    thread, assistant = await asked(client), await player(client, script)
    return await got(client.beta.threads.runs.create(thread, assistant_id=assistant, **fields))


async def polled(client: Client, run: Any) -> Any:
    """The run when it has ended or waits for its caller."""
    return await got(client.beta.threads.runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=POLL_MS))


async def until(client: Client, run: Any, status: str) -> Any:
    """The run once it has this status."""
    while run.status != status:
        assert run.status not in ("completed", "failed", "cancelled", "expired", "incomplete"), run.status
        run = await got(client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id))
    return run


def calls(run: Any) -> list[Any]:
    """The calls that a run waits for: id, name, arguments."""
    asked_for = run.required_action.submit_tool_outputs.tool_calls
    return [[call.id, call.function.name, call.function.arguments] for call in asked_for]


def outputs(run: Any) -> list[Any]:
    """An output for each of them."""
    return [{"tool_call_id": id, "output": f"sunny for {id}"} for id, _, _ in calls(run)]


def text(message: Any) -> str:
    """What a message says."""
    return "".join(block.text.value if block.type == "text" else block.refusal for block in message.content)


async def texts(client: Client, thread: str) -> list[Any]:
    """Every message of a thread, oldest first: role, status, text."""
    listed = client.beta.threads.messages.list(thread, order="asc")
    return [[message.role, message.status, text(message)] async for message in each(listed)]
