"""A look into a data folder that another process may be using: nothing is locked, migrated or written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from livethread.errors import SetupError
from livethread.storage import queries
from livethread.storage.folder import database_in
from livethread.storage.tables import assistants


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
