"""The hub: one live thread in this process. Tip of the log, open drafts, viewers.

It is itself a cursor on log and drafts: it subscribes first, reads second, and drops what it already
has. A viewer that is level with it is handed the shared bytes in one sweep; one whose connection does
not take them at once is *lagging*: nothing is kept for it but its cursor, and when its connection
drains it pulls what is missing, merged, until it has reached the hub's position again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

import structlog
from sqlalchemy import Connection

from livethread.domain.events import RUN_ENDS, LoggedEvent
from livethread.errors import NotFound
from livethread.live.bus import Bus, Hint
from livethread.live.position import MAX_PIECE, Beyond, DraftOf, Frame, OpenText, Position, View
from livethread.live.snapshot import DEFAULT_LIMIT, Snapshots
from livethread.live.viewer import Sink, Viewer
from livethread.sse import KEEP_ALIVE, encode
from livethread.storage import queries
from livethread.storage.database import Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import runs, threads

SWEEP_SLICE: Final = 0.002
"""Seconds of writing after which a sweep lets the loop do other work."""

KEEP_ALIVE_EVERY: Final = 15.0
"""Seconds between keep-alives."""

LOOK_EVERY: Final = 2.0
"""Seconds after which a hub looks for itself, where the bus can lose."""

BATCH: Final = 200
"""Events read from the log at a time."""

RECENT: Final = 64
"""Events kept in memory, so that a viewer that is a little behind needs no query."""

BEHIND: Final = 0.005
"""Seconds between wanting to sweep and sweeping after which the loop counts as behind."""

WINDOWS: Final = (0.0, 0.033, 0.05, 0.1)
"""Seconds in which pieces are joined, growing while the loop is behind."""

DONE: Final = encode("done", "[DONE]")

log = structlog.get_logger()


class Hub:
    """See the module.

    Args:
        thread_id: which thread.
        database: where its log is.
        draft_of: finds a draft by its message's id.
        bus: where hints come from.
        snapshots: makes the state that a viewer without a usable cursor begins with.
        emptied: called when the last viewer has left.
    """

    def __init__(
        self,
        thread_id: str,
        database: Database,
        draft_of: DraftOf,
        bus: Bus,
        snapshots: Snapshots,
        emptied: Callable[[Hub], None],
    ) -> None:
        self.thread_id = thread_id
        self._database = database
        self._draft_of = draft_of
        self._snapshots = snapshots
        self._emptied = emptied
        self._loop = asyncio.get_running_loop()
        self._bus = bus
        self._position = Position(0, "", [])
        self._viewers: set[Viewer] = set()
        self._views: dict[str | None, View] = {}
        self._recent: deque[LoggedEvent] = deque(maxlen=RECENT)
        self._moved = asyncio.Event()
        self._heard: list[LoggedEvent] = []
        self._writing: Iterator[None] | None = None
        self._woken: float | None = None
        self._swept = 0.0
        self._window = 0
        self._reading: asyncio.Task[None] | None = None
        self._pulls: set[asyncio.Task[None]] = set()
        self._attaching = 0
        self._unsubscribe = bus.subscribe(thread_id, self._hear)
        self._timers = [self._loop.call_later(KEEP_ALIVE_EVERY, self._keep_alive)]
        if bus.lossy:
            self._timers.append(self._loop.call_later(LOOK_EVERY, self._look))
        self._ready = self._loop.create_task(self._load())

    @property
    def viewers(self) -> int:
        """How many look on."""
        return len(self._viewers)

    async def attach(
        self, sink: Sink, view: View, start: Position | None, *, limit: int = DEFAULT_LIMIT, snapshot: bool = True
    ) -> Viewer:
        """Take in a viewer.

        Args:
            sink: where its bytes go.
            view: what it looks at.
            start: what it holds, if anything.
            limit: how many of the newest messages and runs a snapshot shows.
            snapshot: who holds nothing begins with a snapshot, else with what is happening now.

        Raises:
            NotFound: the thread is gone.
        """
        self._attaching += 1
        view = self._views.setdefault(view.run_id, view)
        view.users += 1
        try:
            await asyncio.shield(self._ready)
            await self._learn_status(view)
            preface = b""
            if start is None and not snapshot:
                start, preface = await self._introduction()
            viewer = Viewer(sink, view, start or self._position.copy(view.run_id), limit)
            viewer.wants_snapshot = start is None
            self._viewers.add(viewer)
        except BaseException:
            self._let_go(view)
            raise
        finally:
            self._attaching -= 1
            self._leave_if_empty()
        self._pull(viewer, sink.write(preface or KEEP_ALIVE))  # first bytes at once, whatever follows
        return viewer

    def detach(self, viewer: Viewer) -> None:
        """Let a viewer go."""
        viewer.close()
        viewer.level = False
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._let_go(viewer.view)
            self._leave_if_empty()

    def close(self) -> None:
        """Send every viewer away; they come back by cursor."""
        for viewer in tuple(self._viewers):
            self.detach(viewer)

    def wake(self) -> None:
        """Something grew: sweep before the loop waits again, or when the window has passed."""
        if self._woken is None and self._writing is None:
            now = self._loop.time()
            due = max(now, self._swept + WINDOWS[self._window])
            self._woken = due
            if due > now:
                self._loop.call_at(due, self._sweep)
            else:
                self._loop.call_soon(self._sweep)

    async def _learn_status(self, view: View) -> None:
        """Of a run it matters whether the run waits for its caller."""
        run_id = view.run_id
        if run_id is not None and view.status_seq == 0:
            row = await self._database.read(lambda connection: queries.get(connection, runs, run_id))
            if row is not None:
                view.note_status(row.status, row.status_seq)

    def _let_go(self, view: View) -> None:
        view.users -= 1
        if view.users == 0:
            self._views.pop(view.run_id, None)

    async def _introduction(self) -> tuple[Position, bytes]:
        """For who wants no snapshot: where we stand now, and what it takes to follow each open draft.

        Only the last frame has an id: before it, not all of the position is held.
        """
        position = self._position.copy()
        frames: list[tuple[str, bytes]] = []
        for text in list(position.open.values()):
            created = text.created_seq
            events = await self._read_events(created - 1, min(created + 1, position.seq))
            frames.extend((event.type, event.data) for event in events if event.object_id == text.message_id)
            if text.draft is not None:
                place, text.place = text.place, (0, 0)
                frames.extend((frame.type, frame.data) for frame in position.grow(text.message_id, place))
        ids = [None] * (len(frames) - 1) + [str(position.cursor())]
        return position, b"".join(encode(type, data, id=id) for (type, data), id in zip(frames, ids, strict=False))

    # -- following the log ---------------------------------------------------------------------

    def _hear(self, hint: Hint) -> None:
        self._heard.extend(hint.events)
        self.wake()

    async def _load(self) -> None:
        """Read where the log stands, having subscribed before."""

        def read(connection: Connection) -> tuple[int, str, list[OpenText], list[LoggedEvent]]:
            row = queries.get(connection, threads, self.thread_id)
            if row is None:
                raise NotFound("thread", self.thread_id)
            opened = [
                OpenText(message.created_seq, message.id, message.run_id, None)
                for message in queries.open_messages(connection, self.thread_id, row.seq)
            ]
            recent = _logged(queries.events_between(connection, self.thread_id, row.seq - RECENT // 4, row.seq, RECENT))
            return row.seq, row.tag, opened, recent

        seq, tag, opened, recent = await self._database.read(read)
        for text in opened:
            text.draft = self._draft_of(text.message_id)
            if text.draft is not None:
                text.place = text.draft.stored
        self._position = Position(seq, tag, opened)
        self._recent = deque(recent, maxlen=RECENT)
        self._moved.set()
        self.wake()

    def _look(self) -> None:
        """Where the bus can lose, the last hint leaves no gap: compare for ourselves."""
        self._timers.append(self._loop.call_later(LOOK_EVERY, self._look))
        self._read_log()

    def _read_log(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = self._loop.create_task(self._catch_up_with_log())

    async def _catch_up_with_log(self) -> None:
        """Something is odd: read the log from where we stand, or anew if it is another log."""
        seq, tag = self._position.seq, self._position.tag

        def read(connection: Connection) -> tuple[bool, list[LoggedEvent]]:
            same = seq == 0 or queries.event_tag(connection, self.thread_id, seq) == tag
            return same, _logged(queries.events_between(connection, self.thread_id, seq, seq + BATCH, BATCH))

        same, events = await self._database.read(read)
        if same:
            self._heard.extend(events)
            self.wake()
            return
        await self._load()
        for viewer in self._viewers:
            viewer.wants_snapshot = True
            if viewer.level:
                self._fall_back(viewer, self._position, None)

    def _next_events(self) -> list[LoggedEvent]:
        """The heard events that continue our position; a gap or a contradiction sends us to the log."""
        if not self._heard:
            return []
        heard, self._heard = sorted(self._heard, key=lambda event: event.seq), []
        known = {event.seq: event.tag for event in self._recent}
        known[self._position.seq] = self._position.tag
        seq = self._position.seq
        following: list[LoggedEvent] = []
        for event in heard:
            if event.seq == seq + 1:
                following.append(event)
                seq = event.seq
                known[seq] = event.tag
            elif event.seq > seq or known.get(event.seq, event.tag) != event.tag:
                self._read_log()
        return following

    # -- the sweep -----------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Move on, and hand what is new to every viewer that is level."""
        now = self._loop.time()
        late = now - (self._woken or now)
        self._woken = None
        self._swept = now
        self._window = min(self._window + 1, len(WINDOWS) - 1) if late > BEHIND else max(self._window - 1, 0)
        if not self._ready.done() or self._writing is not None:
            return
        level = [viewer for viewer in self._viewers if viewer.level]
        frames = self._advance(level)
        if frames:
            self._moved.set()
            self._moved = asyncio.Event()
            payloads = {view.run_id: self._payload(view, frames) for view in self._views.values()}
            self._writing = self._write(level, payloads)
            self._go_on()

    def _advance(self, level: list[Viewer]) -> list[Frame]:
        """Move the hub's own position to the tip of log and drafts."""
        frames: list[Frame] = []
        events = self._next_events()
        for event in events:
            self._recent.append(event)
            view = self._views.get(event.run_id)
            if view is not None and event.object_id == event.run_id and event.type != "thread.run.updated":
                view.note_status(event.type.removeprefix("thread.run."), event.seq)
        for event in events:
            try:
                frames.extend(self._position.step(event, self._draft_of))
            except Beyond:
                # What they were shown is not what is stored: they begin anew.
                frames.append(Frame(event.type, event.data, event.run_id, event.seq, event.tag, ()))
                for viewer in level:
                    if viewer.view.run_id is None:
                        viewer.wants_snapshot = True
        for text in list(self._position.open.values()):
            if text.draft is None:
                text.draft = self._draft_of(text.message_id)
            if text.draft is not None:
                frames.extend(self._position.grow(text.message_id, text.draft.stored))
        return frames

    def _payload(self, view: View, frames: list[Frame]) -> tuple[bytes, bool]:
        """What all level viewers of one view get, and whether it is the last they get."""
        data: list[bytes] = []
        for frame in frames:
            if view.passes(frame):
                data.append(frame.sse(view))
                if self._ends(view, frame):
                    if view.run_id is not None:
                        data.append(DONE)
                    return b"".join(data), True
        return b"".join(data), False

    def _ends(self, view: View, frame: Frame) -> bool:
        """Whether a stream ends behind this frame (wire.md, Streams)."""
        if view.run_id is None:
            return frame.type == "thread.deleted"
        if frame.type == "thread.run.requires_action":
            return frame.seq == view.waits_at
        return frame.type in RUN_ENDS

    def _write(self, level: list[Viewer], payloads: dict[str | None, tuple[bytes, bool]]) -> Iterator[None]:
        began = self._loop.time()
        for viewer in level:
            if not viewer.level:
                continue
            if viewer.wants_snapshot:
                self._fall_back(viewer, self._position, None)
                continue
            data, last = payloads[viewer.view.run_id]
            if data:
                viewer.ended = last
                wait = viewer.sink.write(data)
                if wait is not None:
                    self._fall_back(viewer, self._position, wait)
                elif last:
                    self.detach(viewer)
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
            self.wake()

    def _keep_alive(self) -> None:
        self._timers[0] = self._loop.call_later(KEEP_ALIVE_EVERY if self._writing is None else 0.1, self._keep_alive)
        if self._writing is not None:  # a viewer that the sweep has not reached yet must not fall back now
            return
        self._writing = self._write(
            [viewer for viewer in self._viewers if viewer.level],
            dict.fromkeys(self._views, (KEEP_ALIVE, False)),
        )
        self._go_on()

    # -- catching up ---------------------------------------------------------------------------

    def _fall_back(self, viewer: Viewer, held: Position, wait: Awaitable[None] | None) -> None:
        """From now on the viewer is lagging: it holds this position and pulls the rest."""
        viewer.level = False
        viewer.position = held.copy(viewer.view.run_id)
        self._pull(viewer, wait)

    def _pull(self, viewer: Viewer, wait: Awaitable[None] | None) -> None:
        task = self._loop.create_task(self._catch_up(viewer, wait))
        self._pulls.add(task)
        task.add_done_callback(self._pulls.discard)

    async def _catch_up(self, viewer: Viewer, wait: Awaitable[None] | None) -> None:
        """Write what a viewer is missing, merged, as its connection takes it, until it is level."""
        try:
            while True:
                if wait is not None:
                    await wait
                if viewer.ended or viewer.closed.done():
                    self.detach(viewer)
                    return
                moved = self._moved
                data = await self._missing(viewer)
                if data:
                    wait = viewer.sink.write(data)
                    if wait is None:
                        await asyncio.sleep(0)  # a connection that never waits must not hold the loop
                elif viewer.wants_snapshot:
                    continue
                elif self._same(viewer.position):
                    viewer.level = viewer in self._viewers
                    return
                else:  # it is ahead: of a hint that is under way, or beyond a draft that is written again
                    await moved.wait()
                    wait = None
        except NotFound:
            self.detach(viewer)
        except Exception:
            log.exception("viewer lost", thread_id=self.thread_id)
            self.detach(viewer)

    def _same(self, position: Position) -> bool:
        """Whether a viewer's position is the hub's, as far as it looks."""
        return position.seq == self._position.seq and all(
            text.place == self._position.open[text.message_id].place for text in position.open.values()
        )

    async def _missing(self, viewer: Viewer) -> bytes:
        """The next bytes of what lies between a viewer's position and the hub's; none if there is nothing now."""
        if viewer.wants_snapshot:
            viewer.wants_snapshot = False
            snapshot, viewer.position = await self._snapshots.take(self.thread_id, viewer.limit)
            return snapshot
        position = viewer.position
        if position.seq > self._position.seq:
            self._read_log()
        events = await self._events(position.seq) if position.seq < self._position.seq else []
        data = bytearray()
        for frame in self._between(viewer, events):
            if viewer.view.passes(frame):
                data += frame.sse(viewer.view)
                if self._ends(viewer.view, frame):
                    viewer.ended = True
                    if viewer.view.run_id is not None:
                        data += DONE
                    break
            if len(data) >= MAX_PIECE:
                break
        return bytes(data)

    def _between(self, viewer: Viewer, events: list[LoggedEvent]) -> Iterator[Frame]:
        position = viewer.position
        for event in events:
            try:
                yield from position.step(event, self._draft_of)
            except Beyond:
                if viewer.view.run_id is None:
                    viewer.wants_snapshot = True
                    return
                yield Frame(event.type, event.data, event.run_id, event.seq, event.tag, ())
        if position.seq == self._position.seq:
            for text in list(self._position.open.values()):
                mine = position.open.get(text.message_id)
                if mine is not None:
                    mine.draft = text.draft
                    yield from position.grow(text.message_id, text.place)

    async def _events(self, after: int) -> list[LoggedEvent]:
        """The next events behind a seq, up to the hub's own."""
        until = self._position.seq
        if self._recent and self._recent[0].seq <= after + 1:
            return [event for event in self._recent if after < event.seq <= until]
        return await self._read_events(after, until)

    async def _read_events(self, after: int, until: int) -> list[LoggedEvent]:
        return await self._database.read(
            lambda connection: _logged(queries.events_between(connection, self.thread_id, after, until, BATCH))
        )

    def _leave_if_empty(self) -> None:
        if not self._viewers and not self._attaching:
            self._unsubscribe()
            for timer in self._timers:
                timer.cancel()
            self._emptied(self)


def _logged(rows: Iterable[AnyRow]) -> list[LoggedEvent]:
    return [
        LoggedEvent(row.seq, row.tag, row.type, row.object_id, row.run_id, row.data.encode("ascii")) for row in rows
    ]
