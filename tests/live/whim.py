"""A pace without reason: text is joined, or it is not, for as long as the dice say."""

from __future__ import annotations

import random
from typing import Final

from livethread.live.pace import Pace

WINDOWS: Final = (0.0, 0.01, 0.02)
"""Seconds."""


class Whim(Pace):
    """Of a loop that is behind, or is not, as the dice fall.

    Args:
        seed: of the dice.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = random.Random(seed)

    def note(self, late: float, now: float) -> None:
        """Whatever it is told."""
        self.window = self._dice.choice(WINDOWS)
