"""One client in a room: a viewer of the thread's hub, told in the words of the room protocol.

Nothing is kept for it but what it takes to tell it the rest: how far it has been told, by the hub's own cursor, the
time of the last message, which answers grow and which runs go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Mapping
from typing import Any, Final

from livethread.clock import Clock
from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.people import Person
from livethread.ids import Ids
from livethread.services.rooms import Found, Rooms
from livethread.sockets import room_entries
from livethread.sockets import room_events as events
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import event
from livethread.sockets.room_entries import Entry, bundle, entry_of, is_ms
from livethread.sockets.room_events import Event, Happened, happened
from livethread.sse import KEEP_ALIVE

DELETED: Final = "This discussion was deleted. Whatever you say next begins a new one."
DELETED_HERE: Final = "This discussion was deleted. Register again, with another thread_id or without one."

_WELCOME: Final = event("welcome")
_BUSY: Final = event("ai-start")
_IDLE: Final = event("ai-end")
_UNHEARD: Final = 32
"""Own messages that are remembered until the log has them."""


class Names:
    """What assistants are called.

    Args:
        rooms: knows those that are not known yet.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.known: dict[str, str] = {}

    async def learn(self, assistant_ids: Collection[str]) -> None:
        """Have them all known."""
        self.known.update(await self._rooms.names(assistant_ids))


class InRoom:
    """See the module, and `livethread.live.viewer.Sink`.

    Args:
        outlet: of the socket.
        person: who it is.
        streams: whether it takes answers as they grow.
        names: what assistants are called.
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
        ids: Ids,
        clock: Clock,
        anew: Callable[[], None],
        deleted: str = DELETED,
    ) -> None:
        self.person = person
        self._outlet = outlet
        self._streams = streams
        self._names = names
        self._ids = ids
        self._clock = clock
        self._anew = anew
        self._deleted = deleted
        self._first: list[bytes] = []  # packets of what is told before anything else
        self._over = False
        self._cursor = ""
        self._last_ms = 0
        self._growing: dict[str, tuple[int, bool]] = {}  # the time of each answer, and whether it is told
        self._active: set[str] = set()
        self._elsewhere: set[str] = set()  # runs whose answer this person reads from POST /stream
        self._unheard: dict[str, int] = {}  # own messages that the log does not have yet: when they were said
        self._people: Mapping[str, str] = {}

    @property
    def held(self) -> Cursor:
        """How far it has been told."""
        return cursor.parse(self._cursor)

    def begin(self, found: Found, people: Mapping[str, str], *, welcome: bool = True, note: str | None = None) -> None:
        """Have it told, first of all, what it has not seen.

        Args:
            found: the room as it was found.
            people: who is there, by user id.
            welcome: whether it has newly come.
            note: what the server has to say to it.
        """
        self._people = people
        self._names.known.update(found.names)
        self._cursor = str(found.position.cursor())
        told = [_WELCOME] if welcome else []
        items: list[bytes] = []
        starts: list[bytes] = []
        self._active = {run.id for run in found.runs}
        for message in found.messages:
            entry = entry_of(message.model_dump())
            ms = self._time(entry.ms)
            if message.id in found.unseen:
                items.append(room_entries.listed(entry, self._name(entry), ms))
            elif message.id in found.position.open and message.run_id is not None:
                starts += self._begins(entry, message.run_id, ms)
        told += room_entries.lists(items)
        if note is not None:
            told.append(self._sentence(note))
        if self._active:
            told.append(_BUSY)
        self._first = told + starts

    def expect(self, id: str, said_at: float) -> None:
        """A message of its own is about to be posted: it need not be told of it."""
        self._unheard[id] = int(said_at) if is_ms(said_at) else 0
        if len(self._unheard) > _UNHEARD:
            del self._unheard[next(iter(self._unheard))]

    def expect_no_more(self, id: str) -> None:
        """The message was not posted."""
        self._unheard.pop(id, None)

    def tell(self, sentence: str) -> Awaitable[None] | None:
        """Tell it something that concerns nobody else; what to wait for before more is told."""
        return self._outlet.write(bundle((self._sentence(sentence),)))

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand what a hub writes to the socket."""
        if self._over:
            return None
        what = happened(data) if data != KEEP_ALIVE else _NOTHING
        unknown = what.assistants - self._names.known.keys() if what.assistants else what.assistants
        if self._first or unknown:
            return _Later(lambda: self._tell_all(what, unknown))
        return self._write(what)

    async def _tell_all(self, what: Happened, unknown: Collection[str]) -> None:
        first, self._first = self._first, []
        for packet in first:
            wait = self._outlet.write(bundle((packet,)))
            if wait is not None:
                await wait
        if unknown:
            await self._names.learn(unknown)
        wait = self._write(what)
        if wait is not None:
            await wait

    def _write(self, what: Happened) -> Awaitable[None] | None:
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
            case events.People(names):
                return self._came_and_went(names)
            case events.Over():
                return [self._sentence(self._deleted), *([_IDLE] if self._active else ())]
        return ()

    def _said(self, entry: Entry) -> Iterable[bytes]:
        ms = self._time(entry.ms)
        if entry.user_id == self.person.user_id:
            if entry.id in self._unheard:
                self._last_ms = max(ms, self._unheard.pop(entry.id))  # its screen has it at its own time
                return ()
            if entry.streamed:
                return ()
        made = room_entries.message if entry.role == "user" else room_entries.answer
        return [made(entry, self._name(entry), ms)]

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

    def _came_and_went(self, names: Mapping[str, str]) -> Iterable[bytes]:
        before, self._people = self._people, names
        told = [room_entries.came(names[id], id) for id in names if id not in before]
        told += [room_entries.came(before[id], id, went=True) for id in before if id not in names]
        return told

    def _sentence(self, text: str) -> bytes:
        return room_entries.sentence(text, self._ids.new("msg"), self._time(int(self._clock.now() * 1000)))

    def _time(self, ms: int) -> int:
        """When a message was said, behind all that were told before: naive clients sort by it."""
        self._last_ms = max(ms, self._last_ms + 1)
        return self._last_ms

    def _name(self, entry: Entry) -> str:
        return self._names.known[entry.assistant_id or ""] if entry.name is None else entry.name


_NOTHING: Final = Happened((), frozenset(), None)
_UNTOLD: Final = (0, False)


class _Later:
    """Something to do once it is awaited, if it ever is."""

    def __init__(self, begin: Callable[[], Awaitable[None]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, Any, None]:
        return self._begin().__await__()
