"""The orders of events on the wire, in the notation of reference section 5.5.

R is a run, S a run step, M a message, T the thread. ``M.delta…`` stands for one delta or more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openai.types.beta import AssistantStreamEvent

_LETTERS: Final = {"thread.run.step.": "S.", "thread.run.": "R.", "thread.message.": "M.", "thread.": "T."}

BEGUN: Final = "R.created R.queued R.in_progress"
SPEAKING: Final = "S.created S.in_progress M.created M.in_progress M.delta…"
SAID: Final = f"{SPEAKING} M.completed S.completed"
ASKED: Final = "S.created S.in_progress S.delta R.requires_action"
ANSWERED: Final = "S.completed R.queued R.in_progress"


def order_of(types: Iterable[str]) -> str:
    """The order of some event types."""
    words: list[str] = []
    for type in types:
        prefix = next((prefix for prefix in _LETTERS if type.startswith(prefix)), "")
        word = _LETTERS.get(prefix, "") + type.removeprefix(prefix)
        word = "M.delta…" if word == "M.delta" else word
        if word != "M.delta…" or words[-1:] != [word]:
            words.append(word)
    return " ".join(words)


def order(events: Iterable[AssistantStreamEvent]) -> str:
    """The order of the events of an SDK's raw stream, which keeps ``done`` to itself."""
    return order_of(event.event for event in events)


def broken_rules(events: Iterable[AssistantStreamEvent]) -> list[str]:
    """What a stream says about objects that cannot be true (reference section 6, rules 1, 2 and 4)."""
    broken: list[str] = []
    messages: dict[str, list[str]] = {}
    steps: dict[str, list[str]] = {}
    streamed: list[dict[str, object]] = []
    for event in events:
        match event.event:
            case "thread.message.created":
                messages[event.data.id] = []
            case "thread.run.step.created":
                steps[event.data.id] = []
            case "thread.message.delta":
                if event.data.id not in messages:
                    broken.append(f"a delta before its message: {event.data.id}")
                for block in event.data.delta.content or []:
                    if block.type == "text" and block.text is not None:
                        messages[event.data.id].append(block.text.value or "")
                    elif block.type == "refusal":
                        messages[event.data.id].append(block.refusal or "")
            case "thread.run.step.delta":
                if event.data.id not in steps:
                    broken.append(f"a delta before its step: {event.data.id}")
                details = event.data.to_dict()["delta"]
                assert isinstance(details, dict)
                streamed += details["step_details"]["tool_calls"]
            case "thread.message.completed" | "thread.message.incomplete":
                told = "".join(
                    content.text.value if content.type == "text" else content.refusal
                    for content in event.data.content
                    if content.type in ("text", "refusal")
                )
                if told != "".join(messages[event.data.id]):
                    broken.append(f"other text than was streamed: {told!r}")
            case "thread.run.requires_action":
                assert event.data.required_action is not None
                required = [
                    (call.id, call.function.name, call.function.arguments)
                    for call in event.data.required_action.submit_tool_outputs.tool_calls
                ]
                calls = []
                for call in sorted(streamed, key=lambda call: int(str(call["index"]))):
                    function = call["function"]
                    assert isinstance(function, dict)
                    calls.append((call["id"], function["name"], function["arguments"]))
                if required != calls:
                    broken.append(f"asks for {required}, but streamed {calls}")
            case _:
                pass
    return broken
