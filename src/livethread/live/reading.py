"""Reading the state of a thread: rows of one moment, and open messages with their text so far."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from livethread.domain.cursor import Cursor, Place
from livethread.errors import NotFound
from livethread.live.drafts import FileDrafts
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN

T = TypeVar("T")
S = TypeVar("S")


class _DraftEnded(Exception):
    """A message ended between the query and the look at its draft: read again."""

    def __init__(self, message_id: str) -> None:
        super().__init__(message_id)
        self.message_id = message_id


class Reading:
    """Reads that agree with the stream.

    Args:
        database: where the rows are.
        drafts: where the texts that still grow are.
    """

    def __init__(self, database: Database, drafts: FileDrafts) -> None:
        self._database = database
        self._drafts = drafts
        self._unwritten: set[str] = set()  # open messages without a draft: their owner could not write their end

    async def thread(
        self, thread_id: str, query: Callable[[Connection, AnyRow], T], build: Callable[[AnyRow, T], S]
    ) -> S:
        """Read something of a thread that is there.

        Args:
            thread_id: which thread.
            query: gets the connection and the thread's row; everything it sees is of one moment.
            build: makes the answer of the row and what the query found, with `shown` for messages.

        Raises:
            NotFound: there is no such thread, or it was deleted.
        """

        def read(connection: Connection) -> tuple[AnyRow, T]:
            row = queries.thread(connection, thread_id)
            if row is None or row.deleted_at is not None:
                raise NotFound("thread", thread_id)
            return row, query(connection, row)

        missed: set[str] = set()
        while True:
            found = await self._database.read(read)
            try:
                return build(*found)
            except _DraftEnded as ended:
                if ended.message_id in missed:
                    self._unwritten.add(ended.message_id)
                missed.add(ended.message_id)

    def again(self, found: tuple[AnyRow, T], build: Callable[[AnyRow, T], S]) -> S | None:
        """Make an answer of what was found before; None if a text has ended since, so that it must be read anew."""
        try:
            return build(*found)
        except _DraftEnded:
            return None

    def shown(self, row: AnyRow) -> tuple[str, Place | None]:
        """A message's JSON and, if its text still grows, how far it is shown."""
        if row.ended_seq != OPEN:
            return row.object, None
        draft = self._drafts.get(row.id)
        if draft is None:
            if row.id in self._unwritten:
                return row.object, (0, 0)
            raise _DraftEnded(row.id)
        place = draft.stored
        message = json.loads(row.object)
        message["content"] = draft.content(place)
        return json.dumps(message, separators=(",", ":")), place

    def messages(self, thread: AnyRow, rows: Iterable[AnyRow]) -> tuple[list[str], Cursor]:
        """Messages' JSON, and the cursor of exactly what they show."""
        texts = []
        places: dict[int, Place] = {}
        for row in rows:
            text, place = self.shown(row)
            texts.append(text)
            if place is not None:
                places[row.created_seq] = place
        return texts, Cursor(thread.seq, thread.tag, None, dict(sorted(places.items())))
