"""How far ahead of its ``ack`` a client is told more: what it has not taken in is not heaped up before it. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

from livethread.domain import cursor

AHEAD: Final = 64 * 1024
"""Bytes that a client is told ahead of what it has acknowledged."""

APART: Final = 4 * 1024
"""Bytes between two places that are kept in mind."""


class Window:
    """What one client was told of one thread, and has acknowledged. It is open to one that never acknowledges."""

    def __init__(self) -> None:
        self._told = 0  # bytes, since the beginning
        self._taken = 0
        self._acknowledges = False
        self._marks: deque[tuple[cursor.Cursor, int]] = deque()
        self._newest: tuple[str, int] = ("", 0)
        self._marked = 0

    @property
    def open(self) -> bool:
        """Whether the client may be told more."""
        return not self._acknowledges or self._told - self._taken < AHEAD

    def tell(self, size: int, id: str | None) -> None:
        """The client is told something.

        Args:
            size: in bytes.
            id: the cursor behind it. What has none, as presence, cannot be acknowledged, and is not counted.
        """
        if id is None:
            return
        self._told += size
        self._newest = (id, self._told)
        if self._told - self._marked >= APART:
            self._mark()

    def acknowledge(self, id: str) -> None:
        """The client holds what a cursor says; one that it was not told changes nothing.

        Raises:
            ValueError: it is no cursor.
        """
        held = cursor.parse(id)
        self._acknowledges = True
        if id == self._newest[0]:
            self._taken = self._newest[1]
            self._marks.clear()
        while self._marks and _reaches(held, self._marks[0][0]):
            self._taken = self._marks.popleft()[1]

    def _mark(self) -> None:
        id, self._marked = self._newest
        self._marks.append((cursor.parse(id), self._marked))


def _reaches(held: cursor.Cursor, mark: cursor.Cursor) -> bool:
    """Whether who holds the one holds the other, too: a text that is open no more was held to its end."""
    if held.seq != mark.seq:
        return held.seq > mark.seq
    return all(held.places.get(created, (0, 0)) >= place for created, place in mark.places.items())
