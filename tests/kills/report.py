"""What a program of kills did, and what was wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """Counts, and complaints.

    Args:
        seed: makes the same choices again, but for the moments the machine chooses.
        kills: by the kind of round that they fell into.
        did: everything else that is counted, by what it is called in the printed line.
        wrong: what could not be true; empty when all is well.
    """

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        did = ", ".join(f"{count} {what}" for what, count in sorted(self.did.items()))
        return f"seed {self.seed}: {self.kills.total()} kills ({kills}); {did}; {len(self.wrong)} wrong"
