"""What a database holds of one thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from livethread.domain.events import LoggedEvent
from livethread.domain.transitions import ACTIVE
from livethread.storage import tables
from livethread.storage.database import Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN


@dataclass(frozen=True)
class Rows:
    """Every row of a thread, oldest first; messages as they are stored."""

    thread: AnyRow
    messages: Sequence[AnyRow]
    runs: Sequence[AnyRow]
    steps: Sequence[AnyRow]

    @property
    def open(self) -> list[AnyRow]:
        """The messages whose text still grows."""
        return [row for row in self.messages if row.ended_seq == OPEN]

    def snapshot(self, limit: int, shown: Callable[[AnyRow], dict[str, Any]], cursor: str) -> dict[str, Any]:
        """The snapshot that wire.md asks for."""
        newest_first = self.messages[::-1]
        messages = [row for place, row in enumerate(newest_first) if place < limit or row in self.open]
        ended = [row.id for row in reversed(self.runs) if row.status not in ACTIVE][:limit]
        runs = [row for row in reversed(self.runs) if row.status in ACTIVE or row.id in ended]
        return {
            "object": "thread.snapshot",
            "thread": json.loads(self.thread.object),
            "messages": [shown(row) for row in messages],
            "has_more": len(self.messages) > limit,
            "runs": [json.loads(row.object) for row in runs],
            "run_steps": [json.loads(row.object) for row in self.steps if row.run_id in {run.id for run in runs}],
            "people": [],
            "cursor": cursor,
        }


async def stored_rows(database: Database, thread_id: str) -> Rows:
    def read(connection: Connection) -> Rows:
        def of(table: Table) -> Sequence[AnyRow]:
            found = select(table).where(table.c.thread_id == thread_id).order_by(table.c.created_seq)
            return connection.execute(found).all()

        thread = connection.execute(select(tables.threads).where(tables.threads.c.id == thread_id)).one()
        return Rows(thread, of(tables.messages), of(tables.runs), of(tables.run_steps))

    return await database.read(read)


async def stored_events(database: Database, thread_id: str, after: int = 0) -> list[LoggedEvent]:
    """The log behind a seq."""
    log = tables.events

    def read(connection: Connection) -> Sequence[AnyRow]:
        mine = select(log).where(log.c.thread_id == thread_id, log.c.seq > after)
        return connection.execute(mine.order_by(log.c.seq)).all()

    return [
        LoggedEvent(row.seq, row.tag, row.type, row.object_id, row.run_id, row.data.encode("ascii"))
        for row in await database.read(read)
    ]
