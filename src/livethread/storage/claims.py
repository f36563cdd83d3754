"""Who may answer the calls that runs wait for, as plain functions of a `Connection`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from livethread.domain.claims import Claim
from livethread.storage.tables import claims

_HELD: Final = select(claims.c.user_id, claims.c.token, claims.c.expires_at).where(
    claims.c.run_id == bindparam("run_id")
)
_CHANGE: Final = update(claims).where(claims.c.run_id == bindparam("its_id"))
_INSERT: Final = insert(claims)
_DROP: Final = delete(claims).where(claims.c.run_id == bindparam("run_id"))


def held(connection: Connection, run_id: str) -> Claim | None:
    """The claim on a run, if there is one; it may have lapsed."""
    row = connection.execute(_HELD, {"run_id": run_id}).one_or_none()
    return None if row is None else Claim(*row)


def hold(connection: Connection, run_id: str, claim: Claim) -> None:
    """Put a claim in the place of the one that the run had, if it had one."""
    values = {"user_id": claim.user_id, "token": claim.token, "expires_at": claim.expires_at}
    if connection.execute(_CHANGE, {"its_id": run_id, **values}).rowcount == 0:
        connection.execute(_INSERT, {"run_id": run_id, **values})


def drop(connection: Connection, run_id: str) -> None:
    """The run waits no more."""
    connection.execute(_DROP, {"run_id": run_id})
