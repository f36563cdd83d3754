"""Every question put to the database, as plain functions of a `Connection`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, and_, bindparam, delete, func, insert, or_, select, update

from livethread.domain.events import MESSAGE_ENDS
from livethread.storage.tables import OPEN, assistants, events, leases, messages, run_steps, runs, threads

AnyRow = Row[*tuple[Any, ...]]

_INSERT: Final = {table.name: insert(table) for table in (assistants, threads, messages, runs, run_steps, events)}
_GET: Final = {
    table.name: select(table).where(table.c.id == bindparam("id"))
    for table in (assistants, threads, messages, runs, run_steps)
}
_CHANGE: Final = {
    table.name: update(table).where(table.c.id == bindparam("its_id"))
    for table in (assistants, threads, messages, runs, run_steps)
}
_LOCK_THREAD: Final = _GET["threads"].with_for_update()
_EVENTS: Final = (
    select(events.c.seq, events.c.tag, events.c.type, events.c.object_id, events.c.run_id, events.c.data)
    .where(events.c.thread_id == bindparam("thread_id"))
    .where(events.c.seq > bindparam("after"), events.c.seq <= bindparam("until"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_TAG: Final = select(events.c.tag).where(events.c.thread_id == bindparam("thread_id"), events.c.seq == bindparam("seq"))
_OPEN_AT: Final = (
    select(messages.c.id, messages.c.run_id, messages.c.created_seq, messages.c.ended_seq, messages.c.object)
    .where(messages.c.thread_id == bindparam("thread_id"))
    .where(messages.c.ended_seq > bindparam("seq"), messages.c.created_seq + 0 <= bindparam("seq"))
    .order_by(messages.c.created_seq + 0)  # plus 0: not by the index of all messages, of which few are open
)
_ENDS: Final = events.c.type.in_(MESSAGE_ENDS)
_DELETES: Final = events.c.type == "thread.message.deleted"
_GONE_SINCE: Final = (
    select(events.c.object_id, func.max(events.c.run_id).label("run_id"))
    .where(events.c.thread_id == bindparam("thread_id"), events.c.seq > bindparam("seq"))
    .where(or_(events.c.type == "thread.message.created", _ENDS, _DELETES))
    .group_by(events.c.object_id)
    .having(and_(func.count() == 2, func.count().filter(_ENDS) == 1, func.count().filter(_DELETES) == 1))
)
_THREAD_RUNS: Final = (
    select(runs)
    .where(runs.c.thread_id == bindparam("thread_id"), runs.c.status.in_(bindparam("statuses", expanding=True)))
    .order_by(runs.c.created_seq + 0)
)
_MESSAGES_OF_RUN: Final = (
    select(messages).where(messages.c.run_id == bindparam("run_id")).order_by(messages.c.created_seq)
)
_STEPS_OF_RUNS: Final = (
    select(run_steps)
    .where(run_steps.c.run_id.in_(bindparam("run_ids", expanding=True)))
    .order_by(run_steps.c.created_seq)
)
_NEWEST_MESSAGE: Final = (
    select(messages)
    .where(messages.c.thread_id == bindparam("thread_id"), messages.c.ended_seq + 0 < OPEN)
    .order_by(messages.c.created_seq.desc())  # by its index, which begins with the newest
    .limit(1)
)
_THREADS_BY_ACTIVITY: Final = (
    select(threads)
    .where(threads.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(threads.c.active_at, threads.c.id)
)
_ANY_MESSAGE: Final = select(messages.c.id).where(messages.c.thread_id == bindparam("thread_id")).limit(1)
_LEASE: Final = select(leases).where(leases.c.run_id == bindparam("run_id"))
_CHANGE_LEASE: Final = update(leases).where(leases.c.run_id == bindparam("its_id"))
_INSERT_LEASE: Final = insert(leases)
_OF_THREAD: Final = {  # only columns that the first version had: nothing is migrated where somebody only looks
    table.name: select(*(table.c[name] for name in ("id", "created_seq", "ended_seq", "object") if name in table.c))
    .where(table.c.thread_id == bindparam("thread_id"))
    .order_by(table.c.created_seq)
    for table in (messages, runs, run_steps)
}
_NEWEST_OF_THREAD: Final = {
    table.name: select(table.c.object)
    .where(table.c.thread_id == bindparam("thread_id"))
    .order_by(table.c.created_seq.desc())
    .limit(1)
    for table in (messages, runs, run_steps)
}
_THREADS_OF: Final = {
    table.name: select(table.c.id, table.c.thread_id).where(table.c.id.in_(bindparam("ids", expanding=True)))
    for table in (messages, runs, run_steps)
}
_SOME: Final = {"yield_per": 100}  # rows in memory, of a result that may be of any length
_WRITER: Final = runs.alias()
_CONVERSATION: Final = (
    select(messages, _WRITER.c.created_seq.label("run_created_seq"))
    .outerjoin(_WRITER, _WRITER.c.id == messages.c.run_id)
    .where(messages.c.thread_id == bindparam("thread_id"))
    .where(
        or_(
            and_(_WRITER.c.id.is_(None), messages.c.created_seq < bindparam("created")),
            and_(_WRITER.c.created_seq < bindparam("behind"), messages.c.ended_seq <= bindparam("started")),
        )
    )
    .order_by(messages.c.created_seq)
)


def assistant(connection: Connection, assistant_id: str) -> AnyRow | None:
    """An assistant, if there is one with this id."""
    return _get(connection, assistants, assistant_id)


def thread(connection: Connection, thread_id: str) -> AnyRow | None:
    """A thread, if there is one with this id; a deleted one too, until it is forgotten."""
    return _get(connection, threads, thread_id)


def message(connection: Connection, thread_id: str, message_id: str) -> AnyRow | None:
    """A message of this thread, if it has one with this id."""
    row = _get(connection, messages, message_id)
    return row if row is not None and row.thread_id == thread_id else None


def run(connection: Connection, thread_id: str, run_id: str) -> AnyRow | None:
    """A run of this thread, if it has one with this id."""
    row = _get(connection, runs, run_id)
    return row if row is not None and row.thread_id == thread_id else None


def step(connection: Connection, run_id: str, step_id: str) -> AnyRow | None:
    """A step of this run, if it has one with this id."""
    row = _get(connection, run_steps, step_id)
    return row if row is not None and row.run_id == run_id else None


def _get(connection: Connection, table: Table, id: str) -> AnyRow | None:
    return connection.execute(_GET[table.name], {"id": id}).one_or_none()


def add_assistant(connection: Connection, assistant_id: str, object: str) -> None:
    """Add an assistant, behind all others in the order of creation."""
    position = (connection.scalar(select(func.max(assistants.c.position))) or 0) + 1
    add(connection, assistants, id=assistant_id, position=position, object=object)


def change_assistant(connection: Connection, assistant_id: str, object: str) -> bool:
    """Put another object in an assistant's place; whether it was there."""
    return change(connection, assistants, assistant_id, object=object)


