"""A thread in words, as a terminal shows it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from livethread.client import State
from livethread.domain.fold import Object

ACTIVE: Final = frozenset(["queued", "in_progress", "cancelling"])
"""A run in one of these goes on by itself."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> str:
    """The text without what would steer a terminal; the beginning of a text stays the beginning."""
    return _CONTROLS.sub("�", text.replace("\r", ""))


def text_of(message: Object) -> str:
    """What a message says, its blocks one per line."""
    return "\n".join(clean(_block(block)) for block in message["content"])


def speaker(message: Object, names: Mapping[str, str]) -> str:
    """Who wrote a message.

    Args:
        message: of the API.
        names: of assistants, by their ids.
    """
    if message["assistant_id"] is not None:
        return clean(names.get(message["assistant_id"], message["assistant_id"]))
    return clean(str((message["metadata"] or {}).get("name") or message["role"])).replace("\n", " ")


def has_ended(message: Object) -> bool:
    """Whether its text grows no more."""
    return bool(message["status"] != "in_progress")


def ending(message: Object) -> str:
    """What is to be said behind a text that was cut off."""
    if message["status"] != "incomplete":
        return ""
    reason = (message["incomplete_details"] or {}).get("reason", "")
    return " [stopped]" if reason == "run_cancelled" else f" [cut off: {reason}]"


def troubles(state: State, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What its messages do not say of the runs: a key that stays the same, and a sentence; oldest first."""
    spoken = {message["run_id"] for message in state.messages}
    for run in reversed(state.runs):
        name = clean(names.get(run["assistant_id"], run["assistant_id"]))
        match run["status"]:
            case "failed":
                why = clean((run["last_error"] or {}).get("message", "nobody knows why"))
                yield run["id"], f"{name} has failed: {why}"
            case "expired":
                yield run["id"], f"{name} has run out of time."
            case "cancelled" if run["id"] not in spoken:
                yield run["id"], f"{name} was stopped before it said anything."
            case "requires_action":
                calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
                asked = ", ".join(
                    clean(f"{call['function']['name']}({call['function']['arguments']})") for call in calls
                )
                yield f"{run['id']} {calls[0]['id']}", f"{name} waits for somebody to answer {asked}."


def _block(block: Object) -> str:
    match block["type"]:
        case "text":
            return str(block["text"]["value"])
        case "refusal":
            return str(block["refusal"])
        case other:
            return f"[{other}]"
