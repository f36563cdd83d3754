"""The list of threads, live: whoever looks at it is told of the threads in it that change (wire.md, Calls).

It carries state and not history: a thread is read when it is told of, so that the newest state wins. A viewer whose
connection does not take that at once is *lagging*: nothing is kept for it but the number of what it was told last, and
when its connection drains, it is told of the threads behind that number, each once. Nothing is done while nobody looks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice, takewhile
from typing import Final

import structlog

from livethread.domain.listed import listed
from livethread.domain.record import Deleted
from livethread.live.bus import Bus, Hint
from livethread.live.hub import KEEP_ALIVE_EVERY, SWEEP_SLICE
from livethread.live.presence import Alarm, Timer
from livethread.live.viewer import Sink
from livethread.sse import KEEP_ALIVE, encode
from livethread.storage import queries
from livethread.storage.database import Database

EVERY: Final = 1.0
"""A thread is told of at most once in so many seconds, for the first time after a pause at once."""

BATCH: Final = 20
"""Threads that are read, and written, at a time."""

log = structlog.get_logger()


class ListViewer:
    """One who looks at the list.

    Args:
        sink: where its bytes go.
    """

    __slots__ = ("closed", "level", "pulling", "reached", "sink")

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.level = True
        self.reached = 0  # the number of what it was told last, while it is lagging
        self.pulling: asyncio.Task[None] | None = None  # catches up, while it is lagging
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Its connection has gone, or has to."""
        self.level = False
        if not self.closed.done():
            self.closed.set_result(None)
        if self.pulling is not None and self.pulling is not asyncio.current_task():
            self.pulling.cancel()


