"""One client in a room: a viewer of the thread's hub, told in the words of the room protocol.

Nothing is kept for it but what it takes to tell it the rest: how far it has been told, by the hub's own cursor, the
time of the last message, which answers grow and which runs go on; and of a history that is more than one packet, which
messages are still to be read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from livethread.clock import Clock
from livethread.domain import cursor
from livethread.domain.assistants import Assistant
from livethread.domain.cursor import Cursor
from livethread.domain.messages import Message
from livethread.domain.people import Person
from livethread.ids import Ids
from livethread.live.people import SHOWN
from livethread.services.rooms import NEWEST, UNNAMED, Found, Rooms
from livethread.sockets import room_entries
from livethread.sockets import room_events as events
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle, event
from livethread.sockets.room_entries import Entry, bundle, entry_of, is_ms
from livethread.sockets.room_events import Event, Happened, happened
from livethread.sse import KEEP_ALIVE

DELETED: Final = "This discussion was deleted. Whatever you say next begins a new one."
DELETED_HERE: Final = "This discussion was deleted. Register again, with another thread_id or without one."
MISSED: Final = f"Only the newest {NEWEST} messages follow; before them there are others that you have missed."

_WELCOME: Final = event("welcome")
_BUSY: Final = event("ai-start")
_IDLE: Final = event("ai-end")


Read = Callable[[Collection[str]], Awaitable[Sequence[Message]]]
"""Reads messages of the room by their ids; those that were deleted are left out."""


class Names:
    """What assistants are called.

    Args:
        rooms: knows those that are not known yet, or have another name by now.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._learning: dict[Collection[str], asyncio.Task[None]] = {}
        self.known: dict[str, str] = {}

    def note(self, assistant: Assistant) -> None:
        """This is one of them."""
        self.known[assistant.id] = assistant.name or UNNAMED

    async def learn(self, assistant_ids: frozenset[str]) -> None:
        """Have them all known, by the names that they have now; all who ask at once are told by one read."""
        if assistant_ids not in self._learning:
            self._learning[assistant_ids] = asyncio.create_task(self._learn(assistant_ids))
        await asyncio.shield(self._learning[assistant_ids])

    async def _learn(self, assistant_ids: frozenset[str]) -> None:
        try:
            self.known.update(await self._rooms.names(assistant_ids))
        finally:
            del self._learning[assistant_ids]


class _Unread(NamedTuple):
    """Messages of one packet that are read once it is their turn, by their ids, each with its time."""

    times: Mapping[str, int]


