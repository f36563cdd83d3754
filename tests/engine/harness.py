"""A server without faces: a real database and draft file, the services, a worker, a scripted model, a clock."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.messages import Message, MessageCreate
from livethread.domain.run_bodies import RunCreate, ToolOutput, ToolOutputsSubmit
from livethread.domain.runs import Run
from livethread.domain.steps import RunStep
from livethread.domain.threads import ThreadCreate
from livethread.domain.turns import TurnCreate
from livethread.engine.engine import Engine
from livethread.engine.limits import Limits
from livethread.engine.worker import Worker
from livethread.ids import Ids
from livethread.live.bus import Bus, LocalBus
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog
from livethread.live.reading import Reading
from livethread.providers.chunks import Text
from livethread.providers.registry import Registry, Upstream
from livethread.services.assistants import Assistants
from livethread.services.messages import Messages
from livethread.services.runs import Runs
from livethread.services.threads import Threads
from livethread.services.turns import Turns
from livethread.storage import tables
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.schema import upgrade
from tests.engine.scripted import Call, ScriptedProvider, TurnedClock

T = TypeVar("T")

FUNCTIONS = [{"type": "function", "function": {"name": name}} for name in "fgh"]
"""What every assistant may call."""

_INITIALS = {"thread.run.step.": "S.", "thread.run.": "R.", "thread.message.": "M.", "thread.": "T."}


def short(type: str) -> str:
    """An event's type as the reference abbreviates it (section 5.5)."""
    prefix = next(prefix for prefix in _INITIALS if type.startswith(prefix))
    return _INITIALS[prefix] + type.removeprefix(prefix)


