"""The hub: one live thread in this process, and all who look at it.

A viewer that is level with the tip is handed the shared bytes in one sweep; one whose connection does
not take them at once is *lagging*: nothing is kept for it but its cursor, and when its connection
drains it pulls what is missing, merged, until it has reached the tip again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog

from livethread.domain.people import Person, people_json
from livethread.errors import NotFound
from livethread.live.bus import Bus
from livethread.live.catch_up import CatchUp
from livethread.live.position import DraftOf, Form, Frame, Position, View
from livethread.live.presence import Presence, Timer
from livethread.live.snapshot import DEFAULT_LIMIT, Snapshots
from livethread.live.tip import Tip
from livethread.live.viewer import Sink, StraightSink, Viewer
from livethread.sse import KEEP_ALIVE, encode
from livethread.storage.database import Database

SWEEP_SLICE: Final = 0.002
"""Seconds of writing after which a sweep lets the loop do other work."""

KEEP_ALIVE_EVERY: Final = 15.0
"""Seconds between keep-alives."""

FEW: Final = 16
"""So many viewers are written to without a look at the clock."""

log = structlog.get_logger()


class Hub:
    """See the module.

    Args:
        thread_id: which thread.
        database: where its log is.
        draft_of: finds a draft by its message's id.
        bus: where hints come from.
        snapshots: makes the state that a viewer without a usable cursor begins with.
        emptied: called when the last viewer has left; nobody may attach any more.
        timer: the time of who is there; the loop's own unless told otherwise.
    """

    def __init__(
        self,
        thread_id: str,
        database: Database,
        draft_of: DraftOf,
        bus: Bus,
        snapshots: Snapshots,
        emptied: Callable[[Hub], None],
        timer: Timer | None = None,
    ) -> None:
        self.thread_id = thread_id
        self._emptied = emptied
        self._loop = asyncio.get_running_loop()
        self._viewers: set[Viewer] = set()
        self._views: dict[tuple[str | None, Form | None], View] = {}
        self._attaching = 0
        self._closed = False  # whoever attaches now is sent away at once
        self._left = False  # by its last viewer: it follows nothing any more
        self._writing: Iterator[None] | None = None
        self._due = False  # a sweep is
        self._tip = Tip(
            thread_id, database, draft_of, bus, stirred=self.wake, grown=self._follow, rebuilt=self._begin_anew
        )
        self.presence = Presence(timer or self._loop, self._tell)
        self._catch_up = CatchUp(self._tip, snapshots, KEEP_ALIVE_EVERY, self._people)
        self._timer = self._loop.call_later(KEEP_ALIVE_EVERY, self._keep_alive)

    @property
    def viewers(self) -> int:
        """How many look on."""
        return len(self._viewers)

    @property
    def lives(self) -> bool:
        """Whether the thread is known to be there, without a look at the log."""
        return self._tip.lives

    async def attach(
        self,
        sink: Sink,
        view: View,
        start: Position | None,
        *,
        limit: int = DEFAULT_LIMIT,
        snapshot: bool = True,
        person: Person | None = None,
    ) -> Viewer:
        """Take in a viewer.

        Args:
            sink: where its bytes go.
            view: what it looks at.
            start: what it holds, if anything.
            limit: how many of the newest messages and runs a snapshot shows.
            snapshot: who holds nothing begins with a snapshot, else with what is happening now.
            person: who it is, if it has said so.

        Raises:
            NotFound: the thread is gone.
        """
        if self._left:
            raise RuntimeError("this hub follows nothing any more: attach before anything is awaited")
        self._attaching += 1
        view.form = sink.form if isinstance(sink, StraightSink) else None
        view = self._views.setdefault((view.run_id, view.form), view)
        view.users += 1
        try:
            await asyncio.shield(self._tip.loaded)
            if view.run_id in self._tip.waiting:
                view.note_status("requires_action", self._tip.waiting[view.run_id])
            preface = b""
            if start is None and not snapshot:
                start, preface = await self._introduction()
            viewer = Viewer(sink, view, start or self._tip.position.copy(view.run_id), limit, person)
            viewer.wants_snapshot = start is None
            self._viewers.add(viewer)
            self.presence.enter(viewer)
        except BaseException:
            self._let_go(view)
            raise
        finally:
            self._attaching -= 1
            self._leave_if_empty()
        if self._closed:
            self.detach(viewer)
        else:
            self._hand(viewer, preface or KEEP_ALIVE)  # first bytes at once, whatever follows
        return viewer

    def detach(self, viewer: Viewer) -> None:
        """Let a viewer go."""
        viewer.close()
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self.presence.leave(viewer)
            self._let_go(viewer.view)
            self._leave_if_empty()

    def close(self) -> None:
        """Send every viewer away; they come back by cursor."""
        self._closed = True
        for viewer in tuple(self._viewers):
            self.detach(viewer)

    def wake(self) -> None:
        """Something happened: sweep before the loop waits again, or behind what is being written."""
        if not self._due:
            self._due = True
            if self._writing is None:  # else behind what is being written
                self._loop.call_soon(self._sweep)

    def _follow(self) -> None:
        """Text grew, and all that this turn of the loop has brought is in it: no need to wait for another."""
        if self._due or self._writing is not None:
            self.wake()
            return
        try:
            if self._tip.loaded.done() and (frames := self._tip.grow()):
                self._show(frames)
        except Exception:  # the texts of other threads grew with this one's
            log.exception("sweep failed", thread_id=self.thread_id)

    # -- coming and going ----------------------------------------------------------------------

    def _let_go(self, view: View) -> None:
        view.users -= 1
        if view.users == 0:
            self._views.pop((view.run_id, view.form), None)

    def _leave_if_empty(self) -> None:
        if not self._viewers and not self._attaching and not self._left:
            self._left = True
            self._tip.close()
            self.presence.close()
            self._timer.cancel()
            self._emptied(self)

    async def _introduction(self) -> tuple[Position, bytes]:
        """For who wants no snapshot: where we stand now, and what it takes to follow each open draft.

        Only the last frame has an id: before it, not all of the position is held.
        """
        position = self._tip.position.copy()
        frames: list[tuple[str, bytes]] = []
        for text in list(position.open.values()):
            created = text.created_seq
            events = await self._tip.read(created - 1, min(created + 1, position.seq))
            frames.extend((event.type, event.data) for event in events if event.object_id == text.message_id)
            if text.draft is not None:
                place, text.place = text.place, (0, 0)
                frames.extend((frame.type, frame.data) for frame in position.grow(text.message_id, place))
        ids = [None] * (len(frames) - 1) + [str(position.cursor())]
        return position, b"".join(encode(type, data, id=id) for (type, data), id in zip(frames, ids, strict=False))

    def _begin_anew(self) -> None:
        """The log is another one: nothing that anybody was shown counts any more."""
        self._writing, self._due = None, False
        for viewer in tuple(self._viewers):
            if viewer.view.run_id is not None:
                self.detach(viewer)  # it comes back, and its cursor is judged by the new log
                continue
            viewer.wants_snapshot = True
            if viewer.level:
                self._fall_back(viewer, None)
        if self.presence.due:  # it waited behind what was being written
            self._tell()
        self.wake()

    # -- the sweep -----------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Move on, and hand what is new to every viewer that is level."""
        if self._writing is not None:
            return  # it is due again behind that
        self._due = False
        if self._left or not self._tip.loaded.done():
            return
        moves = self._tip.advance()
        for event in moves.events:
            if event.run_id is not None and event.object_id == event.run_id and event.type != "thread.run.updated":
                for view in self._views.values():
                    if view.run_id == event.run_id:
                        view.note_status(event.type.removeprefix("thread.run."), event.seq)
        if moves.beyond:  # what they were shown is not what is stored: they begin anew
            for viewer in tuple(self._viewers):
                if viewer.level and viewer.view.run_id is None:
                    viewer.wants_snapshot = True
                    self._fall_back(viewer, None)
        if moves.frames:
            self._show(moves.frames)

    def _show(self, frames: list[Frame]) -> None:
        """Hand frames to every viewer that is level, as it looks at the thread."""
        for view in self._views.values():
            view.offer(self.thread_id, *view.render(frames))
        self._hand_out()

    def _hand_out(self) -> None:
        level = [viewer for viewer in self._viewers if viewer.level]  # who is so later has caught up with this
        if len(level) <= FEW:
            self._give(level)
        else:
            self._writing = self._write(level)
            self._go_on()

    def _give(self, viewers: list[Viewer]) -> None:
        """Hand viewers what is offered, those that are still level: they may have gone while others were written to."""
        for viewer in viewers:
            if viewer.level:
                transport, formed = viewer.transport, viewer.view.formed
                if transport is None or not formed:
                    self._give_by_sink(viewer)
                elif not transport.is_closing():  # its reader hears of that by itself
                    try:
                        transport.write(formed)
                    except Exception:
                        self._lose(viewer)
                    else:
                        if transport.get_write_buffer_size():
                            self._fall_back(viewer, viewer.straight)

    def _give_by_sink(self, viewer: Viewer) -> None:
        view = viewer.view
        if view.data:
            viewer.ended = view.ended
            self._hand(viewer, view.data)
            if viewer.straight is not None:
                viewer.find_transport()

    def _write(self, viewers: list[Viewer]) -> Iterator[None]:
        began = self._loop.time()
        for first in range(0, len(viewers), FEW):
            self._give(viewers[first : first + FEW])
            if self._loop.time() - began > SWEEP_SLICE:
                yield
                began = self._loop.time()

    def _go_on(self) -> None:
        """Write until the slice is over; the rest follows when the loop has done other work."""
        if self._writing is not None:
            for _ in self._writing:
                self._loop.call_soon(self._go_on)
                return
            self._writing = None
            if self.presence.due:
                self._tell()
            elif self._due:
                self._loop.call_soon(self._sweep)

    def _keep_alive(self) -> None:
        self._timer = self._loop.call_later(KEEP_ALIVE_EVERY if self._writing is None else 0.1, self._keep_alive)
        if self._writing is not None:  # a viewer that the sweep has not reached yet must not fall back now
            return
        for view in self._views.values():
            view.offer(self.thread_id, KEEP_ALIVE)
        self._hand_out()

    # -- who is there --------------------------------------------------------------------------

    def _tell(self) -> None:
        """Tell who is there, behind what is being written."""
        if self._writing is None:
            self._writing = self.presence.tell(self._viewers, self._hand)
            self._go_on()

    def _people(self) -> str:
        return people_json(self.presence.people.listed())

    # -- one viewer ----------------------------------------------------------------------------

    def _hand(self, viewer: Viewer, data: bytes) -> None:
        """Write to a viewer; whatever becomes of it is of no concern to the others."""
        try:
            wait = viewer.sink.write(data)
        except Exception:
            self._lose(viewer)
            return
        if wait is not None or not viewer.level:
            self._fall_back(viewer, wait)
        elif viewer.ended:
            self.detach(viewer)

    def _fall_back(self, viewer: Viewer, wait: Awaitable[None] | None) -> None:
        """From now on the viewer is lagging: it holds the tip's position, or its own, and pulls the rest."""
        if viewer.level:
            viewer.level = False
            viewer.position = self._tip.position.copy(viewer.view.run_id)
        viewer.pulling = self._loop.create_task(self._pull(viewer, wait))

    async def _pull(self, viewer: Viewer, wait: Awaitable[None] | None) -> None:
        try:
            if await self._catch_up.bring(viewer, wait):
                viewer.level, viewer.pulling = True, None
                viewer.position = self._tip.position  # no one else's text is kept for it
                self.presence.reached(viewer)
                return
        except NotFound:
            log.info("thread gone", thread_id=self.thread_id)
        except Exception:
            log.exception("viewer lost", thread_id=self.thread_id)
        self.detach(viewer)

    def _lose(self, viewer: Viewer) -> None:
        """Its connection is broken, while an exception says how."""
        log.exception("viewer lost", thread_id=self.thread_id)
        self.detach(viewer)
