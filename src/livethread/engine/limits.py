"""How far a run goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server allows each of its runs.

    Args:
        retries: further attempts of a model turn that failed before anything of it was shown.
        retry_seconds: the most that is waited between the attempts of a turn, in all.
        max_rounds: rounds of tool calls of one run; a model that asks for one more has failed.
    """

    retries: int = 3
    retry_seconds: float = 60.0
    max_rounds: int = 64
