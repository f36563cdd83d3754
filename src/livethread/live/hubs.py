"""The hubs of this process: one per thread that somebody watches."""

from __future__ import annotations

from livethread.live.bus import Bus
from livethread.live.hub import Hub
from livethread.live.pace import Pace
from livethread.live.position import DraftOf
from livethread.live.snapshot import Snapshots
from livethread.storage.database import Database


class Hubs:
    """Finds the hub of a thread, or makes it.

    Args:
        database: where the logs are.
        draft_of: finds a draft by its message's id.
        bus: where hints come from.
        snapshots: makes the state that a viewer without a usable cursor begins with.
        pace: says how long text that grows is joined.
    """

    def __init__(
        self, database: Database, draft_of: DraftOf, bus: Bus, snapshots: Snapshots, pace: Pace | None = None
    ) -> None:
        self._database = database
        self._draft_of = draft_of
        self._bus = bus
        self._snapshots = snapshots
        self._pace = pace or Pace()
        self._hubs: dict[str, Hub] = {}
        self._closed = False

    def of(self, thread_id: str) -> Hub:
        """The hub of a thread; attach to it before anything is awaited."""
        hub = self._hubs.get(thread_id)
        if hub is None:
            hub = self._hubs[thread_id] = Hub(
                thread_id, self._database, self._draft_of, self._bus, self._snapshots, self._pace, self._forget
            )
            if self._closed:
                hub.close()
        return hub

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
