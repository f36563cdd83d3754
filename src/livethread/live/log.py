"""The thread log: the one way in which anything of a thread is ever written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar

from livethread.clock import Clock
from livethread.domain.events import MESSAGE_ENDS, LoggedEvent
from livethread.domain.listed import excerpt, opening, title
from livethread.domain.messages import Message
from livethread.domain.record import Record
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.domain.threads import Thread
from livethread.domain.transitions import check
from livethread.domain.usage import Usage
from livethread.errors import Fenced, NotFound
from livethread.ids import Ids
from livethread.live.bus import Bus, Hint
from livethread.live.drafts import FileDrafts
from livethread.storage import claims, queries
from livethread.storage.database import Connection, Database
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN, messages, run_steps, runs, threads

T = TypeVar("T")

NEW_THREAD: Final[dict[str, Any]] = {
    "seq": 0, "tag": "", "active_at": 0, "opening": "", "last_message": "null", "deleted_at": None,
}  # fmt: skip
"""The columns of a thread's row before anything is said."""


class ThreadWrite:
    """One change of one thread, inside its transaction and under its lock."""

    def __init__(self, connection: Connection, thread_id: str, row: AnyRow | None, ids: Ids, now: float) -> None:
        self.connection = connection
        self.thread_id = thread_id
        self.now: Final = int(now)
        self.seq: int = row.seq if row else 0
        self.events: list[LoggedEvent] = []
        self.deleting = False  # the thread is: every run may go to cancelled at once
        self.ids: Final = ids
        self.row: Final = row  # None where the thread is only now created
        self._active_at = max(int(now * 1_000_000), row.active_at if row else 0)  # if this is activity
        self._thread: dict[str, Any] = {}  # columns of the thread's row to save

    def append(self, record: Record, *types: str, row: Record | None = None, siblings_seq: int | None = None) -> None:
        """Append events that carry an object, and save the row it is.

        Args:
            record: the object; its JSON is the events' data.
            types: the events' types; a second one, such as ``thread.run.queued`` behind
                ``thread.run.created``, carries identical data.
            row: the object to save, where the events carry another one (a delta).
            siblings_seq: of a new run in a parallel turn, where the turn's first run was created.

        Raises:
            IllegalMove: the run's status may not move so.
            NotFound: the object is gone.
        """
        run_id = record.id if isinstance(record, Run) else getattr(row or record, "run_id", None)
        text = record.json_text()
        for type in types:
            self.seq += 1
            self.events.append(LoggedEvent(self.seq, self.ids.tag(), type, record.id, run_id, text.encode("ascii")))
        text, seq = text if row is None else row.json_text(), self.seq - len(types) + 1
        self._save(types[0], row or record, text, seq, siblings_seq)

    def run(self, run_id: str) -> Run:
        """A run of this thread."""
        return Run.model_validate_json(self._run(run_id).object)

    def run_seq(self, run_id: str) -> int:
        """Where in the log a run was created."""
        seq: int = self._run(run_id).created_seq
        return seq

    def runs(self, statuses: Collection[str]) -> list[Run]:
        """The thread's runs in one of these states, oldest first."""
        rows = queries.thread_runs(self.connection, self.thread_id, statuses)
        return [Run.model_validate_json(row.object) for row in rows]

    def message(self, message_id: str) -> Message:
        """A message of this thread."""
        row = queries.message(self.connection, self.thread_id, message_id)
        if row is None:
            raise NotFound("message", message_id)
        return Message.model_validate_json(row.object)

    def open_messages(self, run_id: str) -> list[Message]:
        """The messages of a run whose text still grows."""
        rows = queries.messages_of_run(self.connection, run_id)
        return [Message.model_validate_json(row.object) for row in rows if row.ended_seq == OPEN]

    def thread(self) -> Thread:
        """The thread itself."""
        text = self._thread["object"] if "object" in self._thread or self.row is None else self.row.object
        return Thread.model_validate_json(text)

    def claim(self, run_id: str, owner: str, until: int) -> int:
        """Own a run until a time (seconds); the fence that proves it."""
        lease = queries.lease(self.connection, run_id)
        fence = 1 if lease is None else lease.fence + 1
        queries.set_lease(self.connection, run_id, owner=owner, fence=fence, lease_until=until)
        return fence

    def unowned(self, run_id: str) -> bool:
        """Whether nobody works on a run: it was handed back, or its lease has lapsed."""
        lease = queries.lease(self.connection, run_id)
        return lease is None or lease.owner is None or lease.lease_until < self.now

    def own(self, run_id: str, fence: int) -> None:
        """Go on only as the run's owner.

        Raises:
            Fenced: somebody else has claimed the run since, or its thread is gone.
        """
        lease = queries.lease(self.connection, run_id)
        if lease is None or lease.fence != fence or lease.owner is None:
            raise Fenced(f"run {run_id} is owned by another worker now")

    def release(self, run_id: str) -> None:
        """Nobody owns the run any more; what its owner still writes changes nothing."""
        queries.set_lease(self.connection, run_id, owner=None, lease_until=0)

    def keep_usage(self, run_id: str, usage: Usage | None) -> None:
        """Remember what a turn cost until the step of its calls ends."""
        queries.set_lease(self.connection, run_id, usage=None if usage is None else usage.model_dump_json())

    def kept_usage(self, run_id: str) -> Usage | None:
        """What the turn cost whose calls the run waits for."""
        lease = queries.lease(self.connection, run_id)
        return None if lease is None or lease.usage is None else Usage.model_validate_json(lease.usage)

    def steps(self, run_id: str) -> list[RunStep]:
        """The steps of a run, oldest first."""
        rows = queries.steps_of_runs(self.connection, [run_id])
        return [RunStep.model_validate_json(row.object) for row in rows]

    def _run(self, run_id: str) -> AnyRow:
        row = queries.run(self.connection, self.thread_id, run_id)
        if row is None:
            raise NotFound("run", run_id)
        return row

    def _save(self, type: str, record: Record, text: str, seq: int, siblings_seq: int | None) -> None:
        match record:
            case Thread():
                self._thread["object"] = text
                if self.row is None:
                    self._thread["active_at"] = self._active_at
                    queries.add(self.connection, threads, id=self.thread_id, **NEW_THREAD | self._thread)
            case Message():
                self._save_message(type, record, text, seq)
            case Run():
                self._save_run(type, record, text, seq, siblings_seq)
            case RunStep():
                self._save_step(type, record, text, seq)
            case _ if type == "thread.message.deleted":
                self._delete_message(record.id)
            case _ if type == "thread.deleted":
                self._thread["deleted_at"] = self.now

    def _save_message(self, type: str, message: Message, text: str, seq: int) -> None:
        growing = message.status == "in_progress"
        if type == "thread.message.created":
            queries.add(
                self.connection, messages, id=message.id, thread_id=self.thread_id, run_id=message.run_id,
                created_seq=seq, ended_seq=OPEN if growing else seq, object=text,
            )  # fmt: skip
        else:
            ended = {"ended_seq": seq} if type in MESSAGE_ENDS else {}
            if not queries.change(self.connection, messages, message.id, object=text, **ended):
                raise NotFound("message", message.id)
        if growing:
            return
        if type != "thread.message.updated":
            self._thread["active_at"] = self._active_at
            if not self._column("opening"):
                self._thread["opening"] = opening(message.text)
        if type == "thread.message.created" or self._newest_message() == message.id:
            self._thread["last_message"] = excerpt(message)

    def _delete_message(self, message_id: str) -> None:
        """A list of threads shows nothing of it any more."""
        gone = queries.message(self.connection, self.thread_id, message_id)
        queries.remove(self.connection, messages, message_id)
        newest = queries.newest_message(self.connection, self.thread_id)
        self._thread["last_message"] = "null" if newest is None else excerpt(Message.model_validate_json(newest.object))
        words = opening(self._column("opening"))
        if gone is not None and words and opening(Message.model_validate_json(gone.object).text) == words:
            rows = queries.of_thread(self.connection, messages, self.thread_id)
            openings = (opening(Message.model_validate_json(row.object).text) for row in rows)
            self._thread["opening"] = next(filter(None, openings), "")

    def _newest_message(self) -> str | None:
        newest = queries.newest_message(self.connection, self.thread_id)
        return None if newest is None else newest.id

    def _column(self, name: str) -> Any:
        """A column of the thread's row, as it will be saved."""
        return self._thread.get(name, NEW_THREAD[name] if self.row is None else self.row._mapping[name])

    def _save_run(self, type: str, run: Run, text: str, seq: int, siblings_seq: int | None) -> None:
        if type == "thread.run.created":
            queries.add(
                self.connection, runs, id=run.id, thread_id=self.thread_id, created_seq=seq, siblings_seq=siblings_seq,
                started_seq=None, status=run.status, status_seq=seq, object=text,
            )  # fmt: skip
            return
        row = self._run(run.id)
        columns: dict[str, Any] = {"object": text}
        if type != "thread.run.updated":
            check(row.status, run.status, deleting=self.deleting)
            if row.status == "requires_action":
                claims.drop(self.connection, run.id)  # it was for these calls
            columns |= {"status": run.status, "status_seq": seq}
            if run.status == "in_progress" and row.started_seq is None:
                columns["started_seq"] = seq
        queries.change(self.connection, runs, run.id, **columns)

    def _save_step(self, type: str, step: RunStep, text: str, seq: int) -> None:
        if type == "thread.run.step.created":
            queries.add(
                self.connection, run_steps, id=step.id, thread_id=self.thread_id, run_id=step.run_id,
                created_seq=seq, status=step.status, object=text,
            )  # fmt: skip
        elif not queries.change(self.connection, run_steps, step.id, status=step.status, object=text):
            raise NotFound("run step", step.id)

    @property
    def relisted(self) -> bool:
        """Whether the list of threads shows the thread otherwise than before."""
        if self.row is None or not self._thread.keys().isdisjoint(("active_at", "deleted_at")):
            return True
        if self._column("last_message") != self.row.last_message:
            return True
        if self._thread.keys().isdisjoint(("object", "opening")):
            return False
        return title(self._column("object"), self._column("opening")) != title(self.row.object, self.row.opening)

    def finish(self) -> None:
        """Save the thread's row and its events; nothing is appended after this."""
        if not self.events:
            return
        tip = self.events[-1]
        columns = self._thread | {"seq": tip.seq, "tag": tip.tag}
        queries.change(self.connection, threads, self.thread_id, **columns)
        queries.add_events(
            self.connection,
            [
                {
                    "thread_id": self.thread_id, "seq": event.seq, "tag": event.tag, "type": event.type,
                    "object_id": event.object_id, "run_id": event.run_id, "data": event.data.decode("ascii"),
                }
                for event in self.events
            ],
        )  # fmt: skip


