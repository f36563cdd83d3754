"""Places: how many may look on, at one thread and at all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from livethread.errors import ApiError

COME_BACK: Final = 15
"""Seconds after which it is worth asking again."""


class NoPlace(ApiError):
    """Too many look on; those who do are not disturbed."""

    status = 503
    type = "server_error"


class Places:
    """Counts those who look on. Who creates a run and reads its answer as a stream takes no place.

    Args:
        in_thread: how many may look at one thread.
        in_all: how many may look on altogether.
    """

    def __init__(self, in_thread: int, in_all: int) -> None:
        self._in_thread = in_thread
        self._in_all = in_all
        self._taken: Counter[str | None] = Counter()
        self._all = 0

    @contextmanager
    def taken(self, thread_id: str | None) -> Iterator[None]:
        """A place for as long as the block lasts.

        Args:
            thread_id: at which thread; None at the list of them, which takes as many as there is room for in all.

        Raises:
            NoPlace: there is none left.
        """
        if self._all >= self._in_all:
            raise _full("This server", self._in_all, "max_viewers")
        if thread_id is not None and self._taken[thread_id] >= self._in_thread:
            raise _full("This thread", self._in_thread, "max_viewers_per_thread")
        self._taken[thread_id] += 1
        self._all += 1
        try:
            yield
        finally:
            self._all -= 1
            self._taken[thread_id] -= 1
            if not self._taken[thread_id]:
                del self._taken[thread_id]


def _full(what: str, viewers: int, setting: str) -> NoPlace:
    return NoPlace(
        f"{what} has its {viewers} viewers already. Try again in {COME_BACK} seconds; "
        f"who runs the server can raise {setting}.",
        code="too_many_viewers",
    )
