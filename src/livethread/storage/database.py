"""A database that runs plain functions of a `Connection` on threads.

SQLite: one writer thread with one pinned connection, where waiting changes are committed as a group,
and a few readers, each reading one consistent snapshot. A change is all or nothing: it stands in a
savepoint of its own, so a refused one takes nothing along.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy import URL, Engine, create_engine, event, select
from sqlalchemy import Connection as Connection  # what queries take: other rooms have it from here
from sqlalchemy.exc import DatabaseError

from livethread.errors import StorageError
from livethread.storage.faults import fault_of

T = TypeVar("T")

READERS: Final = 3
GROUP: Final = 64
"""At most so many changes share a commit, so that the first of them does not wait long."""

log = structlog.get_logger()


class _Undone(Exception):
    """The database has undone the whole transaction by itself, as SQLite does when the disk is full."""


class _Change(Generic[T]):
    """One change on its way through the writer: what to run, and what came of it."""

    __slots__ = ("committed", "error", "future", "run", "value")

    def __init__(
        self, run: Callable[[Connection], T], committed: Callable[[T], None] | None, future: asyncio.Future[T]
    ) -> None:
        self.run = run
        self.committed = committed
        self.future = future
        self.value: T
        self.error: BaseException | None = None

    def attempt(self, connection: Connection) -> None:
        """Run it, and remember what it raises."""
        try:
            self.value = self.run(connection)
        except Exception as error:
            self.error = error
            raise


class Database:
    """Reads and writes, off the event loop.

    Args:
        engine: a SQLAlchemy engine whose connections begin transactions themselves; see `sqlite`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changes: SimpleQueue[_Change[Any] | None] = SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="livethread-read")
        self._writer = threading.Thread(target=self._write_all, name="livethread-write", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._told: str | None = None  # as the log was told last
        self.serving = False
        """Whether faults go to the log as well; before, whoever starts the server is told."""
        self.transactions = 0

    @classmethod
    def sqlite(cls, path: Path) -> Database:
        """The database file at this path, which must have been migrated."""
        return cls(sqlite_engine(path))

    def start(self) -> None:
        """Take up work; called on the event loop that will wait for it."""
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    async def close(self) -> None:
        """Finish the changes that wait, then let go of the file."""
        self._closing = True
        if self._writer.is_alive():
            self._changes.put(None)
            await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._readers.shutdown()
        self._engine.dispose()

    async def answers(self) -> None:
        """Come back if it can be read."""
        await self.read(lambda connection: connection.execute(select(1)))

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query in a transaction of its own: everything it sees is of one moment.

        Raises:
            StorageError: the database is damaged, or another program holds it.
        """
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def write(
        self, change: Callable[[Connection], T], committed: Callable[[T], None] | None = None
    ) -> asyncio.Future[T]:
        """Run a change in a transaction.

        Args:
            change: what to do; an exception undoes all of it and comes back to the caller.
            committed: called on the event loop with the result, in the order of the commits and also
                when nobody waits any more: the caller's request may have been cancelled meanwhile.

        Returns:
            A future of the change's result, done after the commit. A full disk and the like come back by it as a
            `StorageError`.

        Raises:
            RuntimeError: the database is closed.
        """
        assert self._loop is not None, "start() comes first"
        if self._closing:
            raise RuntimeError("the database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._changes.put(_Change(change, committed, future))
        return future

    def _read(self, query: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return query(connection)
        except DatabaseError as error:
            fault = self._fault_of(error)
            if fault is None:
                raise
            raise fault from error

    def _fault_of(self, error: BaseException) -> StorageError | None:
        """What the caller is told; whoever runs the server hears of it as well, and of a full disk but once."""
        fault = fault_of(error, self._engine.url.database)
        if self.serving and fault is not None and fault.advice != self._told:
            log.error(fault.advice)
            self._told = fault.advice
        return fault

    def _write_all(self) -> None:
        with self._engine.connect().execution_options(livethread_write=True) as connection:
            going = True
            while going:
                group: list[_Change[Any]] = []
                change = self._changes.get()
                while change is not None:
                    group.append(change)
                    if len(group) == GROUP or self._changes.empty():
                        break
                    change = self._changes.get()
                going = change is not None
                if group:
                    self._commit(connection, group)

    def _commit(self, connection: Connection, group: list[_Change[Any]]) -> None:
        try:
            with connection.begin():
                for change in group:
                    try:
                        _attempt(connection, change)
                    except Exception as error:  # whatever a change raises is its caller's
                        change.error = change.error or error
                        if not _in_transaction(connection):
                            raise _Undone from error
            self.transactions += 1
            if self._told is not None and any(change.error is None for change in group):
                self._told = None
                log.info("the database takes changes again")
        except _Undone:  # a refused change takes nothing along: the others once more, without it
            rest = [change for change in group if change.error is None]
            group = [change for change in group if change.error is not None]
            if rest:
                self._commit(connection, rest)
        except Exception as error:  # the commit itself failed: nothing of the group stands
            _roll_back(connection)
            for change in group:
                change.error = change.error or error
        for change in group:
            if change.error is not None and (fault := self._fault_of(change.error)) is not None:
                fault.__cause__, change.error = change.error, fault
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._deliver, group)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return

    @staticmethod
    def _deliver(group: Iterable[_Change[Any]]) -> None:
        for change in group:
            if change.error is None and change.committed is not None:
                try:
                    change.committed(change.value)
                except Exception:  # it is committed all the same, and the others wait to hear of theirs
                    log.exception("a commit was not told")
        for change in group:
            if change.future.cancelled():
                continue
            if change.error is None:
                change.future.set_result(change.value)
            else:
                change.future.set_exception(change.error)


def _attempt(connection: Connection, change: _Change[Any]) -> None:
    """Run a change in a savepoint of its own, by hand: SQLAlchemy would compile the statement anew each time."""
    connection.exec_driver_sql("SAVEPOINT change")
    try:
        change.attempt(connection)
    except Exception:
        if _in_transaction(connection):
            connection.exec_driver_sql("ROLLBACK TO change")
            connection.exec_driver_sql("RELEASE change")
        raise
    connection.exec_driver_sql("RELEASE change")


def _in_transaction(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(getattr(driver, "in_transaction", True))


def _roll_back(connection: Connection) -> None:
    """A commit that failed leaves SQLite in the transaction, and SQLAlchemy takes it for over."""
    with suppress(Exception):  # what is wrong with it, the next change will say
        driver: Any = connection.connection.driver_connection
        driver.rollback()


def sqlite_engine(path: Path) -> Engine:
    """An engine on a SQLite file: WAL, ``synchronous=NORMAL``, and transactions that we begin ourselves."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False},
        pool_size=READERS + 1,
        max_overflow=2,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a read snapshot
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA busy_timeout = 10000")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("livethread_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
