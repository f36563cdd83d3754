"""The assistants that a new server has, so that somebody answers before any model is connected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class FirstAssistant:
    """What to create an assistant from; the fields are those of the API."""

    name: str
    description: str
    model: str
    instructions: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)
    metadata: Mapping[str, str] = field(default_factory=lambda: {"built_in": "demo, not a language model"})


def first_assistants() -> tuple[FirstAssistant, ...]:
    """The assistants made at first start, in the order in which they are made."""
    folder = resources.files("livethread.providers.builtin")
    return (
        FirstAssistant(
            name="Guide",
            description="Answers questions about Livethread from its documentation. Not a language model.",
            model="builtin/guide",
        ),
        FirstAssistant(
            name="Toolbox",
            description="Calls functions with what it finds in your message; you give back what they return. "
            "Not a language model.",
            model="builtin/tools",
            tools=json.loads((folder / "toolbox.json").read_text(encoding="utf-8")),
        ),
        FirstAssistant(
            name="Latency lab",
            description="Plays a long answer, a slow one, an error or a rate limit on request. Not a language model.",
            model="builtin/script",
            instructions=(folder / "latency_lab.yaml").read_text(encoding="utf-8"),
        ),
    )
