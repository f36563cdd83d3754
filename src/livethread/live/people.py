"""The people of one thread, and how many look on: who came, who went, who types. Pure: the time is an argument.

Everything here is of one process, and nothing of it is stored. Where several processes serve a thread, a set that
they share would have to answer the same questions.
"""

from __future__ import annotations

from itertools import islice, takewhile
from typing import Final, NamedTuple

from livethread.domain.people import Person, Present

LEAVING: Final = 3.0
"""Seconds after the last connection of a person has gone before the others are told: a reload is silent."""

TYPING: Final = 5.0
"""Seconds after which typing lapses unless it is said again (wire.md, Calls)."""

SHOWN: Final = 200
"""At most so many people are listed; the others are counted like viewers without a name."""


class News(NamedTuple):
    """What has changed since it was asked for last.

    Args:
        joined: who has come.
        left: who has gone.
        renamed: somebody has another name.
        typing: those who have begun or ceased to type.
    """

    joined: list[Person]
    left: list[Person]
    renamed: bool
    typing: list[Present]

    @property
    def moved(self) -> bool:
        """Whether the set of people is another one."""
        return bool(self.joined or self.left or self.renamed)


class People:
    """The people of one thread; it begins with none."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # in the order in which they came
        self._connections: dict[str, int] = {}
        self._leaving: dict[str, float] = {}  # until when; the soonest first, as all wait equally long
        self._typing: dict[str, float] = {}  # likewise
        self._unnamed = 0
        self._joined: dict[str, None] = {}
        self._left: dict[str, str] = {}
        self._renamed = False
        self._told_typing: set[str] = set()

    @property
    def viewers(self) -> int:
        """How many look on: each person once, and every connection without a name."""
        return len(self._names) + self._unnamed

    @property
    def next_change(self) -> float | None:
        """When something changes by itself."""
        times = [next(iter(waits.values())) for waits in (self._leaving, self._typing) if waits]
        return min(times, default=None)

    @property
    def changed(self) -> bool:
        """Whether there are news."""
        return bool(self._joined or self._left or self._renamed or self._typing.keys() ^ self._told_typing)

    def enter(self, person: Person | None) -> None:
        """A connection is there; without a person it is only counted. The newest name of a user id counts."""
        if person is None:
            self._unnamed += 1
            return
        user_id, name = person
        known = self._names.get(user_id) or self._left.pop(user_id, None)  # nobody was told that it had gone
        self._renamed = self._renamed or known not in (None, name)
        if known is None:
            self._joined[user_id] = None
        self._names[user_id] = name
        self._connections[user_id] = self._connections.get(user_id, 0) + 1
        self._leaving.pop(user_id, None)

    def leave(self, person: Person | None, now: float) -> None:
        """A connection has gone."""
        if person is None:
            self._unnamed -= 1
            return
        user_id = person.user_id
        self._connections[user_id] -= 1
        if not self._connections[user_id]:
            del self._connections[user_id]
            self._leaving[user_id] = now + LEAVING

    def type(self, user_id: str, typing: bool, now: float) -> Present | None:
        """Somebody types, or has ceased to.

        Returns:
            The person; None if nobody of that id is there.
        """
        name = self._names.get(user_id)
        if name is None:
            return None
        self._typing.pop(user_id, None)
        if typing:
            self._typing[user_id] = now + TYPING
        return Present(user_id, name, typing)

    def pass_time(self, now: float) -> None:
        """Let go of those whose time is over, and of typing that has lapsed."""
        for user_id in _over(self._leaving, now):
            name = self._names.pop(user_id)
            self._typing.pop(user_id, None)
            if user_id in self._joined:
                del self._joined[user_id]  # nobody was told that it had come
            else:
                self._left[user_id] = name
        _over(self._typing, now)

    def listed(self) -> list[Present]:
        """Who is there: those who came first, if they are too many to list."""
        return [Present(user_id, name, user_id in self._typing) for user_id, name in islice(self._names.items(), SHOWN)]

    def taken(self, user_id: str) -> set[str]:
        """What the others are called who are connected, casefolded."""
        return {name.casefold() for id, name in self._names.items() if id != user_id and id in self._connections}

    def name_of(self, user_id: str) -> str | None:
        """What somebody is called who is there."""
        return self._names.get(user_id)

    def news(self) -> News:
        """What has changed since; whoever asks next is told what changes from now on."""
        typing = [
            Present(user_id, name, user_id in self._typing)
            for user_id in sorted(self._typing.keys() ^ self._told_typing)
            if (name := self._names.get(user_id)) is not None
        ]
        news = News(
            [Person(user_id, self._names[user_id]) for user_id in islice(self._joined, SHOWN)],
            [Person(*item) for item in islice(self._left.items(), SHOWN)],
            self._renamed,
            typing,
        )
        self._joined.clear()
        self._left.clear()
        self._renamed = False
        self._told_typing = set(self._typing)
        return news


def _over(waits: dict[str, float], now: float) -> list[str]:
    """Take out those whose wait is over: they stand in front, since all wait equally long."""
    over = list(takewhile(lambda user_id: waits[user_id] <= now, waits))
    for user_id in over:
        del waits[user_id]
    return over
