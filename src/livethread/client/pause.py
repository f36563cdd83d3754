"""How long to wait before the next attempt; pure."""

from __future__ import annotations

import random
from typing import Final

FIRST: Final = 0.25
"""Seconds before the second attempt, at most."""

LONGEST: Final = 30.0
"""Seconds between attempts, at most, unless the server asks for more."""

MOST_ASKED: Final = 300.0
"""Seconds that a server is believed when it asks for time."""


class Pause:
    """Twice as long after each attempt that brought nothing, and never the same for two clients.

    A server that comes back is otherwise met by everybody in the same moment.

    Args:
        dice: where chance comes from.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._longest = FIRST

    def worked(self) -> None:
        """An attempt has brought something: begin with short pauses again."""
        self._longest = FIRST

    def next(self, asked: float | None = None) -> float:
        """Seconds to wait now.

        Args:
            asked: what the server asks for, in seconds.
        """
        longest, self._longest = self._longest, min(2 * self._longest, LONGEST)
        seconds = self._dice.uniform(longest / 2, longest)
        if asked is None:
            return seconds
        return max(seconds, min(asked, MOST_ASKED) * self._dice.uniform(1, 1.25))
