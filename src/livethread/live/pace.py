"""How long pieces of text are joined before they go out: not at all, unless the loop is measurably behind (rule 9)."""

from __future__ import annotations

from typing import Final

BEHIND: Final = 0.005
"""Seconds between asking for a turn of the loop and having it, after which the loop counts as behind."""

WINDOWS: Final = (0.0, 0.033, 0.05, 0.1)
"""Seconds in which pieces are joined, growing while the loop is behind."""


class Pace:
    """One for all hubs of a process, since they share its loop."""

    __slots__ = ("_step", "window")

    def __init__(self) -> None:
        self._step = 0
        self.window = WINDOWS[0]
        """Seconds from one sweep of a hub to the next, if only text grows."""

    def note(self, late: float) -> None:
        """The loop came to something so many seconds after it was asked to."""
        if late > BEHIND:
            self._step = min(self._step + 1, len(WINDOWS) - 1)
        elif self._step:
            self._step -= 1
        else:
            return
        self.window = WINDOWS[self._step]