def remove_assistant(connection: Connection, assistant_id: str) -> bool:
    """Remove an assistant; whether it was there."""
    return remove(connection, assistants, assistant_id)


def assistant_objects(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The assistants with these ids, as JSON by id."""
    rows = connection.execute(select(assistants.c.id, assistants.c.object).where(assistants.c.id.in_(ids)))
    return {row.id: row.object for row in rows}


def all_assistants(connection: Connection) -> list[str]:
    """Every assistant as JSON, oldest first."""
    return list(connection.scalars(select(assistants.c.object).order_by(assistants.c.position)))


def first_assistant(connection: Connection) -> str | None:
    """The oldest assistant as JSON, if there is any."""
    return connection.scalar(select(assistants.c.object).order_by(assistants.c.position).limit(1))


def add(connection: Connection, table: Table, **values: Any) -> None:
    """Add a row."""
    connection.execute(_INSERT[table.name], values)


def add_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, at least one; all have the same columns."""
    connection.execute(_INSERT[table.name], rows)


def change(connection: Connection, table: Table, id: str, **values: Any) -> bool:
    """Change columns of the row with this id; whether it was there."""
    return connection.execute(_CHANGE[table.name], {"its_id": id, **values}).rowcount == 1


def remove(connection: Connection, table: Table, id: str) -> bool:
    """Remove the row with this id; whether it was there."""
    return connection.execute(delete(table).where(table.c.id == id)).rowcount == 1


def lock_thread(connection: Connection, thread_id: str) -> AnyRow | None:
    """The thread's row, locked until the transaction ends (SQLite locks the whole file instead)."""
    return connection.execute(_LOCK_THREAD, {"id": thread_id}).one_or_none()


def add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to a log; only `ThreadLog.append` does this."""
    add_all(connection, events, rows)


def events_between(connection: Connection, thread_id: str, after: int, until: int, limit: int) -> Sequence[AnyRow]:
    """The events with ``after < seq <= until``, at most ``limit`` of them."""
    return connection.execute(_EVENTS, {"thread_id": thread_id, "after": after, "until": until, "limit": limit}).all()


def event_tag(connection: Connection, thread_id: str, seq: int) -> str | None:
    """The tag of one event, if the log holds it."""
    return connection.scalar(_TAG, {"thread_id": thread_id, "seq": seq})


def open_messages(connection: Connection, thread_id: str, seq: int) -> Sequence[AnyRow]:
    """The messages whose text was growing at this seq; ``ended_seq`` says whether it still is."""
    return connection.execute(_OPEN_AT, {"thread_id": thread_id, "seq": seq}).all()


def messages_gone_since(connection: Connection, thread_id: str, seq: int) -> Sequence[AnyRow]:
    """The messages whose text was growing at this seq and that were deleted later: only the log knows of them."""
    return connection.execute(_GONE_SINCE, {"thread_id": thread_id, "seq": seq}).all()


def thread_runs(connection: Connection, thread_id: str, statuses: Collection[str]) -> Sequence[AnyRow]:
    """The runs of a thread in one of these states, oldest first."""
    return connection.execute(_THREAD_RUNS, {"thread_id": thread_id, "statuses": list(statuses)}).all()


def runs_in(connection: Connection, statuses: Collection[str]) -> Sequence[AnyRow]:
    """The runs of all threads in one of these states, oldest first within a thread."""
    return connection.execute(
        select(runs).where(runs.c.status.in_(statuses)).order_by(runs.c.thread_id, runs.c.created_seq)
    ).all()


def messages_of_run(connection: Connection, run_id: str) -> Sequence[AnyRow]:
    """The messages that a run wrote, oldest first."""
    return connection.execute(_MESSAGES_OF_RUN, {"run_id": run_id}).all()


def steps_of_runs(connection: Connection, run_ids: Collection[str]) -> Sequence[AnyRow]:
    """The steps of these runs, oldest first."""
    return connection.execute(_STEPS_OF_RUNS, {"run_ids": list(run_ids)}).all()


def conversation(connection: Connection, thread_id: str, run: AnyRow) -> Sequence[AnyRow]:
    """What a run sees (ARCHITECTURE, "What a run sees"), oldest first.

    Every message that no run wrote, logged before the run was created, and the messages that runs
    created earlier, and not beside it in a parallel turn, had finished when it started. Beside each
    message stands ``run_created_seq``.
    """
    values = {
        "thread_id": thread_id, "created": run.created_seq, "started": run.started_seq, "behind": behind(run),
    }  # fmt: skip
    return connection.execute(_CONVERSATION, values).all()


def behind(run: AnyRow) -> int:
    """The seq before which the runs were created that a run comes behind.

    What these wrote it may see, and it waits for them unless its policy lets it pass. The runs of a parallel turn all
    come behind the same: none of them behind another.
    """
    seq: int = run.created_seq if run.siblings_seq is None else run.siblings_seq
    return seq


def has_messages(connection: Connection, thread_id: str) -> bool:
    """Whether anything was said in a thread."""
    return connection.execute(_ANY_MESSAGE, {"thread_id": thread_id}).one_or_none() is not None


def newest_message(connection: Connection, thread_id: str) -> AnyRow | None:
    """The newest message whose text no longer grows."""
    return connection.execute(_NEWEST_MESSAGE, {"thread_id": thread_id}).one_or_none()


def created_message(connection: Connection, thread_id: str, message_id: str) -> AnyRow | None:
    """Where a message of this thread was created, also one that was deleted since: the log knows."""
    return connection.execute(
        select(events.c.object_id.label("id"), events.c.seq.label("created_seq"))
        .where(events.c.thread_id == thread_id, events.c.object_id == message_id)
        .where(events.c.type == "thread.message.created")
    ).one_or_none()


def has_threads(connection: Connection) -> bool:
    """Whether there is any thread, or was until a while ago."""
    return connection.execute(select(threads.c.id).limit(1)).one_or_none() is not None


def all_threads(connection: Connection) -> Iterator[AnyRow]:
    """Every thread that is not deleted, least active first, one by one."""
    found = select(threads).where(threads.c.deleted_at.is_(None)).order_by(threads.c.active_at, threads.c.id)
    yield from connection.execute(found, execution_options=_SOME)


def threads_by_activity(connection: Connection, ids: Collection[str]) -> Sequence[AnyRow]:
    """These threads, those that are deleted too, the least active first."""
    return connection.execute(_THREADS_BY_ACTIVITY, {"ids": list(ids)}).all()


def of_thread(connection: Connection, table: Table, thread_id: str) -> Iterator[AnyRow]:
    """A thread's messages, runs or steps, oldest first, one by one."""
    yield from connection.execute(_OF_THREAD[table.name], {"thread_id": thread_id}, execution_options=_SOME)


def newest_of_thread(connection: Connection, thread_id: str) -> list[str]:
    """The newest message, run and step of a thread, as JSON, if it has any."""
    found = (connection.scalar(query, {"thread_id": thread_id}) for query in _NEWEST_OF_THREAD.values())
    return [object for object in found if object is not None]


def threads_of(connection: Connection, table: Table, ids: Collection[str]) -> dict[str, str]:
    """Which of these messages, runs or steps there are: their threads by their ids."""
    return {row.id: row.thread_id for row in connection.execute(_THREADS_OF[table.name], {"ids": list(ids)})}


def threads_among(connection: Connection, ids: Collection[str]) -> dict[str, bool]:
    """Which of these threads there are, and whether they were deleted."""
    rows = connection.execute(select(threads.c.id, threads.c.deleted_at).where(threads.c.id.in_(ids)))
    return {row.id: row.deleted_at is not None for row in rows}


def lease(connection: Connection, run_id: str) -> AnyRow | None:
    """Who owns a run, by which fence."""
    return connection.execute(_LEASE, {"run_id": run_id}).one_or_none()


def set_lease(connection: Connection, run_id: str, **values: Any) -> None:
    """Note who owns a run, until when (seconds), by which fence."""
    if connection.execute(_CHANGE_LEASE, {"its_id": run_id, **values}).rowcount == 0:
        connection.execute(_INSERT_LEASE, {"fence": 0, "lease_until": 0, "run_id": run_id} | values)


def renew_leases(connection: Connection, owner: str, until: int) -> None:
    """Hold on to everything that this owner has."""
    connection.execute(update(leases).where(leases.c.owner == owner).values(lease_until=until))


def unowned_runs(connection: Connection, now: int) -> Sequence[AnyRow]:
    """The runs in progress that nobody works on: their lease was given back, or has lapsed."""
    return connection.execute(
        select(runs)
        .join(leases, leases.c.run_id == runs.c.id)
        .where(runs.c.status == "in_progress", or_(leases.c.owner.is_(None), leases.c.lease_until < now))
    ).all()


def release_all(connection: Connection) -> None:
    """Void every lease: the lock on the data folder proves that no owner is left."""
    connection.execute(update(leases).values(owner=None, lease_until=0))


def threads_deleted_before(connection: Connection, moment: int) -> list[str]:
    """The tombstones older than this (seconds)."""
    return list(
        connection.scalars(select(threads.c.id).where(threads.c.deleted_at.is_not(None), threads.c.deleted_at < moment))
    )


def purge_thread(connection: Connection, thread_id: str) -> None:
    """Forget a deleted thread and its log."""
    connection.execute(
        delete(leases).where(leases.c.run_id.in_(select(runs.c.id).where(runs.c.thread_id == thread_id)))
    )
    for table in (events, messages, run_steps, runs):
        connection.execute(delete(table).where(table.c.thread_id == thread_id))
    connection.execute(delete(threads).where(threads.c.id == thread_id))
