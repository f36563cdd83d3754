"""The bus: the lossy early-warning line between what writes and what follows.

A hint may be lost, repeated or come out of order; whoever hears one checks it against the log and
the drafts before believing it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from livethread.domain.events import LoggedEvent


@dataclass(frozen=True, slots=True)
class Hint:
    """Something happened in a thread: these events were committed or, without any, a draft grew."""

    thread_id: str
    events: tuple[LoggedEvent, ...] = ()


Hear = Callable[[Hint], None]


class Bus(Protocol):
    """Carries hints. Where ``lossy``, a follower also looks for itself every 2 s."""

    lossy: bool

    def publish(self, hint: Hint) -> None:
        """Tell everyone who follows the hint's thread, and those who follow all."""
        ...

    def subscribe(self, thread_id: str | None, hear: Hear) -> Callable[[], None]:
        """Follow one thread, or all with None. Returns how to stop."""
        ...


class LocalBus:
    """The bus of one process: calls, in order, nothing lost."""

    lossy = False

    def __init__(self) -> None:
        self._hearers: dict[str | None, list[Hear]] = {}

    def publish(self, hint: Hint) -> None:
        """Tell everyone who follows the hint's thread, and those who follow all."""
        for key in (hint.thread_id, None):
            for hear in tuple(self._hearers.get(key, ())):
                hear(hint)

    def subscribe(self, thread_id: str | None, hear: Hear) -> Callable[[], None]:
        """Follow one thread, or all with None. Returns how to stop."""
        self._hearers.setdefault(thread_id, []).append(hear)

        def stop() -> None:
            hearers = self._hearers.get(thread_id, [])
            if hear in hearers:
                hearers.remove(hear)
            if not hearers:
                self._hearers.pop(thread_id, None)

        return stop
