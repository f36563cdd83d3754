"""A look into a data folder that another process may be using: nothing is locked, migrated or written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from livethread.errors import SetupError
from livethread.storage import queries
from livethread.storage.faults import at_the_start
from livethread.storage.folder import database_in
from livethread.storage.tables import assistants


@contextmanager
def one_moment(folder: Path) -> Iterator[Connection | None]:
    """The database of a data folder as it is at one moment, however long that is looked at; None if there is none yet.

    Raises:
        SetupError: the database cannot be read.
    """
    file = database_in(folder)
    if not file.exists():
        yield None
        return
    engine = create_engine("sqlite://", creator=lambda: _followed(file), poolclass=NullPool)
    with at_the_start(file), engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection if inspect(connection).has_table(assistants.name) else None


def stored_assistants(folder: Path) -> list[dict[str, Any]]:
    """The assistants of a data folder, oldest first; none, where there is no folder or no database yet.

    Raises:
        SetupError: the database cannot be read.
    """
    file = database_in(folder)
    engine = create_engine("sqlite://", creator=lambda: _opened(file), poolclass=NullPool)
    try:
        if not file.exists():
            return []
        with engine.connect() as connection:
            return _assistants(connection)
    except (DatabaseError, OSError) as error:
        why = error.orig if isinstance(error, DatabaseError) else error.strerror
        raise SetupError(
            f"The database {file} cannot be read ({why}); name another data folder with --data."
        ) from error


def _assistants(connection: Connection) -> list[dict[str, Any]]:
    if not inspect(connection).has_table(assistants.name):
        return []
    return [json.loads(object) for object in queries.all_assistants(connection)]


def _opened(file: Path) -> sqlite3.Connection:
    # Without a journal the file is whole, and nobody writes it: immutable, so that not even a lock file is made.
    journal = file.with_name(f"{file.name}-wal").exists()
    return sqlite3.connect(f"{file.absolute().as_uri()}?{'mode=ro' if journal else 'immutable=1'}", uri=True)


def _followed(file: Path) -> sqlite3.Connection:
    """A connection that may stay open while a server starts, works and stops."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("SELECT * FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:  # in a folder that nobody may write
        connection.close()
        connection = _opened(file)
        connection.isolation_level = None
    return connection
