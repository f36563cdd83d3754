"""The database: changes in groups, each all or nothing, told in the order of their commits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from livethread.errors import StorageError
from livethread.storage.database import GROUP, Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database.sqlite(tmp_path / "a folder? #1%.db")
    database.start()
    await database.write(does("CREATE TABLE words (word TEXT PRIMARY KEY)"))
    yield database
    await database.close()


def does(statement: str, *values: Any) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        connection.exec_driver_sql(statement, values)

    return change


def adds(word: str) -> Callable[[Connection], str]:
    def change(connection: Connection) -> str:
        connection.exec_driver_sql("INSERT INTO words VALUES (?)", (word,))
        return word

    return change


def words(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT word FROM words ORDER BY rowid").scalars())


class Gate:
    """Holds the writer's thread, so that what is asked meanwhile waits together."""

    def __init__(self, database: Database) -> None:
        self._open = threading.Event()
        self._entered = threading.Event()
        self._held = database.write(self._wait)

    def _wait(self, _: Connection) -> None:
        self._entered.set()
        assert self._open.wait(10)

    async def entered(self) -> None:
        """The writer has taken its group: what is asked now is another one."""
        await asyncio.to_thread(self._entered.wait, 10)

    async def open(self) -> None:
        self._open.set()
        await self._held


async def test_changes_that_wait_together_share_a_commit(database: Database) -> None:
    gate = Gate(database)
    await gate.entered()
    before, changes = database.transactions, [database.write(adds(str(number))) for number in range(GROUP + 1)]
    await gate.open()
    assert await asyncio.gather(*changes) == [str(number) for number in range(GROUP + 1)]
    assert database.transactions == before + 3  # the one that held, a full group, and the one left over


async def test_a_refused_change_leaves_nothing_and_takes_nothing_along(database: Database) -> None:
    def refused(connection: Connection) -> None:
        adds("half")(connection)
        raise ZeroDivisionError

    gate = Gate(database)
    await gate.entered()
    changes: list[asyncio.Future[Any]] = [
        database.write(adds("one")), database.write(refused), database.write(adds("one")), database.write(adds("two")),
    ]  # fmt: skip
    await gate.open()
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert [result if isinstance(result, str) else type(result) for result in results] == [
        "one", ZeroDivisionError, IntegrityError, "two",
    ]  # fmt: skip
    assert await database.read(words) == ["one", "two"]


async def test_a_full_disk_refuses_what_does_not_fit_and_nothing_else(database: Database) -> None:
    """SQLite then undoes the whole transaction by itself, savepoints and all."""
    await database.write(does("PRAGMA max_page_count = 40"))
    gate = Gate(database)
    await gate.entered()
    told: list[str] = []
    changes = [
        database.write(adds("one"), told.append),
        database.write(adds("x" * 1_000_000), told.append),
        database.write(adds("two"), told.append),
    ]
    await gate.open()
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert [result if isinstance(result, str) else type(result) for result in results] == [
        "one", StorageError, "two",
    ]  # fmt: skip
    assert "database or disk is full" in getattr(results[1], "advice", "")
    assert told == await database.read(words) == ["one", "two"]


async def test_a_commit_that_fails_is_told_to_every_change_of_its_group_and_to_nobody_else(database: Database) -> None:
    def defers(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("INSERT INTO notes VALUES ('nobody')")

    await database.write(does("CREATE TABLE notes (word TEXT REFERENCES words (word))"))
    told: list[Any] = []
    gate = Gate(database)
    await gate.entered()
    changes: list[asyncio.Future[Any]] = [database.write(adds("one"), told.append), database.write(defers, told.append)]
    await gate.open()
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert [type(result) for result in results] == [IntegrityError] * 2
    assert (told, await database.read(words)) == ([], [])
    assert await database.write(adds("after")) == "after"


async def test_commits_are_told_in_their_order_before_any_caller_goes_on_and_also_when_it_was_cancelled(
    database: Database,
) -> None:
    told: list[str] = []
    gate = Gate(database)
    changes = [database.write(adds(str(number)), told.append) for number in range(6)]
    for change in changes[::2]:
        change.cancel()
    seen: list[int] = []
    changes[1].add_done_callback(lambda _: seen.append(len(told)))
    await gate.open()
    assert await changes[5] == "5"
    assert told == ["0", "1", "2", "3", "4", "5"] == await database.read(words)
    assert seen == [6]


async def test_a_callback_that_raises_keeps_no_other_from_being_told(database: Database) -> None:
    told: list[str] = []

    def raises(word: str) -> None:
        raise ValueError(word)

    gate = Gate(database)
    changes = [database.write(adds("one"), raises), database.write(adds("two"), told.append)]
    await gate.open()
    assert await asyncio.gather(*changes) == ["one", "two"]
    assert told == ["two"]


async def test_a_read_sees_one_moment(database: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def read(connection: Connection) -> tuple[list[str], list[str]]:
        first = words(connection)
        begun.set()
        assert written.wait(10)
        return first, words(connection)

    reading = asyncio.ensure_future(database.read(read))
    await asyncio.to_thread(begun.wait, 10)
    await database.write(adds("meanwhile"))
    written.set()
    assert await reading == ([], [])
    assert await database.read(words) == ["meanwhile"]


async def test_closing_finishes_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    file = tmp_path / "livethread.db"
    database = Database.sqlite(file)
    database.start()
    await database.write(does("CREATE TABLE words (word TEXT PRIMARY KEY)"))
    gate, told = Gate(database), list[str]()
    changes = [database.write(adds(str(number)), told.append) for number in range(5)]
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="closed"):
        database.write(adds("late"))
    await gate.open()
    await closing
    assert [change.result() for change in changes] == told == ["0", "1", "2", "3", "4"]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM words").fetchone() == (5,)
    connection.close()


async def test_a_database_that_was_never_started_can_be_closed(tmp_path: Path) -> None:
    await Database.sqlite(tmp_path / "livethread.db").close()
