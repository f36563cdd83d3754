"""From a cursor to a position: what a viewer that comes back holds, if the log can still say so."""

from __future__ import annotations

import json
from typing import NamedTuple

from livethread.domain.cursor import Cursor
from livethread.domain.transitions import TERMINAL
from livethread.errors import NotFound
from livethread.live.draft import Draft
from livethread.live.position import DraftOf, OpenText, Position, View
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN


class RunStart(NamedTuple):
    """Where a run's stream begins.

    Args:
        view: of the run.
        position: what its reader holds.
        over: the run has ended and the reader holds its end: there is nothing left to say.
    """

    view: View
    position: Position
    over: bool


class Resume:
    """Judges cursors (ARCHITECTURE, "The cursor").

    Args:
        database: where the log is.
        draft_of: finds a draft by its message's id.
    """

    def __init__(self, database: Database, draft_of: DraftOf) -> None:
        self._database = database
        self._draft_of = draft_of

    async def thread(self, thread_id: str, cursor: Cursor | None) -> tuple[Position | None, bool]:
        """What a viewer of a thread holds.

        Returns:
            Its position, None if it must begin with a snapshot; and whether the thread was deleted
            and the viewer has seen that.

        Raises:
            NotFound: no such thread; for a deleted one also when the cursor is not good.
        """

        def read(connection: Connection) -> tuple[AnyRow, list[AnyRow] | None]:
            row = queries.thread(connection, thread_id)
            if row is None:
                raise NotFound("thread", thread_id)
            if cursor is None or cursor.run is not None or not _holds(connection, thread_id, cursor):
                return row, None
            if queries.messages_gone_since(connection, thread_id, cursor.seq):
                return row, None
            return row, list(queries.open_messages(connection, thread_id, cursor.seq))

        row, opened = await self._database.read(read)
        position = None if cursor is None or opened is None else self._position(cursor, opened)
        if row.deleted_at is not None and position is None:
            raise NotFound("thread", thread_id)
        return position, row.deleted_at is not None and position is not None and position.seq == row.seq

    async def run(self, thread_id: str, run_id: str, cursor: Cursor | None) -> RunStart:
        """What a viewer of one run holds; without a usable cursor nothing: it begins at ``thread.run.created``.

        Raises:
            NotFound: no such thread or run; for a deleted thread also when the cursor is not good.
        """

        def read(connection: Connection) -> tuple[AnyRow, AnyRow, list[AnyRow] | None]:
            thread = queries.thread(connection, thread_id)
            if thread is None:
                raise NotFound("thread", thread_id)
            run = queries.run(connection, thread_id, run_id)
            if run is None:
                raise NotFound("run", run_id)
            good = (
                cursor is not None
                and cursor.run in (None, run.created_seq)
                and cursor.seq >= run.created_seq - 1
                and _holds(connection, thread_id, cursor)
                and all(row.run_id != run_id for row in queries.messages_gone_since(connection, thread_id, cursor.seq))
            )
            opened = list(queries.open_messages(connection, thread_id, cursor.seq)) if cursor and good else None
            return thread, run, opened

        thread, run, opened = await self._database.read(read)
        view = View(run_id, run.created_seq)
        view.note_status(run.status, run.status_seq)  # the hub may not have heard of it yet
        position = None if cursor is None or opened is None else self._position(cursor, opened, run_id)
        if position is None:
            if thread.deleted_at is not None:
                raise NotFound("thread", thread_id)
            return RunStart(view, Position(run.created_seq - 1, "", [], run_id), over=False)
        over = run.status in TERMINAL and position.seq >= run.status_seq
        return RunStart(view, position, over)

    def _position(self, cursor: Cursor, opened: list[AnyRow], run_id: str | None = None) -> Position | None:
        """The position of a cursor whose event is in the log; None if its text cannot be."""
        texts = [row for row in opened if run_id is None or row.run_id == run_id]
        known = {row.created_seq for row in (opened if cursor.run is None else texts)}
        if not known.issuperset(cursor.places):
            return None
        position = []
        for row in texts:
            place = cursor.places.get(row.created_seq, (0, 0))
            draft = self._draft_of(row.id) if row.ended_seq == OPEN else None
            text = draft or Draft.of("", row.id, json.loads(row.object)["content"])
            beyond_open = row.ended_seq == OPEN and place > text.end
            if not beyond_open and not text.holds(*place):
                return None
            position.append(OpenText(row.created_seq, row.id, row.run_id, draft, place))
        return Position(cursor.seq, cursor.tag, position, run_id)


def _holds(connection: Connection, thread_id: str, cursor: Cursor) -> bool:
    return queries.event_tag(connection, thread_id, cursor.seq) == cursor.tag
