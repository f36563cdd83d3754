"""The attempts of one model turn: whether it is asked again, and when. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from livethread.engine.limits import Limits
from livethread.providers.chunks import ProviderError

_FIRST: Final = 0.5
_LONGEST: Final = 8.0


class Attempts:
    """Counts the attempts of a turn of which nothing was shown yet.

    Args:
        limits: how often, and how many seconds in all.
        jitter: draws from 0 to 1.
    """

    def __init__(self, limits: Limits, jitter: Callable[[], float]) -> None:
        self._limits = limits
        self._jitter = jitter
        self._left = limits.retry_seconds
        self.count = 1
        """How often the model was asked."""

    def pause_after(self, error: ProviderError) -> float | None:
        """Seconds to wait before the turn is asked again, or None if it has failed.

        An upstream's own hint is never undercut; one that is longer than what is left of the budget
        ends the turn at once, since waiting for less would only be refused again.
        """
        if not error.retryable or self.count > self._limits.retries:
            return None
        if error.retry_after is None:
            pause = min(_LONGEST, _FIRST * (1 << (self.count - 1))) * (1 - self._jitter() / 4)
        else:
            pause = error.retry_after + self._jitter() * _FIRST
        if pause > self._left:
            return None
        self._left -= pause
        self.count += 1
        return pause
