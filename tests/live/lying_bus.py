"""A bus that lies: it loses, repeats and reorders hints; it never makes any up."""

from __future__ import annotations

import random

from livethread.live.bus import Hint, LocalBus


class LyingBus(LocalBus):
    """Carries hints badly.

    Args:
        seed: what happens to which hint.
    """

    lossy = True

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = random.Random(seed)
        self._late: list[Hint] = []

    def publish(self, hint: Hint) -> None:
        """Tell those who follow the thread, perhaps, or later, or more than once, or in parts."""
        self._late.append(Hint(hint.thread_id, tuple(event for event in hint.events if self._dice.random() < 0.8)))
        if self._dice.random() < 0.5:
            self._dice.shuffle(self._late)
            for late in tuple(self._late):
                if self._dice.random() < 0.5:
                    super().publish(late)
                if self._dice.random() < 0.5:
                    self._late.remove(late)
