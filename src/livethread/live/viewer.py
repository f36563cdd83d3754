"""A viewer: someone following a thread through a face. Nothing is kept for it but its cursor."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Generator
from typing import Any, Protocol

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


class StraightSink(ABC):
    """A sink that a sweep may pass by: it hands each transport what was made once for all.

    To ask each sink would cost a sweep more than all else that is ours: each object of a viewer's own lies somewhere
    else in memory. To await the sink is to wait until its transport has written all that it was handed.
    """

    __slots__ = ()

    @abstractmethod
    def write(self, data: bytes) -> Awaitable[None] | None:
        """See `Sink`."""

    @staticmethod
    @abstractmethod
    def form(thread_id: str, data: bytes) -> bytes:
        """Make of events what goes to a transport; nothing if there is nothing to tell."""

    @property
    @abstractmethod
    def transport(self) -> asyncio.Transport | None:
        """Where that may go, if the sink need not be asked. What it cannot write at once, it keeps."""

    @abstractmethod
    def __await__(self) -> Generator[Any, Any, None]: ...


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
        "closed", "ended", "level", "limit", "person", "position", "pulling", "sink", "straight", "told", "transport",
        "view", "wants_snapshot",
    )  # fmt: skip

    def __init__(self, sink: Sink, view: View, position: Position, limit: int, person: Person | None = None) -> None:
        self.limit = limit
        self.person = person
        self.told = (0, 0)  # what it knows of who is there (`livethread.live.presence`)
        self.sink = sink
        self.straight = sink if isinstance(sink, StraightSink) else None
        self.transport: asyncio.Transport | None = None  # where a sweep writes to, past its sink
        self.view = view
        self.position = position
        self.level = False
        self.wants_snapshot = False
        self.ended = False  # it has been sent all there will ever be
        self.pulling: asyncio.Task[None] | None = None  # catches up, while it is lagging
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def find_transport(self) -> None:
        """Its sink may be passed by from now on, if it can be."""
        if self.straight is not None:
            self.transport = self.straight.transport

    def ask_sink(self) -> None:
        """From now on its sink has to be asked."""
        self.straight = self.transport = None

    def close(self) -> None:
        """Its stream is over, or its connection gone."""
        self.level = False
        if not self.closed.done():
            self.closed.set_result(None)
        if self.pulling is not None and self.pulling is not asyncio.current_task():
            self.pulling.cancel()
