"""What on the stage may not be imported, given the rest of the file and what is stored already.

All of it is judged before the first thread is written, under the lock of the folder. A thread of which anything is
refused is refused whole.
"""

from __future__ import annotations

import json
from typing import Final

from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.tables import messages, run_steps, runs
from livethread.transfer.stage import ASSISTANT, MESSAGE, RUN, STEP, Stage

_TABLES: Final = {MESSAGE: messages, RUN: runs, STEP: run_steps}


def judge(stage: Stage, connection: Connection | None) -> None:
    """Refuse what cannot be, and mark what is stored already.

    Args:
        stage: everything that was read.
        connection: the database; None where there is none yet.
    """
    _find_again(stage)
    if connection is not None:
        _find_assistants(stage, connection)
        if queries.has_threads(connection):
            _find_threads(stage, connection)
            _find_items(stage, connection)
            _refuse_late(stage, connection)
    _refuse_foreign(stage, connection)
    stage.change(
        """UPDATE threads SET due = 1 WHERE id NOT IN (SELECT thread FROM refused)
        AND EXISTS (SELECT 1 FROM items WHERE thread = threads.id AND stored = 0)"""
    )


def _find_again(stage: Stage) -> None:
    """What stands in the file more than once: the same is passed over, anything else under its id refused."""
    stage.change("CREATE TABLE twice AS SELECT id FROM items GROUP BY id HAVING count(*) > 1")
    stage.change(
        """CREATE TABLE again AS SELECT DISTINCT later.position, later.kind FROM twice
        JOIN items AS first ON first.id = twice.id
        JOIN items AS later ON later.id = twice.id AND later.position > first.position
            AND later.object = first.object AND later.activity IS first.activity"""
    )
    stage.change("DELETE FROM items WHERE position IN (SELECT position FROM again)")
    others = stage.rows(
        """SELECT later.line, later.thread, later.id, min(first.line), first.thread FROM twice
        JOIN items AS first ON first.id = twice.id
        JOIN items AS later ON later.id = twice.id AND later.position > first.position
        GROUP BY later.position"""
    )
    for line, thread, id, first_line, first_thread in others:
        stage.refuse(line, thread, f"This id stands on line {first_line} already, with something else.", id)
        stage.refuse_thread(first_thread)


def _find_assistants(stage: Stage, connection: Connection) -> None:
    for rows in stage.batches("items", "position, id", f"kind = {ASSISTANT}", "position"):
        stored = queries.assistant_objects(connection, [id for _, id in rows])
        stage.change("UPDATE items SET stored = 1 WHERE position = ?", [[at] for at, id in rows if id in stored])


def _find_threads(stage: Stage, connection: Connection) -> None:
    for rows in stage.batches("threads", "id, line", "1", "id"):
        stored = queries.threads_among(connection, [id for id, _ in rows])
        known = [[id] for id, _ in rows if id in stored]
        stage.change("UPDATE threads SET stored = 1 WHERE id = ?", known)
        stage.change("UPDATE items SET stored = 1 WHERE id = ?", known)
        for id, line in rows:
            if stored.get(id):
                stage.refuse(line, id, "This thread was deleted here.", id)


def _find_items(stage: Stage, connection: Connection) -> None:
    for kind, table in _TABLES.items():
        for rows in stage.batches("items", "position, line, id, thread", f"kind = {kind}", "position"):
            stored = queries.threads_of(connection, table, [id for _, _, id, _ in rows])
            stage.change(
                "UPDATE items SET stored = 1 WHERE position = ?",
                [[at] for at, _, id, thread in rows if stored.get(id) == thread],
            )
            for _, line, id, thread in rows:
                if stored.get(id, thread) != thread:
                    stage.refuse(line, thread, f"This id belongs to thread {stored[id]} here.", id)


def _refuse_late(stage: Stage, connection: Connection) -> None:
    """A log only grows at its end: what is older than what a thread holds has no place in it any more."""
    for rows in stage.batches("threads", "id", "stored = 1", "id"):
        for (thread,) in rows:
            oldest = stage.rows(
                "SELECT at, line, id FROM items WHERE thread = ? AND kind > 1 AND stored = 0 ORDER BY at, line LIMIT 1",
                thread,
            )
            at, line, id = next(oldest, (None, 0, ""))
            if at is None:
                continue
            held = [json.loads(object) for object in queries.newest_of_thread(connection, thread)]
            newest = max(held, key=lambda item: int(item["created_at"]), default=None)
            if newest is not None and newest["created_at"] > at:
                stage.refuse(line, thread, f"The thread already holds {newest['id']}, which is newer than this.", id)


def _refuse_foreign(stage: Stage, connection: Connection | None) -> None:
    """Messages and steps of a run of another thread, and steps of a run that is nowhere."""
    stage.change(
        f"""CREATE TABLE lost AS
        SELECT item.position, item.line, item.kind, item.id, item.thread, item.run, run.thread AS in_thread
        FROM items AS item LEFT JOIN items AS run ON run.id = item.run AND run.kind = {RUN}
        WHERE item.run IS NOT NULL AND run.thread IS NOT item.thread"""
    )
    for rows in stage.batches("lost", "position, line, kind, id, thread, run, in_thread", "1", "position"):
        unseen = {run for *_, run, in_thread in rows if in_thread is None}
        stored = {} if connection is None else queries.threads_of(connection, runs, unseen)
        for _, line, kind, id, thread, run, in_thread in rows:
            belongs = in_thread or stored.get(run)
            if belongs not in (None, thread):
                stage.refuse(line, thread, f"Its run {run} belongs to thread {belongs}.", id)
            elif belongs is None and kind == STEP:
                stage.refuse(line, thread, f"Its run {run} is neither in the file nor stored here.", id)
