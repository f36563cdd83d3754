"""Pages of lists: which rows a list has, what orders them, and the part of them that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, select, tuple_

from livethread.domain.lists import Order
from livethread.domain.transitions import ACTIVE
from livethread.storage.queries import AnyRow
from livethread.storage.tables import assistants, messages, run_steps, runs, threads


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list.

    Args:
        limit: at most so many rows.
        order: oldest or newest first.
        after: rows that follow this one in the order.
        before: rows that precede this one in the order, the nearest of them.
    """

    limit: int
    order: Order = "desc"
    after: AnyRow | None = None
    before: AnyRow | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, in the order asked for."""

    rows: Sequence[AnyRow]
    has_more: bool


def page_of_assistants(connection: Connection, window: Window) -> Page:
    """Assistants, by creation."""
    return _page(connection, assistants, [], [assistants.c.position], window)


def page_of_threads(connection: Connection, window: Window) -> Page:
    """The threads that are not deleted, by their last activity."""
    return _page(connection, threads, [threads.c.deleted_at.is_(None)], [threads.c.active_at, threads.c.id], window)


def page_of_messages(connection: Connection, thread_id: str, window: Window, run_id: str | None = None) -> Page:
    """The messages of a thread, by creation; or only those that one run wrote."""
    where = [messages.c.thread_id == thread_id]
    if run_id is not None:
        where.append(messages.c.run_id == run_id)
    return _page(connection, messages, where, [messages.c.created_seq], window)


def page_of_runs(connection: Connection, thread_id: str, window: Window) -> Page:
    """The runs of a thread, by creation."""
    return _page(connection, runs, [runs.c.thread_id == thread_id], [runs.c.created_seq], window)


def page_of_ended_runs(connection: Connection, thread_id: str, window: Window) -> Page:
    """The runs of a thread that have ended, by creation."""
    where = [runs.c.thread_id == thread_id, runs.c.status.not_in(ACTIVE)]
    return _page(connection, runs, where, [runs.c.created_seq], window)


def page_of_steps(connection: Connection, run_id: str, window: Window) -> Page:
    """The steps of a run, by creation."""
    return _page(connection, run_steps, [run_steps.c.run_id == run_id], [run_steps.c.created_seq], window)


def _page(
    connection: Connection,
    table: Table,
    where: Sequence[ColumnElement[bool]],
    keys: Sequence[Column[Any]],
    window: Window,
) -> Page:
    """One page of the rows that meet the conditions, ordered by the keys; together the keys are unique."""
    after, before = window.after, window.before
    backwards = before is not None and after is None
    conditions = list(where)
    if after is not None:
        conditions.append(_beyond(keys, after, ascending=window.order == "asc"))
    if before is not None:
        conditions.append(_beyond(keys, before, ascending=window.order == "desc"))
    ascending = (window.order == "asc") != backwards
    rows = connection.execute(
        select(table)
        .where(*conditions)
        .order_by(*((key.asc() if ascending else key.desc()) for key in keys))
        .limit(window.limit + 1)
    ).all()
    found = list(rows[: window.limit])
    return Page(found[::-1] if backwards else found, len(rows) > window.limit)


def _beyond(keys: Sequence[Column[Any]], row: AnyRow, *, ascending: bool) -> ColumnElement[bool]:
    there, here = tuple_(*keys), tuple_(*(row._mapping[key.name] for key in keys))
    beyond: ColumnElement[bool] = there > here if ascending else there < here
    return beyond
