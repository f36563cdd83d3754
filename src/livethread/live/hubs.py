"""The hubs of this process: one per thread that somebody watches."""

from __future__ import annotations

from livethread.domain.people import Present
from livethread.live.bus import Bus
from livethread.live.hub import Hub
from livethread.live.position import DraftOf
from livethread.live.presence import Timer
from livethread.live.snapshot import Snapshots
from livethread.storage.database import Database


class Hubs:
    """Finds the hub of a thread, or makes it.

    Args:
        database: where the logs are.
        draft_of: finds a draft by its message's id.
        bus: where hints come from.
        snapshots: makes the state that a viewer without a usable cursor begins with.
        timer: the time of who is there; the loop's own unless told otherwise.
    """

    def __init__(
        self,
        database: Database,
        draft_of: DraftOf,
        bus: Bus,
        snapshots: Snapshots,
        timer: Timer | None = None,
    ) -> None:
        self._database = database
        self._draft_of = draft_of
        self._bus = bus
        self._snapshots = snapshots
        self._timer = timer
        self._hubs: dict[str, Hub] = {}
        self._closed = False

    def of(self, thread_id: str) -> Hub:
        """The hub of a thread; attach to it before anything is awaited."""
        hub = self._hubs.get(thread_id)
        if hub is None:
            hub = self._hubs[thread_id] = Hub(
                thread_id, self._database, self._draft_of, self._bus, self._snapshots, self._forget,
                self._timer,
            )  # fmt: skip
            if self._closed:
                hub.close()
        return hub

    def live(self, thread_id: str) -> bool:
        """Whether a thread is being watched, and so is known to be there."""
        hub = self._hubs.get(thread_id)
        return hub is not None and hub.lives

    def type(self, thread_id: str, user_id: str, *, typing: bool) -> Present | None:
        """Somebody types in a thread, or has ceased to; None if nobody of that id looks at it."""
        hub = self._hubs.get(thread_id)
        return None if hub is None else hub.presence.type(user_id, typing)

    def name_of(self, thread_id: str, user_id: str) -> str | None:
        """What somebody is called who looks at a thread; None if nobody of that id does."""
        hub = self._hubs.get(thread_id)
        return None if hub is None else hub.presence.people.name_of(user_id)

    def watched(self, thread_id: str) -> int:
        """How many viewers a thread has, those of its runs too."""
        hub = self._hubs.get(thread_id)
        return 0 if hub is None else hub.viewers

    def close(self) -> None:
        """Send every viewer away, and whoever comes now; they come back by cursor."""
        self._closed = True
        for hub in tuple(self._hubs.values()):
            hub.close()

    @property
    def viewers(self) -> int:
        """How many viewers there are in all."""
        return sum(hub.viewers for hub in self._hubs.values())

    def _forget(self, hub: Hub) -> None:
        if self._hubs.get(hub.thread_id) is hub:
            del self._hubs[hub.thread_id]
