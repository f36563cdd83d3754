"""What is stored, read from the database itself: nothing of a thread is there by halves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from livethread.domain.fold import Fold
from livethread.storage.folder import database_in
from livethread.storage.tables import OPEN

Rows = list[sqlite3.Row]


@contextmanager
def reading(data: Path) -> Iterator[sqlite3.Connection]:
    """One moment of the database of a data folder, also while a server works on it."""
    with closing(sqlite3.connect(f"{database_in(data).as_uri()}?mode=ro", uri=True, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("BEGIN")
        yield database


def thread_rows(database: sqlite3.Connection, thread_id: str) -> dict[str, Rows]:
    """A thread's log and rows, but for what differs from one writing to the next: tags, and when it was active."""
    asked = {
        "thread": "SELECT seq, deleted_at, opening, last_message, object FROM threads WHERE id = ?",
        "events": "SELECT seq, type, object_id, run_id, data FROM events WHERE thread_id = ? ORDER BY seq",
        "messages": "SELECT * FROM messages WHERE thread_id = ? ORDER BY created_seq",
        "runs": "SELECT * FROM runs WHERE thread_id = ? ORDER BY created_seq",
        "run_steps": "SELECT * FROM run_steps WHERE thread_id = ? ORDER BY created_seq",
    }
    return {name: database.execute(question, [thread_id]).fetchall() for name, question in asked.items()}


def events_with(database: sqlite3.Connection, text: str, verb: str) -> int:
    """How many events that end so speak of this; what is deleted is still in the log."""
    asked = "SELECT count(*) FROM events WHERE type LIKE ? AND instr(data, ?)"
    (count,) = database.execute(asked, [f"%.{verb}", text]).fetchone()
    return int(count)


def by_halves(database: sqlite3.Connection, thread_id: str) -> list[str]:
    """What of a thread has an event but no row, a row but no event, or another one than the log says."""
    rows, fold = thread_rows(database, thread_id), Fold()
    if not rows["thread"]:
        return [f"{name} of {thread_id}, which is not there: {found}" for name, found in rows.items() if found]
    ((seq, deleted_at, _, _, thread),) = rows["thread"]
    if [event[0] for event in rows["events"]] != list(range(1, seq + 1)):
        return [f"the log of {thread_id} does not lead from 1 to {seq}"]
    for _, type, _, _, data in rows["events"]:
        fold.take(type, json.loads(data))
    if deleted_at is not None:
        return [] if fold.thread is None else [f"{thread_id} is deleted, and its log does not say so"]
    ended = [json.loads(row["object"]) for row in rows["messages"][::-1] if row["ended_seq"] < OPEN]
    stored = {
        "thread": (fold.thread, json.loads(thread)),
        "messages": ([message for message in fold.messages if message["status"] != "in_progress"], ended),
        "runs": (list(fold.runs), [json.loads(row["object"]) for row in rows["runs"][::-1]]),
        "run_steps": (list(fold.run_steps), [json.loads(row["object"]) for row in rows["run_steps"]]),
    }
    return [f"{noun} of {thread_id} are not what its log says" for noun, (one, other) in stored.items() if one != other]