class ThreadLog:
    """Appends to the logs of threads, and tells the bus once it is committed.

    Args:
        database: where the logs are.
        drafts: a message's draft is closed once its end is committed.
        bus: hears of every commit, in the order of ``seq``.
        ids: for the events' tags.
        clock: for ``write.now``.
    """

    def __init__(self, database: Database, drafts: FileDrafts, bus: Bus, ids: Ids, clock: Clock) -> None:
        self._database = database
        self._drafts = drafts
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def append(self, thread_id: str, change: Callable[[ThreadWrite], T], *, create: bool = False) -> T:
        """Change a thread: the events that the change appends and the rows they carry, in one transaction.

        It is published by the log itself when the commit is reported, also when the caller has
        been cancelled meanwhile.

        Args:
            thread_id: which thread.
            change: runs on the writer's thread, under the thread's lock; what it returns is returned.
            create: the change begins with ``thread.created``.

        Raises:
            NotFound: there is no such thread, or it was deleted.
        """

        def run(connection: Connection) -> tuple[T, Hint]:
            row = queries.lock_thread(connection, thread_id)
            if row is None and not create:
                raise NotFound("thread", thread_id)
            if row is not None and row.deleted_at is not None:
                raise NotFound("thread", thread_id)
            write = ThreadWrite(connection, thread_id, row, self._ids, self._clock.now())
            value = change(write)
            write.finish()
            return value, Hint(thread_id, tuple(write.events), write.relisted)

        value, _ = await self._database.write(run, lambda result: self._publish(result[1]))
        return value

    async def purge(self, before: int) -> int:
        """Forget the threads deleted before this moment (seconds), with their logs; how many there were."""

        def run(connection: Connection) -> int:
            gone = queries.threads_deleted_before(connection, before)
            for thread_id in gone:
                queries.purge_thread(connection, thread_id)
            return len(gone)

        return await self._database.write(run)

    def _publish(self, hint: Hint) -> None:
        if not hint.events:
            return
        for event in hint.events:
            if event.type in MESSAGE_ENDS or event.type == "thread.message.deleted":
                self._drafts.end(event.object_id)
        self._bus.publish(hint)
