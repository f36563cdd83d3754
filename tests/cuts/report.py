"""What a program of cuts did, and what was wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """Counts, and complaints.

    Args:
        seed: makes the same choices again, but for the moments the machine chooses.
        cuts: connections cut while there was more to come.
        in_text: those of them whose viewer held part of a text that still grew.
        viewers: how many there were, in all rounds together.
        runs: how many runs there were.
        did: everything else that is counted, by what it is called in the printed line.
        wrong: what could not be true; empty when all is well.
    """

    seed: int
    cuts: int = 0
    in_text: int = 0
    viewers: int = 0
    runs: int = 0
    did: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        did = ", ".join(f"{count} {what}" for what, count in sorted(self.did.items()))
        return (
            f"seed {self.seed}: {self.cuts} cuts ({self.in_text} in mid text), {self.viewers} viewers, "
            f"{self.runs} runs; {did}; {len(self.wrong)} wrong"
        )