class ThreadList:
    """See the module.

    Args:
        database: where the threads are.
        bus: where hints come from.
        timer: the time; the loop's own unless told otherwise.
    """

    def __init__(self, database: Database, bus: Bus, timer: Timer | None = None) -> None:
        self._database = database
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._timer = timer or self._loop
        self._viewers: set[ListViewer] = set()
        self._closed = False
        self._unsubscribe: Callable[[], None] | None = None  # there while anybody looks
        self._changed: dict[str, None] = {}  # to be told of now, in this order
        self._resting: dict[str, bool] = {}  # told of a moment ago; whether they have changed since
        self._rests: deque[tuple[float, Sequence[str]]] = deque()  # until when they rest
        self._told: dict[str, int] = {}  # by the number of their last telling, ascending; while anybody is lagging
        self._number = 0
        self._quiet = False  # for so long that a keep-alive is due
        self._telling: asyncio.Task[None] | None = None
        self._rested: Alarm | None = None
        self._alive: Alarm | None = None

    @property
    def viewers(self) -> int:
        """How many look on."""
        return len(self._viewers)

    def attach(self, sink: Sink) -> ListViewer:
        """Take in a viewer: it is told of what changes from now on. What is there, it reads behind this."""
        viewer = ListViewer(sink)
        if self._closed:
            viewer.close()
            return viewer
        if self._unsubscribe is None:
            self._unsubscribe = self._bus.subscribe(None, self._hear)
            self._alive = self._timer.call_at(self._timer.time() + KEEP_ALIVE_EVERY, self._keep_alive)
        self._viewers.add(viewer)
        self._hand(viewer, KEEP_ALIVE)  # first bytes at once
        return viewer

    def detach(self, viewer: ListViewer) -> None:
        """Let a viewer go."""
        viewer.close()
        self._viewers.discard(viewer)
        if not self._viewers and self._unsubscribe is not None:
            self._unsubscribe()
            self._stop()

    def close(self) -> None:
        """Send every viewer away, and whoever comes now; they come back and read the list."""
        self._closed = True
        for viewer in tuple(self._viewers):
            self.detach(viewer)

    def _stop(self) -> None:
        """Nobody looks any more: nothing is kept."""
        for alarm in (self._rested, self._alive):
            if alarm is not None:
                alarm.cancel()
        if self._telling is not None:
            self._telling.cancel()
        self._unsubscribe = self._telling = self._rested = self._alive = None
        self._quiet = False
        self._changed.clear()
        self._resting.clear()
        self._rests.clear()
        self._told.clear()

    # -- what changes --------------------------------------------------------------------------

    def _hear(self, hint: Hint) -> None:
        if not hint.relisted:
            return
        if hint.thread_id in self._resting:
            self._resting[hint.thread_id] = True
        else:
            self._changed[hint.thread_id] = None
            self._wake()

    def _ring(self) -> None:
        """Threads have rested: those that have changed meanwhile are told of."""
        self._rested = None
        while self._rests and self._rests[0][0] <= self._timer.time():
            for thread_id in self._rests.popleft()[1]:
                if self._resting.pop(thread_id):
                    self._changed[thread_id] = None
        self._set_alarm()
        if self._changed:
            self._wake()

    def _set_alarm(self) -> None:
        if self._rests and self._rested is None:
            self._rested = self._timer.call_at(self._rests[0][0], self._ring)

    def _keep_alive(self) -> None:
        self._alive = self._timer.call_at(self._timer.time() + KEEP_ALIVE_EVERY, self._keep_alive)
        self._quiet = True
        self._wake()

    def _wake(self) -> None:
        if self._telling is None:
            self._telling = self._loop.create_task(self._tell())

    # -- telling -------------------------------------------------------------------------------

    async def _tell(self) -> None:
        """Tell the viewers that are level what there is to tell: one thing after another, so nothing is overtaken."""
        while self._changed or self._quiet:
            if self._quiet:
                self._quiet = False
                await self._write(KEEP_ALIVE)
                continue
            ids = list(islice(self._changed, BATCH))
            for thread_id in ids:
                del self._changed[thread_id]
                self._resting[thread_id] = False  # what changes while it is read is told behind the rest
            try:
                data = await self._read(ids)
            except Exception:  # the disk; it is tried again behind the rest
                log.exception("threads not listed")
                self._resting.update(dict.fromkeys(ids, True))
            else:
                for thread_id in ids:
                    self._number += 1
                    self._told.pop(thread_id, None)
                    self._told[thread_id] = self._number
                await self._write(data)
                self._forget()
            self._rests.append((self._timer.time() + EVERY, ids))
            self._set_alarm()
        self._telling = None

    async def _read(self, ids: Sequence[str]) -> bytes:
        """Threads as they are now, the least active first: who puts one above the other has the order of the list."""
        rows = await self._database.read(lambda connection: queries.threads_by_activity(connection, ids))
        lives = [row for row in rows if row.deleted_at is None]
        there = {row.id for row in lives}
        events = [
            encode("thread.deleted", Deleted(id=thread_id, object="thread.deleted").json_text())
            for thread_id in ids
            if thread_id not in there
        ]
        for row in lives:
            item = listed(row.object, row.opening, row.last_message, row.active_at)
            events.append(encode("thread.listed", item))
        return b"".join(events)

    async def _write(self, data: bytes) -> None:
        """Hand data to every viewer that is level; the loop does other work now and then."""
        began = self._loop.time()
        for viewer in [viewer for viewer in self._viewers if viewer.level]:  # who is so later has caught up with this
            if viewer.level:
                self._hand(viewer, data)
            if self._loop.time() - began > SWEEP_SLICE:
                await asyncio.sleep(0)
                began = self._loop.time()

    def _forget(self) -> None:
        """Nothing is kept while nobody is lagging."""
        if all(viewer.level for viewer in self._viewers):
            self._told.clear()

    # -- one viewer ----------------------------------------------------------------------------

    def _hand(self, viewer: ListViewer, data: bytes) -> None:
        """Write to a viewer; whatever becomes of it is of no concern to the others."""
        try:
            wait = viewer.sink.write(data)
        except Exception:
            log.exception("viewer lost")
            viewer.close()
            return
        if wait is not None:
            viewer.level, viewer.reached = False, self._number
            viewer.pulling = self._loop.create_task(self._pull(viewer, wait))

    async def _pull(self, viewer: ListViewer, wait: Awaitable[None] | None) -> None:
        """Tell a lagging viewer what it is missing, as its connection takes it, until it is level."""
        try:
            while True:
                if wait is not None:
                    await wait
                else:
                    await asyncio.sleep(0)  # a connection that never waits must not hold the loop
                missing = list(takewhile(lambda told: told[1] > viewer.reached, reversed(self._told.items())))
                if not missing:
                    viewer.level, viewer.pulling = True, None
                    self._forget()
                    return
                oldest = missing[: -BATCH - 1 : -1]
                data = await self._read([thread_id for thread_id, _ in oldest])
                viewer.reached = oldest[-1][1]
                wait = viewer.sink.write(data)
        except Exception:  # it comes back, and reads the list
            log.exception("viewer lost")
            viewer.close()