class InRoom:
    """See the module, and `livethread.live.viewer.Sink`.

    Args:
        outlet: of the socket.
        person: who it is.
        streams: whether it takes answers as they grow.
        names: what assistants are called.
        read: reads messages of the room.
        ids: for what the server itself has to say.
        clock: when it says so.
        anew: called when all that was told from its cursor on is to be told again.
        deleted: what it is told when the thread is gone.
    """

    def __init__(
        self,
        outlet: Outlet,
        person: Person,
        *,
        streams: bool,
        names: Names,
        read: Read,
        ids: Ids,
        clock: Clock,
        anew: Callable[[], None],
        deleted: str = DELETED,
    ) -> None:
        self.person = person
        self._outlet = outlet
        self._streams = streams
        self._names = names
        self._read = read
        self._ids = ids
        self._clock = clock
        self._anew = anew
        self._deleted = deleted
        self._first: deque[bytes | _Unread] = deque()  # what is told before anything else
        self._over = False
        self._cursor = ""
        self._last_ms = 0
        self._growing: dict[str, tuple[int, bool]] = {}  # the time of each answer, and whether it is told
        self._active: set[str] = set()
        self._elsewhere: set[str] = set()  # runs whose answer this person reads from POST /stream
        self._unheard: dict[str, tuple[int, asyncio.Future[int]]] = {}  # own ones that it has not come to in the log
        self._people: Mapping[str, str] = {}

    @property
    def held(self) -> Cursor:
        """How far it has been told."""
        return cursor.parse(self._cursor)

    def begin(self, found: Found, people: Mapping[str, str], *, before: InRoom | None = None, note: str = "") -> None:
        """Have it told, first of all, what it has not seen.

        Args:
            found: the room as it was found.
            people: who is there, by user id.
            before: by which it was told of the same room up to now; then it is told what is different.
            note: what the server has to say to it.
        """
        was_busy = False
        self._people = people
        if before is not None:
            self._people, was_busy = before._people, bool(before._active)
            self._last_ms, self._unheard = before._last_ms, before._unheard
            self._elsewhere = before._elsewhere
            self._first.extend(before._first)  # it has not taken all of that yet
        self._names.known.update(found.names)
        self._cursor = str(found.position.cursor())
        self._active = {run.id for run in found.runs}
        listed: list[tuple[str, Entry, int]] = []
        starts: list[bytes] = []
        for message in found.messages:
            entry, is_open = entry_of(message.model_dump()), message.id in found.position.open
            if before is not None and not is_open and message.id not in found.unseen:
                continue  # it has its time
            known = before._growing.get(message.id) if before is not None else None
            own = self._own(entry)
            ms = self._time(entry.ms) if known is None else known[0]
            if own is not None:
                self._pass(own, ms)
            elif message.id in found.unseen:
                listed.append((message.id, entry, ms))
            elif is_open and message.run_id is not None:
                starts += self._begins(entry, message.run_id, ms)
        if found.gap and listed:
            self._first.append(self._sentence_at(MISSED, listed[0][2]))
        self._first.extend(self._lists(listed))
        if note:
            self._first.append(self._sentence(note))
        if bool(self._active) != was_busy:
            self._first.append(_IDLE if was_busy else _BUSY)
        self._first.extend(starts)

    def welcome(self) -> None:
        """Before all that, it is to be welcomed."""
        self._first.appendleft(_WELCOME)

    def fall_silent(self) -> None:
        """It is told no more by this; what it has been told stays known."""
        self._over = True

    def expect(self, id: str, said_at: float) -> asyncio.Future[int]:
        """A message of its own is about to be posted: it need not be told of it.

        Args:
            id: the client's.
            said_at: milliseconds by its clock, at which its own screen has it.

        Returns:
            When it was said, as all others are told, once it has come to it in the log.
        """
        _, passed = self._unheard[id] = (
            int(said_at) if is_ms(said_at) else 0,
            asyncio.get_running_loop().create_future(),
        )
        return passed

    def expect_no_more(self, id: str) -> None:
        """The message was not posted, or before."""
        self._unheard.pop(id, None)

    def tell(self, sentence: str) -> Awaitable[None] | None:
        """Tell it something that concerns nobody else; what to wait for before more is told."""
        return self._outlet.write(bundle((self._sentence(sentence),)))

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand what a hub writes to the socket."""
        if self._over:
            return None
        what = happened(data) if data != KEEP_ALIVE else _NOTHING
        unknown = what.asked | (what.speakers - self._names.known.keys()) if what.speakers or what.asked else what.asked
        if self._first or unknown:
            return _Later(lambda: self._tell_all(what, unknown))
        return self._write(what)

    async def _tell_all(self, what: Happened, unknown: frozenset[str]) -> None:
        while self._first and not self._over:
            packet = await self._packet(self._first[0])
            if self._over:  # whoever comes instead of this tells the rest
                return
            self._first.popleft()
            wait = self._outlet.write(packet) if packet is not None else None
            if wait is not None:
                await wait
        if unknown:
            await self._names.learn(unknown)
        wait = self._write(what)
        if wait is not None:
            await wait

    async def _packet(self, first: bytes | _Unread) -> Bundle | None:
        if isinstance(first, bytes):
            return bundle((first,))
        items = []
        for message in await self._read(first.times):
            entry = entry_of(message.model_dump())
            items.append(room_entries.listed(entry, self._name(entry), first.times[message.id]))
        return Bundle([room_entries.listing(items)]) if items else None

    def _lists(self, listed: Sequence[tuple[str, Entry, int]]) -> Iterable[bytes | _Unread]:
        """What is listed, as it is if that is one packet; of more only what it takes to read it again is kept."""

        def item(entry: Entry, ms: int) -> bytes:
            return room_entries.listed(entry, self._name(entry), ms)

        sizes = [len(item(entry, ms)) for _, entry, ms in listed]
        if sum(sizes) <= room_entries.AT_ONCE:
            return [room_entries.listing(item(entry, ms) for _, entry, ms in listed)] if listed else ()
        parts = room_entries.parts((((id, ms), size) for (id, _, ms), size in zip(listed, sizes, strict=True)))
        return [_Unread(dict(part)) for part in parts]

    def _write(self, what: Happened) -> Awaitable[None] | None:
        if self._over:
            return None
        packets: list[bytes] = []
        for each in what.events:
            if isinstance(each, events.Anew):
                self._over = True
                self._anew()
                break
            packets += self._told(each)
        else:
            self._cursor = what.cursor or self._cursor
        return self._outlet.write(bundle(tuple(packets))) if packets else None

    def _told(self, each: Event) -> Iterable[bytes]:
        """The packets that tell it of something, and what there is to remember of that."""
        match each:
            case events.Grows(message_id, packet):
                return [packet] if self._streams and self._growing.get(message_id, _UNTOLD)[1] else ()
            case events.Said(entry):
                return self._said(entry)
            case events.Begins(entry, run_id):
                return self._begins(entry, run_id, self._time(entry.ms))
            case events.Ends(entry):
                return self._ends(entry)
            case events.RunIs():
                return self._runs(each)
            case events.People(names, joined):
                return self._came_and_went(names, joined)
            case events.Over():
                return [self._sentence(self._deleted), *([_IDLE] if self._active else ())]
        return ()

    def _said(self, entry: Entry) -> Iterable[bytes]:
        own = self._own(entry)
        ms = self._time(entry.ms)
        if own is not None:
            self._pass(own, ms)
            return ()
        if entry.streamed and entry.user_id == self.person.user_id:
            return ()
        made = room_entries.message if entry.role == "user" else room_entries.answer
        return [made(entry, self._name(entry), ms)]

    def _own(self, entry: Entry) -> tuple[int, asyncio.Future[int]] | None:
        """Of a message that this very client has posted just now, and has on its screen: when, by its clock."""
        return self._unheard.pop(entry.id, None) if entry.user_id == self.person.user_id else None

    def _pass(self, own: tuple[int, asyncio.Future[int]], ms: int) -> None:
        said_at, passed = own
        self._last_ms = max(ms, said_at)
        if not passed.done():
            passed.set_result(ms)

    def _begins(self, entry: Entry, run_id: str, ms: int) -> Iterable[bytes]:
        is_told = run_id not in self._elsewhere
        self._growing[entry.message_id] = ms, is_told
        return [room_entries.start(entry, self._name(entry), ms)] if self._streams and is_told else ()

    def _ends(self, entry: Entry) -> Iterable[bytes]:
        ms, is_told = self._growing.pop(entry.message_id, _UNTOLD)
        if not is_told:
            return ()
        if self._streams:
            return [room_entries.end(entry.message_id)]
        return [room_entries.answer(entry, self._name(entry), ms)] if entry.text else ()

    def _runs(self, run: events.RunIs) -> Iterable[bytes]:
        was_busy, mine = bool(self._active), run.user_id == self.person.user_id
        if run.active:
            self._active.add(run.run_id)
            if run.streamed and mine:
                self._elsewhere.add(run.run_id)
        else:
            self._active.discard(run.run_id)
            self._elsewhere.discard(run.run_id)
        told = [self._sentence(run.fault)] if run.fault is not None and mine and not run.streamed else []
        if bool(self._active) != was_busy:
            told.append(_IDLE if was_busy else _BUSY)
        return told

    def _came_and_went(self, names: Mapping[str, str], joined: Collection[str]) -> Iterable[bytes]:
        before, self._people = self._people, names
        were_all = len(before) < SHOWN  # else who is listed now may have been there before
        told = [room_entries.came(names[id], id) for id in names if id not in before and (were_all or id in joined)]
        told += [room_entries.came(before[id], id, went=True) for id in before if id not in names]
        return told

    def _sentence(self, text: str) -> bytes:
        return self._sentence_at(text, self._time(int(self._clock.now() * 1000)))

    def _sentence_at(self, text: str, ms: int) -> bytes:
        return room_entries.sentence(text, self._ids.new("msg"), ms)

    def _time(self, ms: int) -> int:
        """When a message was said: behind all that it was told before, and before its own that come later in the log.

        Naive clients sort by it, and have what they say themselves on their screen at once, at their own time.
        """
        least = self._last_ms + 1
        most = min((said_at for said_at, _ in self._unheard.values()), default=0) - 1
        self._last_ms = max(least, min(ms, most) if most >= least else ms)
        return self._last_ms

    def _name(self, entry: Entry) -> str:
        return self._names.known[entry.assistant_id or ""] if entry.name is None else entry.name


_NOTHING: Final = Happened((), frozenset(), frozenset(), None)
_UNTOLD: Final = (0, False)


class _Later:
    """Something to do once it is awaited, if it ever is."""

    def __init__(self, begin: Callable[[], Awaitable[None]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, Any, None]:
        return self._begin().__await__()
