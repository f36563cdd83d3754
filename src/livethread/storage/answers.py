"""The answers that are remembered, as plain functions of a `Connection`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from livethread.storage.queries import AnyRow
from livethread.storage.tables import answers

Place = tuple[str, int]
"""Which answer: its digest and number."""

_EXPIRE: Final = delete(answers).where(answers.c.expires_at <= bindparam("now"))
_STRIKE_OFF: Final = delete(answers).where(
    answers.c.digest == bindparam("its_digest"), answers.c.number == bindparam("its_number")
)
_NEWEST: Final = (
    select(answers).where(answers.c.digest == bindparam("digest")).order_by(answers.c.number.desc()).limit(1)
)
_INSERT: Final = insert(answers)


def expire(connection: Connection, now: int) -> None:
    """Forget the answers whose time (seconds) has come."""
    connection.execute(_EXPIRE, {"now": now})


def strike_off(connection: Connection, places: Collection[Place]) -> None:
    """Forget these answers; one that is not there any more is no error."""
    if places:
        connection.execute(_STRIKE_OFF, [{"its_digest": digest, "its_number": number} for digest, number in places])


def newest(connection: Connection, digest: str) -> AnyRow | None:
    """The newest answer with this digest."""
    return connection.execute(_NEWEST, {"digest": digest}).one_or_none()


def remember(connection: Connection, place: Place, **columns: Any) -> None:
    """Add an answer."""
    digest, number = place
    connection.execute(_INSERT, {"digest": digest, "number": number, **columns})
