"""The stage: what an import has read, in a file that is gone when it is closed, until all of it has been judged.

So a file may be in any order, and none of it is in memory. Items belong together by thread; an assistant stands alone,
and its own id is in the place of the thread's.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from livethread.ids import is_id
from livethread.transfer.shapes import PREFIXES, Arrived

KINDS: Final = tuple(PREFIXES)
ASSISTANT, THREAD, MESSAGE, RUN, STEP = range(len(KINDS))

BATCH: Final = 500
"""Rows that are looked at, or written, at a time."""

_FILE: Final = "livethread-import-"
_TABLES: Final = """
CREATE TABLE items (
    position INTEGER PRIMARY KEY, line INTEGER, kind INTEGER, id TEXT, thread TEXT, run TEXT, at INTEGER, status TEXT,
    ended_here INTEGER, stored INTEGER DEFAULT 0, activity TEXT, object TEXT
);
CREATE TABLE refusals (line INTEGER, thread TEXT, id TEXT, reason TEXT);
CREATE TABLE refused (thread TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_INDEXES: Final = """
CREATE INDEX by_id ON items (id);
CREATE INDEX by_thread ON items (thread, kind, at, position);
CREATE INDEX by_run ON items (run) WHERE run IS NOT NULL;
CREATE TABLE threads AS
    SELECT thread AS id, min(line) AS line, 0 AS stored, 0 AS due FROM items WHERE kind > 0 GROUP BY thread;
CREATE UNIQUE INDEX thread_by_id ON threads (id);
"""


def printable(text: str) -> str:
    """The beginning of a text from a file, fit for a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:500])


class Item(NamedTuple):
    """What is known of an item without looking into it."""

    position: int
    line: int
    kind: int
    id: str
    thread: str
    run: str | None
    at: int
    status: str | None
    activity: str | None
    object: str


class Standing(NamedTuple):
    """How the items of one kind stand.

    Args:
        oldest: the earliest of their times.
        newest: the latest.
        newest_first: how many more of them stand right before an older than before a newer one.
    """

    oldest: int
    newest: int
    newest_first: int


_ITEM: Final = ", ".join(Item._fields)


class Stage:
    """See the module.

    Args:
        connection: of a SQLite file that nobody else knows.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[Any, ...]] = []
        self._position = 0
        self._before: tuple[str, int, int] = ("", 0, 0)
        self.newest_first: Counter[int] = Counter()
        """For each kind, how many more items of the file stand right before an older than before a newer one."""
        connection.executescript(_TABLES)
        connection.execute("BEGIN")

    def put(self, line: int, arrived: Arrived, text: str) -> None:
        """Add what was read on this line."""
        record, at, kind = arrived.record, arrived.ordered_at, KINDS.index(arrived.kind)
        thread = "" if kind == ASSISTANT else getattr(record, "thread_id", record.id)
        if self._before[:2] == (thread, kind):
            self.newest_first[kind] += (at < self._before[2]) - (at > self._before[2])
        self._before = (thread, kind, at)
        self._position += 1
        self._waiting.append((
            self._position, line, kind, record.id, thread or record.id, getattr(record, "run_id", None), at,
            getattr(record, "status", None), arrived.ended_here,
            None if arrived.activity is None else json.dumps(arrived.activity), text,
        ))  # fmt: skip
        if len(self._waiting) == BATCH:
            self._put_waiting()

    def _put_waiting(self) -> None:
        self._connection.executemany(
            "INSERT INTO items (position, line, kind, id, thread, run, at, status, ended_here, activity, object) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._waiting,
        )
        self._waiting.clear()

    def full(self) -> None:
        """Everything is here: from now on it may be looked at."""
        self._put_waiting()
        for statement in _INDEXES.split(";\n"):
            self._connection.execute(statement)

    def refuse(self, line: int, thread: str | None, reason: str, id: str | None = None) -> None:
        """Note why something is refused, and refuse its thread, if it is known, as a whole."""
        told = (name if name is not None and is_id(name) else None for name in (thread, id))
        self._connection.execute("INSERT INTO refusals VALUES (?, ?, ?, ?)", (line, *told, printable(reason)))
        if thread is not None:
            self.refuse_thread(thread)

    def refuse_thread(self, thread: str) -> None:
        """Import nothing of this thread."""
        self._connection.execute("INSERT OR IGNORE INTO refused VALUES (?)", (thread,))

    def rows(self, query: str, *values: Any) -> Iterator[Any]:
        """The rows that a query finds, one by one."""
        yield from self._connection.execute(query, values)

    def one(self, query: str, *values: Any) -> Any:
        """The first value of the first row that a query finds; None where there is none."""
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def change(self, statement: str, values: Iterable[Iterable[Any]] = ((),)) -> None:
        """Change what is on the stage, once for each row of values."""
        self._connection.executemany(statement, (tuple(row) for row in values))

    def batches(self, table: str, columns: str, where: str, key: str) -> Iterator[list[Any]]:
        """Rows in the order of a unique key that comes first among the columns, some at a time; they may be changed."""
        last: Any = -1 if key == "position" else ""
        query = f"SELECT {columns} FROM {table} WHERE {key} > ? AND {where} ORDER BY {key} LIMIT {BATCH}"
        while rows := self._connection.execute(query, (last,)).fetchall():
            yield rows
            last = rows[-1][0]

    def items(self, thread: str, kind: int, newest_first: bool) -> Iterator[Item]:
        """The items of a thread that are to be imported, by time; ties as they came, or the other way round."""
        order = "at, position DESC" if newest_first else "at, position"
        found = self._connection.execute(
            f"SELECT {_ITEM} FROM items WHERE thread = ? AND kind = ? AND stored = 0 ORDER BY {order}", (thread, kind)
        )
        return map(Item._make, found)

    def assistants(self) -> Iterator[Item]:
        """The assistants that are to be imported, by time; ties as most of them came."""
        order = "at, position DESC" if self.newest_first[ASSISTANT] > 0 else "at, position"
        found = self._connection.execute(
            f"""SELECT {_ITEM} FROM items WHERE kind = {ASSISTANT} AND stored = 0
            AND thread NOT IN (SELECT thread FROM refused) ORDER BY {order}"""
        )
        return map(Item._make, found)

    def thread(self, thread: str) -> Item | None:
        """The thread's own item, stored already or not; None where the file has only what belongs to it."""
        row = self._connection.execute(f"SELECT {_ITEM} FROM items WHERE id = ?", (thread,)).fetchone()
        return None if row is None else Item._make(row)

    def stands(self, thread: str) -> dict[int, Standing]:
        """How a thread's items stand in the file, by their kinds."""
        found = self._connection.execute(
            """SELECT kind, min(at), max(at), sum(at < before) - sum(at > before) FROM (
                SELECT kind, at, lag(at, 1, at) OVER (PARTITION BY kind ORDER BY position) AS before
                FROM items WHERE thread = ?
            ) GROUP BY kind""",
            (thread,),
        )
        return {kind: Standing(*row) for kind, *row in found}

    @classmethod
    @contextmanager
    def opened(cls, folder: Path | None) -> Iterator[Self]:
        """An empty stage, whose file has no name any more: whatever ends this process, nothing is left of it.

        Args:
            folder: where the file lies; None for where temporary files are kept.
        """
        for stale in folder.glob(f"{_FILE}*") if folder else ():  # killed before its name was taken away
            stale.unlink()
        handle, file = tempfile.mkstemp(prefix=_FILE, dir=folder)
        os.close(handle)
        with closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as connection:
            for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32000"):
                connection.execute(f"PRAGMA {setting}")
            stage = cls(connection)
            os.unlink(file)
            yield stage
