"""What runs say in a cut test: text that is hard on encoders, in scenarios that are hard on streams."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALPHABETS = [
    "abcdefghij klmnop qrst uvwxyz ",
    "漢字かな交じり文と한국어 ",
    "😀🦊👩‍👩‍👧‍👦🏳️‍🌈 ",
    "e\u0301o\u0308n\u0303 ",
    "\r\n \r \n",
    "\0\x01\x1f\x7f\u2028",
    '"\\{}[]:,~',
]
FUNCTIONS = ["look", "listen"]
TOOLS = [{"type": "function", "function": {"name": name}} for name in FUNCTIONS]


def text(dice: random.Random, pieces: int) -> list[str]:
    """Pieces of text that are hard on encoders."""
    return ["".join(dice.choices(dice.choice(ALPHABETS), k=dice.randint(1, 9))) for _ in range(pieces)]


def write_script(scripts: Path, scenario: dict[str, Any]) -> dict[str, str]:
    """Put a scenario where the server finds it; what a run's metadata says to have it played.

    In the instructions it would make every event of the run so large that few cuts fell into text.
    """
    scripts.mkdir(exist_ok=True)
    name = f"{len(list(scripts.iterdir()))}.json"
    (scripts / name).write_text(json.dumps(scenario))
    return {"script": name}


@dataclass(frozen=True)
class Scenario:
    """What a run plays, and so what it says.

    Args:
        turns: of ``builtin/script``.
    """

    turns: list[list[dict[str, Any]]]

    @property
    def texts(self) -> list[str]:
        """The texts of its messages, in order, if nobody stops it."""
        spoken = ["".join("".join(step["pieces"]) for step in turn if "pieces" in step) for turn in self.turns]
        return [said for said in spoken if said]


def speech(dice: random.Random, pieces: int) -> Scenario:
    """A text and nothing else."""
    return Scenario([[_said(dice, pieces)]])


def rounds_of_tools(dice: random.Random, pieces: int) -> Scenario:
    """Text, calls, text again: as often as the dice say."""
    turns = []
    for _ in range(dice.randint(1, 2)):
        calls = {"tool_calls": [{"name": dice.choice(FUNCTIONS)} for _ in range(dice.randint(1, 3))]}
        turns.append([_said(dice, pieces // 3), calls] if dice.random() < 0.7 else [calls])
    return Scenario([*turns, [_said(dice, pieces // 2)]])


def failure(dice: random.Random, pieces: int) -> Scenario:
    """A text that breaks off."""
    fault: dict[str, Any] = dice.choice([{"cut": True}, {"error": {"message": "overloaded"}}])
    return Scenario([[_said(dice, pieces // 2), fault]])


def endless(dice: random.Random, pieces: int) -> Scenario:
    """A text behind which nothing comes until somebody stops it."""
    return Scenario([[_said(dice, pieces // 2), {"stall_ms": "forever"}]])


def _said(dice: random.Random, pieces: int) -> dict[str, Any]:
    return {"pieces": text(dice, max(1, pieces)), "delay_ms": dice.choice([0, 3, 5, 8])}
