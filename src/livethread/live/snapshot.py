"""The snapshot: the state that a viewer without a usable cursor begins with (wire.md, ``thread.snapshot``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from livethread.domain.transitions import ACTIVE
from livethread.live.position import DraftOf, OpenText, Position
from livethread.live.reading import Reading
from livethread.sse import encode
from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.pages import Window, page_of_ended_runs, page_of_messages
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN

DEFAULT_LIMIT: Final = 20

KEEP: Final = 1.0
"""Seconds for which rows are kept for those who join behind each other; for longer, quiet threads would cost memory."""


def _nobody() -> str:
    return "[]"


class _Rows(NamedTuple):
    messages: list[AnyRow]
    has_more: bool
    runs: Sequence[AnyRow]
    steps: Sequence[AnyRow]


class Snapshots:
    """Makes snapshots.

    Args:
        reading: reads rows and drafts that agree.
        draft_of: finds a draft by its message's id.
    """

    def __init__(self, reading: Reading, draft_of: DraftOf) -> None:
        self._reading = reading
        self._draft_of = draft_of
        self._making: dict[tuple[str, int], asyncio.Task[tuple[bytes, Position]]] = {}
        self._read: dict[tuple[str, int], tuple[AnyRow, _Rows]] = {}

    async def take(
        self, thread_id: str, limit: int, people: Callable[[], str] = _nobody, tip: Position | None = None
    ) -> tuple[bytes, Position]:
        """The state of a thread now.

        Args:
            thread_id: which thread.
            limit: how many of the newest messages and of the ended runs; open messages and active
                runs come besides.
            people: who is there when it is made, as a JSON array.
            tip: where the thread stands, as far as is known: rows that were just read there are not read again.

        Returns:
            The ``thread.snapshot`` event as bytes, and the position of who has read it.

        Raises:
            NotFound: there is no such thread, or it was deleted.
        """
        key = (thread_id, limit)
        making = self._making.get(key)
        if making is None:  # whoever joins meanwhile is served by the same one, and pulls what has come since
            making = self._making[key] = asyncio.create_task(self._make(thread_id, limit, people, tip))
            making.add_done_callback(lambda made: self._made(key, made))
        snapshot, position = await asyncio.shield(making)
        return snapshot, position.copy()

    def _made(self, key: tuple[str, int], made: asyncio.Task[tuple[bytes, Position]]) -> None:
        del self._making[key]
        if not made.cancelled():
            made.exception()  # told to those who wait, of whom there may be none left

    async def _make(
        self, thread_id: str, limit: int, people: Callable[[], str], tip: Position | None
    ) -> tuple[bytes, Position]:
        key = (thread_id, limit)

        def query(connection: Connection, thread: AnyRow) -> _Rows:
            newest = page_of_messages(connection, thread_id, Window(limit))
            held = {row.id for row in newest.rows}
            opened = queries.open_messages(connection, thread_id, thread.seq)
            older = [row for row in reversed(opened) if row.id not in held]
            active = queries.thread_runs(connection, thread_id, ACTIVE)
            ended = page_of_ended_runs(connection, thread_id, Window(limit)).rows
            shown = sorted([*active, *ended], key=lambda row: -row.created_seq)
            steps = queries.steps_of_runs(connection, [row.id for row in shown])
            return _Rows([*newest.rows, *older], newest.has_more, shown, steps)

        def build(thread: AnyRow, rows: _Rows) -> tuple[bytes, Position]:
            texts, cursor = self._reading.messages(thread, rows.messages)
            data = (
                f'{{"object":"thread.snapshot","thread":{thread.object},"messages":[{",".join(texts)}],'
                f'"has_more":{"true" if rows.has_more else "false"},'
                f'"runs":[{",".join(row.object for row in rows.runs)}],'
                f'"run_steps":[{",".join(row.object for row in rows.steps)}],'
                f'"people":{people()},"cursor":"{cursor}"}}'
            )
            opened = [
                OpenText(row.created_seq, row.id, row.run_id, self._draft_of(row.id), cursor.places[row.created_seq])
                for row in sorted(rows.messages, key=lambda row: row.created_seq)
                if row.ended_seq == OPEN
            ]
            self._read[key] = (thread, rows)
            return encode("thread.snapshot", data, id=str(cursor)), Position(thread.seq, thread.tag, opened)

        kept = self._read.get(key)
        if kept is not None and tip is not None and (kept[0].seq, kept[0].tag) == (tip.seq, tip.tag):
            made = self._reading.again(kept, build)
            if made is not None:
                return made
        made = await self._reading.thread(thread_id, query, build)
        asyncio.get_running_loop().call_later(KEEP, self._read.pop, key, None)
        return made
