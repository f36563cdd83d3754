"""Whole runs of ``builtin/tools``, played without a server: every call is answered, until the model does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livethread.providers.builtin.tools.turn import Turn
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ImagePart,
    PromptMessage,
    Refusal,
    Request,
    Text,
    TextPart,
    ToolCall,
    ToolCallArguments,
    ToolCallStart,
)

STRING: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}

Call = tuple[str, dict[str, Any]]


def function(
    name: str, description: str = "", properties: Mapping[str, Any] | None = None, required: Sequence[str] | None = None
) -> dict[str, Any]:
    """A function tool; all of its properties are required unless it is said which."""
    properties = dict(properties or {})
    needed = list(properties) if required is None else list(required)
    parameters = {"type": "object", "properties": properties, "required": needed}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


WEATHER = function(
    "get_weather", "The weather in a city now.",
    {"city": {**STRING, "description": "The city."}, "unit": {**STRING, "enum": ["celsius", "fahrenheit"]}}, ["city"],
)  # fmt: skip
TIME = function("get_time", "The time of day somewhere.", {"timezone": STRING})
CONVERT = function(
    "convert_units", "Converts a value from one unit to another.", {"value": NUMBER, "from": STRING, "to": STRING}
)
TOOLBOX = (WEATHER, TIME, CONVERT)


@dataclass
class Played:
    """A run that has ended.

    Args:
        rounds: the calls of each round.
        text: the answer, or its refusal.
        finishes: why each turn ended.
    """

    rounds: list[list[Call]] = field(default_factory=list)
    text: str = ""
    finishes: list[str] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        return [call for calls in self.rounds for call in calls]


def user(said: str, *images: str) -> PromptMessage:
    return PromptMessage("user", (TextPart(said), *map(ImagePart, images)))


def assistant(said: str) -> PromptMessage:
    return PromptMessage("assistant", (TextPart(said),))


def turn(messages: Sequence[PromptMessage], tools: Sequence[Any] = TOOLBOX, **options: Any) -> list[Chunk]:
    """The chunks of one turn."""
    ids = iter(range(1_000))
    request = Request("builtin/tools", None, tuple(messages), tuple(tools), **options)
    played: Iterator[Any] = Turn(request, lambda: f"call_{next(ids)}").play(7, 0)
    return list(played)


def calls_of(chunks: Sequence[Chunk]) -> list[ToolCall]:
    """The calls that a turn makes."""
    begun = {chunk.index: (chunk.id, chunk.name) for chunk in chunks if isinstance(chunk, ToolCallStart)}
    pieces = [chunk for chunk in chunks if isinstance(chunk, ToolCallArguments)]
    return [
        ToolCall(id, name, "".join(piece.text for piece in pieces if piece.index == index))
        for index, (id, name) in begun.items()
    ]


def run(
    *said: str | PromptMessage,
    tools: Sequence[Any] = TOOLBOX,
    outputs: Callable[[str, dict[str, Any]], str] = lambda name, arguments: "fine",
    most_rounds: int = 40,
    **options: Any,
) -> Played:
    """Play a run to its end; as in the engine, a forced choice is for the first turn only."""
    messages = [one if isinstance(one, PromptMessage) else user(one) for one in said]
    played = Played()
    while len(played.rounds) < most_rounds:
        chunks = turn(messages, tools, **options)
        calls = calls_of(chunks)
        played.finishes += [chunk.reason for chunk in chunks if isinstance(chunk, Finish)]
        if not calls:
            played.text = "".join(chunk.text for chunk in chunks if isinstance(chunk, Text | Refusal))
            return played
        played.rounds.append([(call.name, json.loads(call.arguments)) for call in calls])
        renamed = [ToolCall(f"{call.id}_{len(played.rounds)}", call.name, call.arguments) for call in calls]
        messages.append(PromptMessage("assistant", (), tuple(renamed)))
        for call in renamed:
            output = TextPart(outputs(call.name, json.loads(call.arguments)))
            messages.append(PromptMessage("tool", (output,), tool_call_id=call.id))
        if options.get("tool_choice") not in (None, "none"):
            options["tool_choice"] = "auto"
    raise AssertionError(f"the run does not end: {played.rounds}")