def _object(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "livethread.db"
        engine = sqlite_engine(file)
        upgrade(engine, None)
        engine.dispose()
        return file.read_bytes()


class WatchedDatabase(Database):
    """Knows whether it has anything to do, and can be made to refuse or to hold its changes."""

    reads = 0
    writes = 0
    broken: str | None = None

    async def read(self, query: Callable[[Connection], T]) -> T:
        self.reads += 1
        try:
            return await super().read(query)
        finally:
            self.reads -= 1

    def write(
        self, change: Callable[[Connection], T], committed: Callable[[T], None] | None = None
    ) -> asyncio.Future[T]:
        def run(connection: Connection) -> T:
            if self.broken is not None:
                raise OSError(self.broken)
            return change(connection)

        self.writes += 1
        return super().write(run, committed)

    def _deliver(self, group: Iterable[Any]) -> None:  # type: ignore[override]
        group = list(group)
        super()._deliver(group)
        self.writes -= len(group)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is written meanwhile waits, and is committed together, in order."""
        gate = threading.Event()
        self.write(lambda connection: gate.wait())
        self.writes -= 1
        try:
            yield
        finally:
            self.writes += 1
            gate.set()

    @property
    def busy(self) -> bool:
        return bool(self.reads or self.writes)


class House:
    """All rooms on one folder.

    Args:
        folder: where the files are.
        provider: the model.
        clock: the time.
    """

    def __init__(self, folder: Path, provider: ScriptedProvider, clock: TurnedClock) -> None:
        self.folder, self.provider, self.clock = folder, provider, clock
        file = folder / "livethread.db"
        if not file.exists():
            file.write_bytes(_empty_database())
        self.database = WatchedDatabase(sqlite_engine(file))
        self.database.start()
        self.drafts = FileDrafts(folder / "livethread.db-drafts")
        self.bus = LocalBus()
        self.ids = Ids()
        self.registry = Registry(provider, [Upstream("default", provider)])
        self.log = ThreadLog(self.database, self.drafts, self.bus, self.ids, clock)
        reading = Reading(self.database, self.drafts)
        self.assistants = Assistants(self.database, self.ids, clock)
        self.threads = Threads(self.database, self.log, reading, self.ids, clock)
        self.messages = Messages(self.log, reading, self.ids, "queue")
        self.runs = Runs(self.log, reading, self.ids, clock, "queue")
        self.turns = Turns(self.log, self.ids, "queue")
        self.workers: list[Worker] = []
        self.limits = Limits()

    def worker(self, owner: str = "first", *, bus: Bus | None = None, clock: TurnedClock | None = None) -> Worker:
        """A worker on this database; with a bus of its own it is a process that hears nothing of the others."""
        bus, clock = bus or self.bus, clock or self.clock
        log = ThreadLog(self.database, self.drafts, bus, self.ids, clock)
        engine = Engine(
            self.database, log, self.drafts, self.registry, self.ids, clock, limits=self.limits, jitter=lambda: 0.0
        )
        worker = Worker(engine, bus, clock, owner=owner)
        self.workers.append(worker)
        return worker

    async def quiet(self) -> None:
        """Come back when nothing moves any more: everybody waits for the model, the clock or the test."""
        calm = 0
        while calm < 30:
            if self.database.busy:
                await asyncio.wait([asyncio.ensure_future(self.database.read(lambda connection: None))])
                calm = 0
            await asyncio.sleep(0)
            calm += 1

    async def passes(self, seconds: float, *clocks: TurnedClock) -> None:
        """Let time pass, in steps as small as the engine's own."""
        await self.quiet()
        while seconds > 0:
            for clock in clocks or [self.clock]:
                clock.turn(min(seconds, 5))
            seconds -= 5
            await self.quiet()

    async def moment(self) -> None:
        """Let everybody take what steps they can, while the database is held."""
        for _ in range(30):
            await asyncio.sleep(0)

    async def waiting(self, writes: int) -> None:
        """Come back when so many changes wait for a database that is held."""
        while self.database.writes < writes:
            await asyncio.sleep(0)

    # -- what callers do -----------------------------------------------------------------------

    async def assistant(self, **body: Any) -> str:
        answer = await self.assistants.create(AssistantCreate(**({"model": "m", "tools": FUNCTIONS} | body)))
        return Assistant.model_validate_json(answer.text).id

    async def thread(self, *texts: str, **metadata: str) -> str:
        messages = [MessageCreate(role="user", content=text) for text in texts or ["Hello"]]
        answer = await self.threads.create(ThreadCreate(messages=messages, metadata=metadata))
        return str(_object(answer.text)["id"])

    async def post(self, thread_id: str, text: str) -> None:
        await self.messages.create(thread_id, MessageCreate(role="user", content=text))

    async def asked(self, thread_id: str, **body: Any) -> str:
        """A new run, as far as it comes by itself."""
        assistant_id = body.pop("assistant_id", None) or await self.assistant()
        answer = await self.runs.create(thread_id, RunCreate(assistant_id=assistant_id, **body))
        await self.quiet()
        return str(_object(answer.text)["id"])

    async def turn(self, thread_id: str, *assistants: Any, **body: Any) -> list[str]:
        """The runs of a new turn, as far as they come by themselves."""
        body = {"message": "And you?", "assistants": list(assistants)} | body
        answer = await self.turns.create(thread_id, TurnCreate.model_validate(body))
        await self.quiet()
        return [run["id"] for run in _object(answer.text)["runs"]]

    async def streaming(self, text: str = "Half a ", **body: Any) -> tuple[str, str, Call]:
        """A thread whose run has said something: the thread, the run and its model turn."""
        thread_id = await self.thread()
        run_id = await self.asked(thread_id, **body)
        call = self.provider.last
        await self.says(call, text)
        return thread_id, run_id, call

    async def says(self, call: Call, *texts: str) -> None:
        call.say(*map(Text, texts))
        await self.quiet()

    async def submit(self, thread_id: str, run_id: str, **outputs: str) -> None:
        answers = [ToolOutput(tool_call_id=id, output=text) for id, text in outputs.items()]
        await self.runs.submit(thread_id, run_id, ToolOutputsSubmit(tool_outputs=answers))
        await self.quiet()

    # -- what is stored ------------------------------------------------------------------------

    async def events(self, thread_id: str, run_id: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """A thread's log, or what of it is about one run: types, short as in the reference, and objects."""
        columns = tables.events.c
        query = select(columns.type, columns.data).where(columns.thread_id == thread_id).order_by(columns.seq)
        if run_id is not None:
            query = query.where(columns.run_id == run_id)
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return [(short(row.type), _object(row.data)) for row in rows]

    async def types(self, thread_id: str, run_id: str | None = None) -> list[str]:
        return [type for type, _ in await self.events(thread_id, run_id)]

    async def run(self, run_id: str) -> Run:
        return Run.model_validate_json(await self._text(tables.runs, tables.runs.c.id == run_id))

    async def status(self, *run_ids: str) -> list[str]:
        return [(await self.run(run_id)).status for run_id in run_ids]

    async def steps(self, run_id: str) -> list[RunStep]:
        rows = await self._texts(tables.run_steps, tables.run_steps.c.run_id == run_id)
        return [RunStep.model_validate_json(text) for text in rows]

    async def said(self, run_id: str) -> list[Message]:
        """The messages of a run."""
        rows = await self._texts(tables.messages, tables.messages.c.run_id == run_id)
        return [Message.model_validate_json(text) for text in rows]

    async def texts(self, run_id: str) -> list[tuple[str, str]]:
        """What a run has said: the status and the text of each message."""
        return [(message.status, message.text) for message in await self.said(run_id)]

    async def still_open(self) -> list[str]:
        """The messages and steps that are in progress."""

        def read(connection: Connection) -> list[str]:
            messages = select(tables.messages.c.id).where(tables.messages.c.ended_seq == tables.OPEN)
            steps = select(tables.run_steps.c.id).where(tables.run_steps.c.status == "in_progress")
            return [*connection.scalars(messages), *connection.scalars(steps)]

        return await self.database.read(read)

    async def count(self, table: Any) -> int:
        return await self.database.read(
            lambda connection: connection.scalar(select(func.count()).select_from(table)) or 0
        )

    async def _text(self, table: Any, where: Any) -> str:
        (text,) = await self._texts(table, where)
        return text

    async def _texts(self, table: Any, where: Any) -> list[str]:
        query = select(table.c.object).where(where).order_by(table.c.created_seq)
        return await self.database.read(lambda connection: list(connection.scalars(query)))

    # -- beginning and end ---------------------------------------------------------------------

    def leave_as_killed(self, folder: Path) -> None:
        """Copy the files as they are now: what a process leaves behind that is killed at this moment."""
        folder.mkdir()
        with (
            sqlite3.connect(self.folder / "livethread.db") as source,
            sqlite3.connect(folder / "livethread.db") as copy,
        ):
            source.backup(copy)
        source.close()
        copy.close()
        (folder / "livethread.db-drafts").write_bytes((self.folder / "livethread.db-drafts").read_bytes())

    async def close(self) -> None:
        self.database.broken = None
        self.provider.holds_on.set()
        for worker in self.workers:
            await worker.stop()
        await self.database.close()
        self.drafts.close()


@asynccontextmanager
async def house_at(folder: Path, *, clock: TurnedClock | None = None) -> AsyncIterator[House]:
    """A house where nobody works yet."""
    house = House(folder, ScriptedProvider(), clock or TurnedClock())
    try:
        yield house
    finally:
        await house.close()


@asynccontextmanager
async def working_at(folder: Path, *, clock: TurnedClock | None = None) -> AsyncIterator[House]:
    """A house as the app opens it: recovered, with one worker."""
    async with house_at(folder, clock=clock) as house:
        worker = house.worker()
        await worker.recover()
        await worker.start()
        await house.quiet()
        yield house
