"""A viewer: someone following a thread through a face. Nothing is kept for it but its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from livethread.domain.people import Person
from livethread.live.position import Position, View


class Sink(Protocol):
    """Where a viewer's bytes go: one connection of a face."""

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand bytes to the connection, now.

        Returns:
            None if it took them at once. Else something to await until it can take more: the bytes
            count as sent and must not be written again.
        """
        ...


class Viewer:
    """One viewer of a hub.

    Args:
        sink: where its bytes go.
        view: what it looks at.
        position: what it holds, while it is lagging; the hub's own counts while it is level.
        limit: how many of the newest messages and runs its snapshots show.
        person: who it is, if it has said so.
    """

    __slots__ = (
        "closed", "ended", "level", "limit", "person", "position", "pulling", "sink", "told", "view", "wants_snapshot",
    )  # fmt: skip

    def __init__(self, sink: Sink, view: View, position: Position, limit: int, person: Person | None = None) -> None:
        self.limit = limit
        self.person = person
        self.told = (0, 0)  # what it knows of who is there (`livethread.live.presence`)
        self.sink = sink
        self.view = view
        self.position = position
        self.level = False
        self.wants_snapshot = False
        self.ended = False  # it has been sent all there will ever be
        self.pulling: asyncio.Task[None] | None = None  # catches up, while it is lagging
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Its stream is over, or its connection gone."""
        self.level = False
        if not self.closed.done():
            self.closed.set_result(None)
        if self.pulling is not None and self.pulling is not asyncio.current_task():
            self.pulling.cancel()
