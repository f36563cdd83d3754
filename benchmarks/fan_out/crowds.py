"""Who looks on."""

from __future__ import annotations

from typing import Final, NamedTuple


class Crowd(NamedTuple):
    """Viewers.

    Args:
        topics: how many threads, or what a peer has instead.
        viewers: of each.
    """

    topics: int
    viewers: int

    def __str__(self) -> str:
        return f"{self.viewers:,} viewers" if self.topics == 1 else f"{self.topics:,} × {self.viewers} viewers"


CROWDS: Final = (Crowd(1, 10), Crowd(1, 100), Crowd(1, 1000), Crowd(1, 5000), Crowd(200, 5))
MANY: Final = Crowd(1000, 5)
PACE: Final = 60
"""Events a second in each of many threads."""

IDLE_VIEWERS: Final = 1000
