"""Which threads are rooms of this server, as plain functions of a `Connection`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from livethread.storage.tables import rooms, threads

DEFAULT: Final = "default"
"""The room of those who name none."""

_THREAD: Final = (
    select(threads.c.id)
    .join(rooms, rooms.c.thread_id == threads.c.id)
    .where(rooms.c.name == bindparam("name"), threads.c.deleted_at.is_(None))
)
_CHANGE: Final = update(rooms).where(rooms.c.name == bindparam("its_name"))
_INSERT: Final = insert(rooms)


def thread_of(connection: Connection, name: str) -> str | None:
    """The thread of a room; None if it has none, any more."""
    return connection.scalar(_THREAD, {"name": name})


def give(connection: Connection, name: str, thread_id: str) -> None:
    """Give a room a thread, in the place of the one it had, if it had one."""
    if connection.execute(_CHANGE, {"its_name": name, "thread_id": thread_id}).rowcount == 0:
        connection.execute(_INSERT, {"name": name, "thread_id": thread_id})
