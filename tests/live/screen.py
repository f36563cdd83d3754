"""A screen: the connection of one viewer, and what its reader makes of the bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Generator
from typing import Any

from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.people import Person
from livethread.live.position import View
from livethread.live.viewer import Viewer
from livethread.sse import Decoder, Event
from tests.live.stage import Stage, until


class Once:
    """Waits for a connection to drain; like a coroutine it can be awaited once.

    Args:
        drained: when it has.
    """

    def __init__(self, drained: asyncio.Future[None]) -> None:
        self._drained = drained
        self._awaited = False

    def __await__(self) -> Generator[Any, Any, None]:
        assert not self._awaited
        self._awaited = True
        return self._drained.__await__()


class Screen:
    """Takes bytes as a connection does, can be full, and is read with the decoder that our clients use.

    Args:
        stage: where it looks.
        run_id: the run it looks at; the whole thread with None.
    """

    def __init__(self, stage: Stage, run_id: str | None = None) -> None:
        self.stage = stage
        self.run_id = run_id
        self.events: list[Event] = []
        self.raw = b""
        self.writes = 0
        self.full = False
        self.over = False  # there was nothing left to say: 204
        self.last_id: str | None = None
        self._viewer: Viewer | None = None
        self._decoder = Decoder()
        self._drained: asyncio.Future[None] | None = None

    @property
    def viewer(self) -> Viewer:
        """The hub's side of it."""
        assert self._viewer is not None
        return self._viewer

    def write(self, data: bytes) -> Awaitable[None] | None:
        """See `livethread.live.viewer.Sink`."""
        assert self._drained is None, "written to while it was full"
        self.writes += 1
        self.raw += data
        self.events += self._decoder.feed(data)
        if not self.full:
            return None
        self._drained = asyncio.get_running_loop().create_future()
        return Once(self._drained)

    async def look(
        self, last_id: str | None = None, *, limit: int = 20, snapshot: bool = True, person: Person | None = None
    ) -> Screen:
        """Attach as the streams of the API do, and take the snapshot if there is to be one."""
        self._decoder, self._drained = Decoder(last_event_id=last_id or ""), None
        given = cursor.parse(last_id) if last_id else None
        await self._attach(given, limit=limit, snapshot=snapshot or last_id is not None, person=person)
        return self

    async def _attach(self, given: Cursor | None, *, limit: int, snapshot: bool, person: Person | None) -> None:
        stage, hub = self.stage, self.stage.hub
        if self.run_id is None:
            position, self.over = await stage.resume.thread(stage.thread_id, given)
            view = View()
        else:
            view, position, self.over = await stage.resume.run(stage.thread_id, self.run_id, given)
        if not self.over:
            hub = stage.hub
            self._viewer = await hub.attach(self, view, position, limit=limit, snapshot=snapshot, person=person)
            if position is None and snapshot:
                await until(lambda: self.events or self.suspended or self.ended)

    def leave(self, *, unread: int = 0) -> None:
        """Cut the connection; so many of the last bytes were never read."""
        if self._viewer is not None:
            self.stage.hub.detach(self._viewer)
        decoder = Decoder()
        read = self.raw[: len(self.raw) - unread]
        self.events = decoder.feed(read)
        self.last_id = decoder.last_event_id or None
        self.raw = b""

    def drain(self) -> None:
        """The connection takes more again."""
        self.full = False
        if self._drained is not None:
            drained, self._drained = self._drained, None
            if not drained.done():
                drained.set_result(None)

    @property
    def suspended(self) -> bool:
        """Whether it has said that it takes no more."""
        return self._drained is not None and not self._drained.done()

    @property
    def ended(self) -> bool:
        """Whether the hub has let it go."""
        return self.over or (self._viewer is not None and self._viewer.closed.done())

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way to it."""
        return self._viewer is None or self.viewer.level or self.suspended or self.ended

    @property
    def types(self) -> list[str]:
        """The types of the events, deltas left out."""
        return [event.type for event in self.events if event.type != "thread.message.delta"]

    def text(self, message_id: str | None = None) -> str:
        """All deltas (of one message), joined."""
        return "".join(
            part["text"]["value"] if part["type"] == "text" else part["refusal"]
            for data in self.data("thread.message.delta")
            if message_id in (None, data["id"])
            for part in data["delta"]["content"]
        )

    def data(self, type: str) -> list[Any]:
        """What the events of one type carry."""
        return [json.loads(event.data) for event in self.events if event.type == type]


async def settled(stage: Stage, *screens: Screen) -> None:
    """Wait until the hub has reached log and drafts, and every screen the hub (unless it is full)."""
    async with asyncio.timeout(10):
        while True:
            seq = (await stage.events())[-1].seq
            hub = stage.hub
            tip = hub._tip
            reached = tip.loaded.done() and tip.position.seq == seq
            grown = all(text.place == text.draft.stored for text in tip.position.open.values() if text.draft)
            calm = hub._writing is None and not hub._due and not stage.drafts._waiting
            if stage.bus.lossy:
                tip.check()  # what the timer does every 2 s
            if reached and grown and calm and all(screen.at_rest for screen in screens):
                return
            await asyncio.sleep(0)


async def level(*screens: Screen) -> None:
    """Wait until these are level with their hub."""
    await until(lambda: all(screen.viewer.level for screen in screens))
