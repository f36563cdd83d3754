"""The way into rooms: who comes, under which name, into which thread; and when the default room goes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import partial
from typing import Any, Protocol

import structlog

from livethread.clock import Clock
from livethread.domain.people import Person
from livethread.domain.rooms import Register, free_name
from livethread.errors import ApiError, NotFound
from livethread.ids import Ids
from livethread.live.hubs import Hubs
from livethread.live.places import Places
from livethread.live.position import View
from livethread.live.viewer import Viewer
from livethread.services.rooms import NEWEST, Rooms
from livethread.services.threads import Threads
from livethread.sockets import room_entries
from livethread.sockets.outlet import Outlet
from livethread.sockets.room import DELETED, DELETED_HERE, InRoom, Names

log = structlog.get_logger()


class Guest(Protocol):
    """A client of the room protocol, as far as the lobby has to do with it."""

    @property
    def outlet(self) -> Outlet:
        """Where it is told."""
        ...

    def anew(self) -> None:
        """All that it was told from its cursor on is to be told again."""
        ...

    def lost(self) -> None:
        """The hub has let go of it."""
        ...

    async def follow(self) -> None:
        """Its room was deleted, and there is another one."""
        ...


class Stay:
    """A client in a room, until it leaves.

    Args:
        thread_id: the room.
        is_default: whether it is there because it named no thread.
        sink: what it is told by.
        viewer: of the hub.
        stack: what to undo when it leaves.
        place: the one that it takes.
    """

    def __init__(
        self,
        thread_id: str,
        is_default: bool,
        sink: InRoom,
        viewer: Viewer,
        stack: ExitStack,
        place: ExitStack,
    ) -> None:
        self.thread_id = thread_id
        self.is_default = is_default
        self.sink = sink
        self.viewer = viewer
        self._stack = stack
        self._place: ExitStack | None = place

    @property
    def is_over(self) -> bool:
        """Whether the hub has let go of it."""
        return self.viewer.closed.done()

    def give_place(self) -> ExitStack | None:
        """Its place, for the one that comes instead of it; None if it has none any more."""
        place, self._place = self._place, None
        return place

    def leave(self) -> None:
        """Be there no more."""
        self._stack.close()
        place = self.give_place()
        if place is not None:
            place.close()


class Lobby:
    """See the module.

    Args:
        rooms: what can be done in them.
        threads: where the default room's is deleted.
        hubs: where viewers attach.
        places: how many there is room for.
        ids: for what the server itself has to say.
        clock: when it says so.
        empty_seconds: so long after the last one has left the default room its thread is deleted; None for never.
    """

    def __init__(
        self,
        rooms: Rooms,
        threads: Threads,
        hubs: Hubs,
        places: Places,
        ids: Ids,
        clock: Clock,
        empty_seconds: float | None = None,
    ) -> None:
        self.rooms = rooms
        self._threads = threads
        self._hubs = hubs
        self._places = places
        self._ids = ids
        self._clock = clock
        self._empty_seconds = empty_seconds
        self._names = Names(rooms)
        self._door = asyncio.Lock()
        self._waiting: set[Guest] = set()  # whose default room was deleted
        self._entering = 0
        self._deleting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._note_leave()  # nobody is there yet

    async def enter(self, guest: Guest, said: Register, before: Stay | None, *, welcome: bool = True) -> Stay:
        """Let a client into a room.

        Args:
            guest: the client.
            said: as whom, and which room.
            before: where it has been.
            welcome: whether it has newly come.

        Raises:
            NotFound: there is no such thread or assistant.
            ApiError: there is nobody to answer, or no place.
        """
        if self._deleting is not None:
            await asyncio.wait([self._deleting])
        self._entering += 1
        try:
            if welcome:  # who was there stays, though nobody answers any more
                self._names.note(await self.rooms.assistant(said.assistant_id))
            thread_id = said.thread_id or await self.rooms.default()
            async with self._door:
                return await self._enter(guest, said, thread_id, before, welcome=welcome)
        finally:
            self._entering -= 1

    async def _enter(self, guest: Guest, said: Register, thread_id: str, before: Stay | None, *, welcome: bool) -> Stay:
        """One at a time: two of one name are told apart, and what is read for all who come is not heaped up."""
        is_default = said.thread_id is None
        known = before.sink if before is not None and before.thread_id == thread_id and said.last is None else None
        with ExitStack() as place, ExitStack() as stack:
            given = before.give_place() if before is not None and before.thread_id == thread_id else None
            place.enter_context(self._places.taken(thread_id) if given is None else given)
            held = None if known is None else known.held
            found = await self.rooms.find(thread_id, last=said.last, held=held, from_begin=said.stream)
            hub = self._hubs.of(thread_id)
            people = hub.presence.people
            name = free_name(said.name, people.taken(said.user_id))
            sink = InRoom(
                guest.outlet, Person(said.user_id, name), streams=said.stream, names=self._names,
                read=partial(self.rooms.messages, thread_id), ids=self._ids, clock=self._clock, anew=guest.anew,
                deleted=DELETED if is_default else DELETED_HERE,
            )  # fmt: skip
            viewer = await hub.attach(sink, View(), found.position, limit=NEWEST, person=sink.person)
            if is_default:
                stack.callback(self._note_leave)
            stack.callback(hub.detach, viewer)
            told = before is not None and before.sink.person.name == name
            note = (
                ""
                if told or name == said.name
                else f"The name {said.name} is taken here: the others see you as {name}."
            )
            there = {person.user_id: person.name for person in people.listed()}
            sink.begin(found, there, before=known, note=note)
            if welcome:
                sink.welcome()
            viewer.closed.add_done_callback(lambda _: guest.lost())
            self._waiting.discard(guest)
            if is_default:
                self._gather()
            return Stay(thread_id, is_default, sink, viewer, stack.pop_all(), place.pop_all())

    def sentence(self, text: str) -> bytes:
        """The packet of what the server has to say to a client that is in no room."""
        return room_entries.sentence(text, self._ids.new("msg"), int(self._clock.now() * 1000))

    def wait(self, guest: Guest) -> None:
        """Its default room was deleted: it follows into the next one as soon as somebody begins that."""
        self._waiting.add(guest)

    def forget(self, guest: Guest) -> None:
        """It has gone."""
        self._waiting.discard(guest)

    def visited(self) -> None:
        """Somebody has posted into the default room without coming in: that begins it as well, and is to be seen."""
        self._gather()
        self._note_leave()

    def _gather(self) -> None:
        for guest in tuple(self._waiting):
            self._waiting.discard(guest)
            self.do(guest.follow())

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Begin nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        for task in (*self._tasks, *([self._deleting] if self._deleting else ())):
            task.cancel()
        await asyncio.gather(*self._tasks, *([self._deleting] if self._deleting else ()), return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("room failed", exc_info=error)

    # -- the default room when it is empty -----------------------------------------------------

    def _note_leave(self) -> None:
        if self._empty_seconds is not None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(self._empty_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deleting is None:
            self._deleting = asyncio.create_task(self._delete_if_empty())
            self._deleting.add_done_callback(self._deleted)

    def _deleted(self, task: asyncio.Task[None]) -> None:
        self._deleting = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("default room not deleted", exc_info=error)
            self._note_leave()

    async def _delete_if_empty(self) -> None:
        thread_id = await self.rooms.known_default()
        if thread_id is None:
            return
        if self._entering or self._hubs.watched(thread_id):
            self._note_leave()  # they look on by other faces, or have come back: once they leave, it is due again
            return
        try:
            await self._threads.delete(thread_id)
        except NotFound:
            return  # somebody was faster
        log.info("default room deleted", thread_id=thread_id)


def not_registered() -> ApiError:
    """What who speaks before it has registered is told."""
    return ApiError(
        "Register first: emit 'register' with your 'user_id' and 'name', then send the message again.",
        code="not_registered",
    )
