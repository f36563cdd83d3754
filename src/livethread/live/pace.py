"""How long pieces of text are joined before they go out: not at all, unless the loop is measurably behind (rule 9)."""

from __future__ import annotations

from typing import Final

BEHIND: Final = 0.005
"""Seconds that the loop may be late before it counts as behind."""

WINDOWS: Final = (0.0, 0.033, 0.05, 0.066)
"""Seconds in which pieces are joined, growing while the loop is behind; a third of 100 ms is left for all else."""

QUIET: Final = 1.0
"""Seconds without being late after which nothing is joined any more: an idle system waits for no timer."""


class Pace:
    """One for all drafts of a process, since they share its loop."""

    __slots__ = ("_changed", "_late", "_step", "window")

    def __init__(self) -> None:
        self._step = 0
        self._changed = self._late = float("-inf")
        self.window = WINDOWS[0]
        """Seconds from one piece of a draft to the next."""

    def note(self, late: float, now: float) -> None:
        """The loop came to something too late; a window is given its time before it is judged.

        Args:
            late: by how many seconds.
            now: seconds on the loop's clock.
        """
        if late > BEHIND:
            self._late = now
            if now - self._changed >= self.window:
                self._go(min(self._step + 1, len(WINDOWS) - 1), now)
        elif self._step and (on_time := now - max(self._late, self._changed)) >= 2 * self.window:
            self._go(self._step - 1 if on_time < QUIET else 0, now)

    def _go(self, step: int, now: float) -> None:
        self._step, self._changed, self.window = step, now, WINDOWS[step]
