"""What has come to its end elsewhere, on its way into a thread's log.

Unlike `ThreadWrite.append` it takes objects as the text that they are stored as, keeps nothing of them, and tells
nobody: rows and events go to the database by the hundred, so that a thread of any length needs little memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from livethread.domain.listed import excerpt, opening
from livethread.domain.messages import Message
from livethread.live.log import NEW_THREAD, ThreadWrite
from livethread.storage import queries
from livethread.storage.tables import events, messages, run_steps, runs, threads

_BATCH: Final = 500
"""Rows that are written at a time."""


class Brought:
    """Appends such objects, in the order of the calls, inside a change of their thread.

    Args:
        write: the change; nothing is appended through it besides.
    """

    def __init__(self, write: ThreadWrite) -> None:
        self._write = write
        self._seq, self._tag = write.seq, ""
        self._rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in (messages, runs, run_steps, events)}
        self._thread: str | None = None  # until its row is there
        self._first: str | None = None
        self._last: str | None = None

    def thread(self, text: str) -> None:
        """The thread itself; it comes first, and only where there was none."""
        self._thread = text
        self._event("thread.created", self._write.thread_id, None, text)

    def message(self, id: str, run_id: str | None, status: str, text: str) -> None:
        """A message, complete or not; one that a run wrote has an end of its own in the log."""
        created_seq = self._event("thread.message.created", id, run_id, text)
        ended_seq = created_seq if run_id is None else self._event(f"thread.message.{status}", id, run_id, text)
        self._row(messages.name, {
            "id": id, "thread_id": self._write.thread_id, "run_id": run_id, "created_seq": created_seq,
            "ended_seq": ended_seq, "object": text,
        })  # fmt: skip
        self._first, self._last = self._first or text, text

    def step(self, id: str, run_id: str, status: str, text: str) -> None:
        """A run step."""
        created_seq = self._event("thread.run.step.created", id, run_id, text)
        self._event(f"thread.run.step.{status}", id, run_id, text)
        self._row(run_steps.name, {
            "id": id, "thread_id": self._write.thread_id, "run_id": run_id, "created_seq": created_seq,
            "status": status, "object": text,
        })  # fmt: skip

    def run_begins(self, id: str, text: str) -> int:
        """A run, before everything that it wrote and did; where it begins."""
        return self._event("thread.run.created", id, id, text)

    def run_ends(self, id: str, status: str, text: str, created_seq: int) -> None:
        """The end of a run, behind everything that it wrote and did: there its stream ends, too."""
        status_seq = self._event(f"thread.run.{status}", id, id, text)
        self._row(runs.name, {
            "id": id, "thread_id": self._write.thread_id, "created_seq": created_seq, "started_seq": created_seq,
            "status": status, "status_seq": status_seq, "object": text,
        })  # fmt: skip

    def finish(self, active_at: int, activity: Mapping[str, Any] | None = None) -> None:
        """Save the thread's row; nothing is appended after this.

        Args:
            active_at: when the thread was active last: microseconds. It is never set back.
            activity: what its list showed of it elsewhere: ``at`` (microseconds), ``opening``, ``last_message``.
        """
        row = self._write.row
        columns: dict[str, Any] = {"seq": self._seq, "tag": self._tag}
        if activity is not None:
            active_at = activity["at"]
            columns |= {"opening": activity["opening"], "last_message": json.dumps(activity["last_message"])}
        elif self._first is not None and self._last is not None:
            columns["last_message"] = excerpt(Message.model_validate_json(self._last))
            if row is None or not row.opening:
                columns["opening"] = opening(Message.model_validate_json(self._first).text)
        columns["active_at"] = active_at if row is None else max(active_at, row.active_at)
        if self._thread is None:
            queries.change(self._write.connection, threads, self._write.thread_id, **columns)
        else:
            self._begin(columns)
        self._flush()

    def _begin(self, columns: dict[str, Any]) -> None:
        """Add the thread's row, which events refer to."""
        queries.add(
            self._write.connection, threads, id=self._write.thread_id, object=self._thread, **NEW_THREAD | columns
        )
        self._thread = None

    def _event(self, type: str, id: str, run_id: str | None, text: str) -> int:
        self._seq += 1
        self._tag = self._write.ids.tag()
        self._row(events.name, {
            "thread_id": self._write.thread_id, "seq": self._seq, "tag": self._tag, "type": type, "object_id": id,
            "run_id": run_id, "data": text,
        })  # fmt: skip
        return self._seq

    def _row(self, table: str, row: dict[str, Any]) -> None:
        self._rows[table].append(row)
        if len(self._rows[table]) == _BATCH:
            if self._thread is not None:
                self._begin({})
            self._flush()

    def _flush(self) -> None:
        for table in (messages, runs, run_steps, events):
            if rows := self._rows[table.name]:
                queries.add_all(self._write.connection, table, rows)
                rows.clear()
