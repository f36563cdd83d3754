"""The bus: the lossy early-warning line between what writes and what follows.

A hint may be lost, repeated or come out of order; whoever hears one checks it against the log and
the drafts before believing it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from livethread.domain.events import LoggedEvent


class Hint(msgspec.Struct, frozen=True):
    """Something happened in a thread: these events were committed or, without any, a draft grew.

    ``relisted`` says that with them the list of threads shows the thread otherwise than before.
    """

    thread_id: str
    events: tuple[LoggedEvent, ...] = ()
    relisted: bool = False


Hear = Callable[[Hint], None]


class Bus(Protocol):
    """Carries hints. Where ``lossy``, a follower also looks for itself every 2 s."""

    lossy: bool

    def publish(self, hint: Hint) -> None:
        """Tell everyone who follows the hint's thread; of events, those who follow all, too."""
        ...

    def subscribe(self, thread_id: str | None, hear: Hear) -> Callable[[], None]:
        """Follow one thread, or all with None. Returns how to stop."""
        ...


class LocalBus:
    """The bus of one process: calls, in order, nothing lost."""

    lossy = False

    def __init__(self) -> None:
        self._hearers: dict[str | None, tuple[Hear, ...]] = {}

    def publish(self, hint: Hint) -> None:
        """Tell everyone who follows the hint's thread; of events, those who follow all, too."""
        for hear in self._hearers.get(hint.thread_id, ()):
            hear(hint)
        if hint.events:
            for hear in self._hearers.get(None, ()):
                hear(hint)

    def subscribe(self, thread_id: str | None, hear: Hear) -> Callable[[], None]:
        """Follow one thread, or all with None. Returns how to stop."""
        self._hearers[thread_id] = (*self._hearers.get(thread_id, ()), hear)

        def stop() -> None:
            rest = [other for other in self._hearers.pop(thread_id, ()) if other is not hear]
            if rest:
                self._hearers[thread_id] = tuple(rest)

        return stop
