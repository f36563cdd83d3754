"""One page of a list, between the objects whose ids a caller names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table

from livethread.errors import ApiError
from livethread.services.answers import ListQuery
from livethread.storage import queries
from livethread.storage.queries import AnyRow, Page

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def page_of(
    connection: Connection,
    table: Table,
    where: ColumnElement[bool] | None,
    keys: Sequence[Column[Any]],
    query: ListQuery,
    *,
    noun: str,
    find: Callable[[str], AnyRow | None],
) -> Page:
    """The page that a query asks for.

    Args:
        connection: of a transaction that sees one moment.
        table: where the rows are.
        where: which of them.
        keys: the columns that order them.
        query: limit, order, and where the page begins.
        noun: what the objects are called.
        find: the row with an id, if it stands in this list.

    Raises:
        ApiError: ``after`` or ``before`` is no object of this list.
    """

    def place(param: str, id: str | None) -> AnyRow | None:
        if id is None:
            return None
        row = find(id) if _ID.fullmatch(id) else None
        if row is None:
            raise ApiError(f"No {noun} found with id '{id[:128]}'.", param=param)
        return row

    return queries.page(
        connection, table, where, keys,
        limit=query.limit, order=query.order,
        after=place("after", query.after), before=place("before", query.before),
    )  # fmt: skip
