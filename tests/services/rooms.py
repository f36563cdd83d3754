"""What services work with, on a real database in a folder of its own, with a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

import livethread.services.rooms as services_rooms
from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.messages import Message
from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run, RunStatus
from livethread.domain.steps import RunStep
from livethread.domain.transitions import move
from livethread.ids import Ids
from livethread.live.bus import LocalBus
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.reading import Reading
from livethread.services.assistants import Assistants
from livethread.services.messages import Messages
from livethread.services.remembered import Remembered
from livethread.services.runs import Runs
from livethread.services.steps import Steps
from livethread.services.threads import Threads
from livethread.services.turns import Turns
from livethread.storage import tables
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.schema import upgrade

NOW = 1_700_000_000

_ROUTES: dict[RunStatus, list[RunStatus]] = {
    "queued": [],
    "in_progress": ["in_progress"],
    "requires_action": ["in_progress", "requires_action"],
    "cancelling": ["cancelling"],
    "completed": ["in_progress", "completed"],
}


class StillClock:
    """Stands at one second until a test moves it."""

    def __init__(self) -> None:
        self.time = float(NOW)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("services do not sleep")


class Rooms:
    """Storage, log and services; and what the engine would write, by hand."""

    def __init__(self, database: Database, drafts: FileDrafts, policy: ThreadPolicy) -> None:
        self.database, self.drafts = database, drafts
        self.ids, self.clock, self.bus = Ids(7), StillClock(), LocalBus()
        self.log = ThreadLog(database, drafts, self.bus, self.ids, self.clock)
        self.reading = Reading(database, drafts)
        self.assistants = Assistants(database, self.ids, self.clock)
        self.threads = Threads(database, self.log, self.reading, self.ids, self.clock)
        self.messages = Messages(self.log, self.reading, self.ids, policy)
        self.runs = Runs(self.log, self.reading, self.ids, self.clock, policy)
        self.turns = Turns(self.log, self.ids, policy)
        self.steps = Steps(self.reading)
        self.remembered = Remembered(database, self.clock)
        self.rooms = services_rooms.Rooms(
            database, self.log, self.reading, self.runs, self.remembered, self.ids, self.clock
        )

    async def run_on(self, thread_id: str, status: RunStatus = "queued") -> Run:
        """A run in some state."""
        assistant = Assistant.create(AssistantCreate(model="m"), self.ids, NOW)
        body = RunCreate(assistant_id=assistant.id)
        run = Run.create(body, assistant, thread_id, self.ids, NOW, thread_policy="queue")

        def change(write: ThreadWrite) -> Run:
            write.append(run, "thread.run.created", "thread.run.queued")
            now = run
            for onward in _ROUTES[status]:
                now = move(now, onward, NOW)
                write.append(now, f"thread.run.{onward}")
            return now

        return await self.log.append(thread_id, change)

    async def cancel(self, thread_id: str, run_id: str) -> None:
        """The end of a run, as a caller and the worker bring it about."""

        def change(write: ThreadWrite) -> None:
            run = write.run(run_id)
            if run.status != "cancelling":
                write.append(run := move(run, "cancelling", NOW), "thread.run.cancelling")
            write.append(move(run, "cancelled", NOW), "thread.run.cancelled")

        await self.log.append(thread_id, change)

    async def writing(self, run: Run, text: str) -> Message:
        """A message that a run has begun to write."""
        message = Message.begin(
            id=self.ids.new("msg"), thread_id=run.thread_id, assistant_id=run.assistant_id, run_id=run.id, now=NOW
        )
        step = RunStep.message_creation(run, message.id, id=self.ids.new("step"), now=NOW)

        def change(write: ThreadWrite) -> None:
            write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
            write.append(message, "thread.message.created", "thread.message.in_progress")

        self.drafts.grow(run.thread_id, message.id, text)
        self.drafts.flush()
        await self.log.append(run.thread_id, change)
        return message

    async def events(self, thread_id: str) -> list[str]:
        """The types of a thread's events."""
        return [type for type, _ in await self.logged(thread_id)]

    async def logged(self, thread_id: str) -> list[tuple[str, Any]]:
        """The events of a thread: type and object."""

        def read(connection: Connection) -> list[tuple[str, Any]]:
            events = tables.events.c
            rows = connection.execute(
                select(events.type, events.data).where(events.thread_id == thread_id).order_by(events.seq)
            )
            return [(row.type, json.loads(row.data)) for row in rows]

        return await self.database.read(read)

    async def counts(self) -> dict[str, int]:
        """How many rows there are, by table."""

        def read(connection: Connection) -> dict[str, int]:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in tables.metadata.sorted_tables
            }

        return await self.database.read(read)

    async def tip(self, thread_id: str) -> str:
        """The first part of every cursor that is level with the thread."""
        answer = await self.threads.get(thread_id)
        assert answer.cursor is not None
        return answer.cursor


@asynccontextmanager
async def rooms_at(folder: Path, policy: ThreadPolicy = "queue") -> AsyncIterator[Rooms]:
    """Rooms on a new database in this folder."""
    file = folder / "livethread.db"
    engine = sqlite_engine(file)
    upgrade(engine, None)
    engine.dispose()
    database = Database.sqlite(file)
    database.start()
    drafts = FileDrafts(folder / "drafts")
    try:
        yield Rooms(database, drafts, policy)
    finally:
        drafts.close()
        await database.close()
