"""Rooms: threads in which several people and one assistant talk (wire.md, Socket.IO, Room protocol)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from livethread.clock import Clock
from livethread.domain.assistants import Assistant
from livethread.domain.cursor import Cursor
from livethread.domain.messages import Message
from livethread.domain.people import Person
from livethread.domain.rooms import RoomMessage, asked_of
from livethread.domain.runs import Run
from livethread.domain.threads import Thread, ThreadCreate
from livethread.domain.transitions import ACTIVE
from livethread.errors import ApiError, NotFound
from livethread.ids import Ids
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.position import OpenText, Position
from livethread.live.reading import Reading
from livethread.services.answers import Answer
from livethread.services.remembered import Remembered, Sent
from livethread.services.runs import Runs
from livethread.services.threads import begin
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.pages import Window, page_of_messages
from livethread.storage.queries import AnyRow
from livethread.storage.rooms import DEFAULT, give, thread_of
from livethread.storage.tables import OPEN

NEWEST: Final = 100
"""Messages that a newcomer is told."""

UNNAMED: Final = "assistant"
"""What an assistant is called that has no name, or is there no more."""


@dataclass(frozen=True, slots=True)
class Found:
    """A room as somebody finds it who comes in.

    Args:
        position: what it holds who knows all of this: of each open message the text so far, or none of it.
        messages: the newest, in the order of the log.
        unseen: which of them that person has not seen yet; those that are open are not among them.
        runs: those that have not ended, oldest first.
        names: of the assistants that wrote or are to write, by their ids.
        gap: whether there may be others that it has not seen, before these and behind the last that it names.
    """

    position: Position
    messages: Sequence[Message]
    unseen: frozenset[str]
    runs: Sequence[Run]
    names: Mapping[str, str]
    gap: bool = False


class _Rows(NamedTuple):
    rows: list[AnyRow]
    has_more: bool
    messages: list[Message]
    runs: list[Run]
    names: dict[str, str]
    since: int


class Rooms:
    """What a caller may ask of rooms.

    Args:
        database: where it is written which threads they are.
        log: where these are made.
        reading: where they are read.
        runs: where messages are posted and answered.
        remembered: what was posted before.
        ids: for new threads.
        clock: the time of what is posted.
        assistant_id: who answers where nobody is named; None for the server's first assistant.
    """

    def __init__(
        self,
        database: Database,
        log: ThreadLog,
        reading: Reading,
        runs: Runs,
        remembered: Remembered,
        ids: Ids,
        clock: Clock,
        assistant_id: str | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._reading = reading
        self._runs = runs
        self._remembered = remembered
        self._ids = ids
        self._clock = clock
        self._assistant_id = assistant_id

    async def known_default(self) -> str | None:
        """The thread of those who name none; None if there is none, or it was deleted."""
        return await self._database.read(lambda connection: thread_of(connection, DEFAULT))

    async def default(self) -> str:
        """The thread of those who name none; it is made for the first of them."""
        known = await self.known_default()
        if known is not None:
            return known
        thread = Thread.create(ThreadCreate(), self._ids, int(self._clock.now()))

        def change(write: ThreadWrite) -> str:
            made = thread_of(write.connection, DEFAULT)  # by somebody who came at the same moment
            if made is not None:
                return made
            begin(write, thread, ())
            give(write.connection, DEFAULT, thread.id)
            return thread.id

        return await self._log.append(thread.id, change, create=True)

    async def assistant(self, assistant_id: str | None = None) -> Assistant:
        """Who answers in a room.

        Args:
            assistant_id: as it was asked for.

        Raises:
            NotFound: there is none with this id.
            ApiError: nobody was asked for, and nobody is there.
        """
        id = assistant_id or self._assistant_id

        def read(connection: Connection) -> str | None:
            if id is None:
                return queries.first_assistant(connection)
            row = queries.assistant(connection, id)
            return None if row is None else str(row.object)

        text = await self._database.read(read)
        if text is not None:
            return Assistant.model_validate_json(text)
        if assistant_id is not None:
            raise NotFound("assistant", assistant_id)
        if id is not None:
            raise ApiError(
                f"Nobody answers here: the setting room_assistant names '{id}', and this server has no such assistant. "
                "Whoever runs it can import that assistant, or name another.",
                status=404,
            )
        raise ApiError("Nobody answers here: this server has no assistant yet. Create or import one.", status=404)

    async def post_to_default(self, message: RoomMessage, person_in: Callable[[str], Person], face: str) -> Answer:
        """Post a message into the default room; as `post`.

        Args:
            message: what was said.
            person_in: who said it, by the thread in which.
            face: where it was said.
        """
        assistant = await self.assistant()
        thread_id = await self.default()
        try:
            return await self.post(thread_id, message, person_in(thread_id), assistant.id, face)
        except NotFound:
            another = await self.default()
            if another == thread_id:
                raise
            return await self.post(another, message, person_in(another), assistant.id, face)  # it was just deleted

    async def post(self, thread_id: str, message: RoomMessage, person: Person, assistant_id: str, face: str) -> Answer:
        """Post a message, and queue the run that answers it; all or nothing, and once for the same person and id.

        Args:
            thread_id: the room.
            message: what was said.
            person: who said it.
            assistant_id: who answers.
            face: where it was said, see `livethread.domain.rooms.FACE`.

        Returns:
            The run.

        Raises:
            NotFound: no such thread or assistant.
            ApiError: a run of the thread waits for its caller, or too many wait.
        """
        said = ["room", thread_id, person.user_id, message.id]
        digest = hashlib.sha256(json.dumps(said).encode("ascii")).hexdigest()
        body = asked_of(
            message, user_id=person.user_id, name=person.name, assistant_id=assistant_id, face=face,
            now=self._clock.now(),
        )  # fmt: skip
        return await self._runs.create(thread_id, body, Sent(self._remembered, request=digest, key=digest))

    async def find(
        self, thread_id: str, *, last: str | None = None, held: Cursor | None = None, from_begin: bool = False
    ) -> Found:
        """A room as somebody finds it.

        Args:
            thread_id: which thread.
            last: the id of the last message that it was told, ours or that of its sender.
            held: the cursor of all that it was told, where we know it.
            from_begin: whether it is to be told the open messages from their first byte.

        Raises:
            NotFound: there is no such thread.
        """

        def query(connection: Connection, thread: AnyRow) -> _Rows:
            page = page_of_messages(connection, thread_id, Window(NEWEST))
            newest = page.rows[::-1]
            shown = {row.id for row in newest}
            older = [row for row in queries.open_messages(connection, thread_id, thread.seq) if row.id not in shown]
            rows = [*older, *newest]
            messages = [Message.model_validate_json(row.object) for row in rows]
            runs = [Run.model_validate_json(row.object) for row in queries.thread_runs(connection, thread_id, ACTIVE)]
            speakers = {message.assistant_id for message in messages} | {run.assistant_id for run in runs}
            names = _names(connection, {id for id in speakers if id is not None})
            is_known = held is not None and queries.event_tag(connection, thread_id, held.seq) == held.tag
            return _Rows(rows, page.has_more, messages, runs, names, held.seq if held is not None and is_known else 0)

        def build(thread: AnyRow, found: _Rows) -> Found:
            _, cursor = self._reading.messages(thread, [row for row in found.rows if row.ended_seq == OPEN])
            since = behind = found.since
            for row, message in zip(found.rows, found.messages, strict=True):
                if last is not None and row.ended_seq != OPEN and last in (message.id, message.metadata.get("id")):
                    since, behind = row.ended_seq, row.created_seq

            def is_unseen(row: AnyRow) -> bool:  # the newest are told in the order of creation, what follows as it ends
                return bool(row.ended_seq > since or row.created_seq > behind)

            opened = [
                OpenText(
                    row.created_seq, row.id, row.run_id, None,
                    (0, 0) if from_begin else cursor.places[row.created_seq],
                )
                for row in found.rows
                if row.ended_seq == OPEN
            ]  # fmt: skip
            return Found(
                Position(thread.seq, thread.tag, opened),
                found.messages,
                frozenset(row.id for row in found.rows if row.ended_seq < OPEN and is_unseen(row)),
                found.runs,
                found.names,
                gap=found.has_more and last is not None and since == 0,
            )

        return await self._reading.thread(thread_id, query, build)

    async def messages(self, thread_id: str, ids: Collection[str]) -> list[Message]:
        """Messages of a room, in the order of their ids; those that were deleted are left out.

        Args:
            thread_id: which thread.
            ids: which messages.
        """

        def read(connection: Connection) -> list[AnyRow | None]:
            return [queries.message(connection, thread_id, id) for id in ids]

        rows = await self._database.read(read)
        return [Message.model_validate_json(row.object) for row in rows if row is not None]

    async def names(self, assistant_ids: Collection[str]) -> Mapping[str, str]:
        """What assistants are called, by their ids; those that have no name, or are not there, too."""
        return await self._database.read(lambda connection: _names(connection, assistant_ids))


def _names(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    objects = queries.assistant_objects(connection, ids)
    named = {id: Assistant.model_validate_json(text).name for id, text in objects.items()}
    return {id: named.get(id) or UNNAMED for id in ids}
