"""The worker: claims runs that may start, and ends those that nobody drives.

Woken by the log and by timers, never by a read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Literal

import structlog

from livethread.clock import Clock
from livethread.domain.content import ContentBlock
from livethread.domain.events import RUN_ENDS
from livethread.domain.runs import Run
from livethread.domain.transitions import ACTIVE, move
from livethread.engine.ending import break_off, end_run
from livethread.engine.engine import Engine
from livethread.engine.loop import Interruption, RunLoop
from livethread.errors import NotFound
from livethread.live.bus import Bus, Hint
from livethread.live.log import ThreadWrite
from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.queries import AnyRow

MAX_ACTIVE: Final = 8
"""Runs of one thread that are driven, or wait for their caller, at once, under any policy."""

LEASE: Final = 30.0
"""Seconds that a claim lasts; renewed three times in that time."""

GRACE: Final = 2.0
"""Seconds that a stop waits for model APIs to let go, before it insists, and then again."""

PAUSE: Final = 5.0
"""Seconds between two attempts to write an ending that the database did not take."""

TOMBSTONE: Final = 24 * 3600
"""Seconds after which a deleted thread is forgotten."""

log = structlog.get_logger()


class Worker:
    """Owns runs.

    Args:
        engine: what the loops work with.
        bus: tells of everything that happens.
        clock: the time.
        owner: the name its leases carry.
        run_seconds: how long after its first start a run expires.
    """

    def __init__(self, engine: Engine, bus: Bus, clock: Clock, *, owner: str, run_seconds: float = 600.0) -> None:
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._owner = owner
        self._run_seconds = run_seconds
        self._loops: dict[str, RunLoop] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # what a stop waits for
        self._rounds: list[asyncio.Task[None]] = []
        self._claiming: set[str] = set()
        self._again: set[str] = set()
        self._unsubscribe: Callable[[], None] = _nothing
        self._stopping = False

    async def recover(self) -> None:
        """Close what the last process left open; done before anybody is served.

        The lock on the data folder proves that no owner is left, so every lease is void.
        """
        database, drafts = self._engine.database, self._engine.drafts
        await database.write(queries.release_all)
        rows = await database.read(lambda connection: queries.runs_in(connection, ["in_progress", "cancelling"]))
        for thread_id in dict.fromkeys(row.thread_id for row in rows):
            ids = [row.id for row in rows if row.thread_id == thread_id]
            try:
                await self._engine.log.append(thread_id, partial(self._close, run_ids=ids))
            except NotFound:  # the thread was deleted; its runs are of no interest to anybody
                continue
        drafts.forget_left_behind()

    async def start(self) -> None:
        """Take up what waits, and whatever comes."""
        self._unsubscribe = self._bus.subscribe(None, self._hear)
        await self._look()
        self._spawn(self._forget_tombstones())
        self._rounds = [
            asyncio.create_task(self._round(LEASE / 3, self._keep_leases)),
            asyncio.create_task(self._round(3600, self._forget_tombstones)),
        ]

    async def stop(self) -> None:
        """Hand every run back: what it was writing ends, and whoever comes next asks the model again."""
        self._stopping = True
        self._unsubscribe()
        timers = [*self._timers.values(), *self._rounds]
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*timers, return_exceptions=True)
        for _ in range(2):  # a model API that does not let go at once is interrupted in that, too
            for loop in self._loops.values():
                loop.interrupt("handed back")
            grace = asyncio.create_task(self._clock.sleep(GRACE))
            while self._tasks and not grace.done():
                await asyncio.wait([*self._tasks, grace], return_when=asyncio.FIRST_COMPLETED)
            grace.cancel()
        for task in self._tasks:
            task.cancel()
        if self._loops:
            log.error("runs are left to the next start", run_ids=list(self._loops))

    # -- hearing -------------------------------------------------------------------------------

    def _hear(self, hint: Hint) -> None:
        for event in hint.events:
            match event.type:
                case "thread.run.queued":
                    self._wake(hint.thread_id)
                case "thread.run.cancelling":
                    if not self._interrupt(event.object_id, "cancelled"):
                        self._spawn(self._end(hint.thread_id, event.object_id, "cancelled"))
                case "thread.message.incomplete" | "thread.run.step.failed" if event.run_id is not None:
                    self._interrupt(event.run_id, "fenced")  # somebody else has closed what our loop was writing
                case type if type in RUN_ENDS:
                    self._interrupt(event.object_id, "fenced")
                    if timer := self._timers.pop(event.object_id, None):
                        timer.cancel()
                    self._wake(hint.thread_id)

    def _interrupt(self, run_id: str, why: Interruption) -> bool:
        """Whether a loop of ours takes note of it; one that writes its last does not."""
        loop = self._loops.get(run_id)
        return loop is not None and loop.interrupt(why)

    # -- claiming ------------------------------------------------------------------------------

    def _wake(self, thread_id: str) -> None:
        """Look whether a run of this thread may start; one look at a time."""
        if self._stopping:
            return
        if thread_id in self._claiming:
            self._again.add(thread_id)
            return
        self._claiming.add(thread_id)
        self._spawn(self._claim_all(thread_id))

    async def _claim_all(self, thread_id: str) -> None:
        try:
            while True:
                self._again.discard(thread_id)
                waiting = await self._engine.database.read(
                    lambda connection: queries.thread_runs(connection, thread_id, ["queued", "in_progress"])
                )
                # A queued run may still have the loop of its last turn, which is about to go.
                if any(row.status == "queued" or row.id not in self._loops for row in waiting):
                    claimed = await self._engine.log.append(thread_id, self._claim)
                    for run, fence in claimed:
                        self._drive(run, fence)
                if thread_id not in self._again or self._stopping:
                    return
        except NotFound:
            return
        finally:
            self._claiming.discard(thread_id)

    def _claim(self, write: ThreadWrite) -> list[tuple[Run, int]]:
        """Start every queued run that may start, and go on with those that were handed back."""
        claimed = []
        active = [
            (Run.model_validate_json(row.object), row)
            for row in queries.thread_runs(write.connection, write.thread_id, ACTIVE)
        ]
        busy = sum(run.status != "queued" for run, _ in active)
        until = write.now + int(LEASE)
        for run, row in active:
            if run.status == "in_progress" and write.unowned(run.id) and run.id not in self._loops:
                break_off(write, run.id, self._content)
                claimed.append((run, write.claim(run.id, self._owner, until)))
            elif run.status == "queued" and busy < MAX_ACTIVE and not _waits(run, row, active):
                expires_at = run.expires_at or write.now + int(self._run_seconds)
                started = move(run, "in_progress", write.now, expires_at=expires_at)
                write.append(started, "thread.run.in_progress")
                claimed.append((started, write.claim(run.id, self._owner, until)))
                busy += 1
        return claimed

    def _drive(self, run: Run, fence: int) -> None:
        loop = self._loops[run.id] = RunLoop(self._engine, run, fence)
        self._watch_expiry(run)
        self._spawn(self._until_over(run, loop))
        if self._stopping:
            loop.interrupt("handed back")

    async def _until_over(self, run: Run, loop: RunLoop) -> None:
        await loop.over()
        while not loop.settled:
            await self._clock.sleep(PAUSE)
            await loop.write_again()
        if self._loops.get(run.id) is loop:
            del self._loops[run.id]

    # -- ending what nobody drives -------------------------------------------------------------

    async def _end(self, thread_id: str, run_id: str, ending: Literal["cancelled", "expired"]) -> None:
        """End a run that nobody drives, if it is in a state that calls for it; an owner does it himself."""
        states = ("cancelling",) if ending == "cancelled" else ("queued", "requires_action")

        def change(write: ThreadWrite) -> bool:
            due = write.run(run_id).status in states
            if due and write.unowned(run_id):
                end_run(write, run_id, ending, self._content)
                return False
            return due

        try:
            owned = await self._engine.log.append(thread_id, change)
        except NotFound:
            return
        if owned:  # by us, perhaps, since a moment ago
            self._interrupt(run_id, ending)

    def _watch_expiry(self, run: Run) -> None:
        if run.expires_at is not None and run.id not in self._timers and not self._stopping:
            self._timers[run.id] = asyncio.create_task(self._expire(run, run.expires_at))

    async def _expire(self, run: Run, at: int) -> None:
        await self._clock.sleep(max(0.0, at - self._clock.now()))
        self._timers.pop(run.id, None)
        if not self._interrupt(run.id, "expired"):
            self._spawn(self._end(run.thread_id, run.id, "expired"))

    def _close(self, write: ThreadWrite, run_ids: list[str]) -> None:
        for run_id in run_ids:
            if write.run(run_id).status == "cancelling":
                end_run(write, run_id, "cancelled", self._content)
            else:
                break_off(write, run_id, self._content)

    def _content(self, message_id: str) -> list[ContentBlock]:
        """The text that was shown: of a draft still open, or of one that the last process left behind."""
        drafts = self._engine.drafts
        draft = drafts.get(message_id) or drafts.left_behind.get(message_id)
        return draft.content() if draft is not None else []

    # -- timers --------------------------------------------------------------------------------

    async def _round(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do something again and again, also after it went wrong."""
        while True:
            await self._clock.sleep(seconds)
            try:
                await work()
            except Exception:
                log.exception("the worker stumbled; it tries again")

    async def _keep_leases(self) -> None:
        if self._loops:
            await self._engine.database.write(self._renew)
        await self._look()

    def _renew(self, connection: Connection) -> None:
        queries.renew_leases(connection, self._owner, int(self._clock.now() + LEASE))

    async def _look(self) -> None:
        """Take up what nobody drives: after a start, a lapsed lease, a lost hint or a write that failed."""
        for row in await self._engine.database.read(self._unowned):
            if row.id in self._loops:
                continue
            if row.id not in self._timers:
                self._watch_expiry(Run.model_validate_json(row.object))
            if row.status == "cancelling":
                self._spawn(self._end(row.thread_id, row.id, "cancelled"))
            elif row.status != "requires_action":
                self._wake(row.thread_id)

    def _unowned(self, connection: Connection) -> list[AnyRow]:
        waiting = queries.runs_in(connection, ["queued", "requires_action", "cancelling"])
        return [*waiting, *queries.unowned_runs(connection, int(self._clock.now()))]

    async def _forget_tombstones(self) -> None:
        await self._engine.log.purge(int(self._clock.now()) - TOMBSTONE)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the worker stumbled", exc_info=task.exception())


def _waits(run: Run, row: AnyRow, active: Sequence[tuple[Run, AnyRow]]) -> bool:
    """Whether one of the thread's runs has to end before this one may start (ARCHITECTURE, "A busy thread").

    A run comes behind all that were created before it, one of a parallel turn behind all that were before the turn.
    Under ``parallel`` it passes them, but for those of its own, sequential turn.
    """
    earlier = [other for other, place in active if place.created_seq < queries.behind(row)]
    if run.thread_policy == "parallel":
        return run.turn_id is not None and any(other.turn_id == run.turn_id for other in earlier)
    return bool(earlier)


def _nothing() -> None:
    """Nothing is subscribed yet."""
