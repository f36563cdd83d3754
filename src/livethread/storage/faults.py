"""What is wrong when the database fails and no code of ours is to blame: its disk, its file, or another program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DatabaseError

from livethread.errors import SetupError, StorageError

_DAMAGED: Final = {
    sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS,
}  # fmt: skip
_FULL: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_CLOSED: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_ANOTHER: Final = "or name another data folder with --data."


def fault_of(error: BaseException, place: object) -> StorageError | None:
    """What an error of the database means; None if it is the statement's, and so ours.

    Args:
        error: as SQLAlchemy or the driver raises it.
        place: where the database is, for whoever runs the server.
    """
    why = error.orig if isinstance(error, DatabaseError) else error
    code = getattr(why, "sqlite_errorcode", 0)
    plain = code & 0xFF  # the rest says more about the same
    if code in _DAMAGED or plain in _DAMAGED or str(why).startswith("Could not decode to UTF-8"):  # all of it is ASCII
        return StorageError(
            "The server's database is damaged, and this could not be read. The server's log says what to do.",
            f"The database {place} cannot be read ({why}); put a copy of it in its place, {_ANOTHER}",
        )
    if plain in _FULL:
        return StorageError(
            "The server's disk is full or fails, so this could not be stored. Try again when there is room on it.",
            f"The database {place} cannot be written ({why}): its disk is full or fails; make room, {_ANOTHER}",
            status=507,
        )
    if plain in _CLOSED:
        return StorageError(
            "The server may not write to its database, so this could not be stored. The server's log says what to do.",
            f"The database {place} cannot be written ({why}); make it and its folder writable, {_ANOTHER}",
            status=507,
        )
    if plain == sqlite3.SQLITE_BUSY:
        return StorageError(
            "Another program holds the server's database. Try again when it has let go.",
            f"The database {place} is held by another program ({why}); end that, {_ANOTHER}",
            status=503,
        )
    return None


@contextmanager
def at_the_start(place: object) -> Iterator[None]:
    """Where the database is opened: what is wrong with it is one sentence.

    Raises:
        SetupError: it is damaged, held by another program, or its disk is full.
    """
    try:
        yield
    except (DatabaseError, sqlite3.Error) as error:
        fault = fault_of(error, place)
        if fault is None:
            raise
        raise SetupError(fault.advice) from error
