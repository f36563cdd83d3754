"""Catching up: a lagging viewer pulls what it is missing, merged, until it is level with the tip."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from livethread.domain.events import LoggedEvent
from livethread.live.position import MAX_PIECE, Beyond, Frame, Position
from livethread.live.snapshot import Snapshots
from livethread.live.tip import Tip
from livethread.live.viewer import Viewer
from livethread.sse import KEEP_ALIVE


class CatchUp:
    """Brings the lagging viewers of a thread up to its tip, each at the pace of its own connection.

    Args:
        tip: where the thread stands.
        snapshots: makes the state that a viewer without a usable cursor begins with.
        patience: seconds between the keep-alives of a viewer that is ahead of the tip.
        people: who is there, as a snapshot has it.
    """

    def __init__(self, tip: Tip, snapshots: Snapshots, patience: float, people: Callable[[], str]) -> None:
        self._tip = tip
        self._snapshots = snapshots
        self._patience = patience
        self._people = people

    async def bring(self, viewer: Viewer, wait: Awaitable[None] | None) -> bool:
        """Write what a viewer is missing, as its connection takes it.

        Args:
            viewer: which one.
            wait: what its connection waits for before it takes more.

        Returns:
            True once it is level with the tip, which must be acted on before anything is awaited;
            False if its stream is over.

        Raises:
            NotFound: the thread is gone.
        """
        while True:
            if wait is not None:
                await wait
                wait = None
            if viewer.ended or viewer.closed.done():
                return False
            moved, before = self._tip.moved, viewer.position.seq
            try:
                data = await self._missing(viewer)
            except Beyond:
                return False
            if data:
                wait = viewer.sink.write(data)
                if wait is None:
                    await asyncio.sleep(0)  # a connection that never waits must not hold the loop
            elif viewer.wants_snapshot or viewer.position.seq != before:
                continue
            elif self._level(viewer.position):
                return True
            else:  # it is ahead: of a hint that is under way, or beyond a draft that is written again
                wait = await self._until(moved, viewer)

    async def _missing(self, viewer: Viewer) -> bytes:
        """The next bytes of what lies between a viewer's position and the tip; none if there is nothing now."""
        if viewer.wants_snapshot:
            viewer.wants_snapshot = False
            snapshot, viewer.position = await self._snapshots.take(
                self._tip.thread_id, viewer.limit, self._people, self._tip.position
            )
            return snapshot
        events = await self._tip.events(viewer.position.seq)
        if viewer.wants_snapshot:  # the log was rebuilt meanwhile: these are not the events that follow
            return b""
        if not events and viewer.position.seq != self._tip.position.seq:
            self._tip.check()
        data, viewer.ended = viewer.view.render(self._between(viewer, events), MAX_PIECE)
        return data

    def _between(self, viewer: Viewer, events: list[LoggedEvent]) -> Iterator[Frame]:
        """The frames from a viewer's position to the tip's; the position moves along with them.

        Raises:
            Beyond: it holds what is not so, and a snapshot does not help it.
        """
        position, tip = viewer.position, self._tip.position
        for event in events:
            try:
                yield from position.step(event, self._tip.draft_of)
            except Beyond:
                if viewer.view.run_id is None:
                    viewer.wants_snapshot = True
                    return
                yield Frame(event.type, event.data, event.run_id, event.seq, event.tag, ())
        if position.seq != tip.seq:
            return
        for text in list(tip.open.values()):
            mine = position.open.get(text.message_id)
            if mine is None or mine.place >= text.place:
                continue
            mine.draft = text.draft
            if mine.draft is None or not mine.draft.holds(*mine.place):  # it was beyond, and off every character
                if viewer.view.run_id is not None:
                    raise Beyond
                viewer.wants_snapshot = True
                return
            yield from position.grow(text.message_id, text.place)

    def _level(self, position: Position) -> bool:
        """Whether a viewer's position is the tip's, as far as it looks."""
        tip = self._tip.position
        return position.seq == tip.seq and all(
            text.place == tip.open[text.message_id].place for text in position.open.values()
        )

    async def _until(self, moved: asyncio.Event, viewer: Viewer) -> Awaitable[None] | None:
        """Wait until the tip moves; meanwhile the connection is kept alive."""
        try:
            async with asyncio.timeout(self._patience):
                await moved.wait()
        except TimeoutError:
            return viewer.sink.write(KEEP_ALIVE)
        return None
