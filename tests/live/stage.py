"""A thread on a stage: the log, drafts, hubs and cursors of one process, and owners that write what runs write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.content import ContentBlock
from livethread.domain.events import LoggedEvent
from livethread.domain.messages import Message, MessageCreate
from livethread.domain.record import Deleted
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run, required_action
from livethread.domain.steps import RunStep, function_call
from livethread.domain.threads import Thread, ThreadCreate
from livethread.domain.transitions import ACTIVE, move
from livethread.engine.ending import Ending, end_run, finish
from livethread.ids import Ids
from livethread.live.bus import Bus, Hint, LocalBus
from livethread.live.draft import Kind
from livethread.live.drafts import FileDrafts
from livethread.live.hub import Hub
from livethread.live.hubs import Hubs
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.pace import Pace
from livethread.live.reading import Reading
from livethread.live.resume import Resume
from livethread.live.snapshot import Snapshots
from livethread.live.tip import _logged
from livethread.storage import queries
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.schema import upgrade
from tests.live.stopped_timer import StoppedTimer


class StoppedClock:
    """A clock that says what it is told to."""

    time = 1_000_000.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Nobody here waits for the time."""
        raise NotImplementedError


@cache
def empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "livethread.db"
        engine = sqlite_engine(file)
        upgrade(engine, None)
        engine.dispose()
        return file.read_bytes()


async def until(true: Callable[[], object]) -> None:
    """Let the loop work until something is so."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


class Stage:
    """Everything of one process that lies below services and faces, and one thread.

    Args:
        folder: for the database and the draft file; what they hold is taken up.
        bus: carries the hints.
        seed: makes the ids repeatable.
        pace: says how long text is joined.
    """

    def __init__(self, folder: Path, bus: Bus, seed: int, pace: Pace) -> None:
        self.file = folder / "livethread.db"
        if not self.file.exists():
            self.file.write_bytes(empty_database())
        self.ids = Ids(seed)
        self.clock = StoppedClock()
        self.bus = bus
        self.database = Database.sqlite(self.file)
        self.pace = pace
        self.drafts = FileDrafts(folder / "drafts", self._grown, self.pace)
        self.log = ThreadLog(self.database, self.drafts, bus, self.ids, self.clock)
        reading = Reading(self.database, self.drafts)
        self.snapshots = Snapshots(reading, self.drafts.get)
        self.timer = StoppedTimer()
        self.hubs = Hubs(self.database, self.drafts.get, bus, self.snapshots, self.timer)
        self.resume = Resume(self.database, self.drafts.get)
        self.thread_id = ""

    def _grown(self, threads: set[str]) -> None:
        for thread_id in threads:
            self.bus.publish(Hint(thread_id))

    @property
    def hub(self) -> Hub:
        """The thread's."""
        return self.hubs.of(self.thread_id)

    async def open_thread(self) -> str:
        """Begin a new thread and make it this stage's."""
        thread = Thread.create(ThreadCreate(), self.ids, 1)
        await self.log.append(thread.id, lambda write: write.append(thread, "thread.created"), create=True)
        self.thread_id = thread.id
        return thread.id

    async def post(self, text: str) -> Message:
        """A person says something."""
        body = MessageCreate(role="user", content=text)
        message = Message.create(body, self.thread_id, self.ids, 1)
        await self.log.append(self.thread_id, lambda write: write.append(message, "thread.message.created"))
        return message

    async def rename(self, title: str) -> None:
        """An event that belongs to no run."""

        def change(write: ThreadWrite) -> None:
            write.append(write.thread().model_copy(update={"metadata": {"title": title}}), "thread.updated")

        await self.log.append(self.thread_id, change)

    async def run(self) -> Owner:
        """A run in progress, and who writes it."""
        assistant = Assistant.create(AssistantCreate(model="m"), self.ids, 1)
        run = Run.create(
            RunCreate(assistant_id=assistant.id), assistant, self.thread_id, self.ids, 1, thread_policy="parallel"
        )

        def change(write: ThreadWrite) -> int:
            write.append(run, "thread.run.created", "thread.run.queued")
            write.append(move(run, "in_progress", write.now, expires_at=write.now + 600), "thread.run.in_progress")
            return write.claim(run.id, "me", write.now + 30)

        return Owner(self, run.id, await self.log.append(self.thread_id, change))

    async def delete(self) -> None:
        """Delete the thread, as its service does."""

        def change(write: ThreadWrite) -> None:
            write.deleting = True
            for run in write.runs(ACTIVE):
                write.append(move(run, "cancelled", write.now, deleting=True), "thread.run.cancelled")
                write.release(run.id)
            write.append(Deleted(id=self.thread_id, object="thread.deleted"), "thread.deleted")

        await self.log.append(self.thread_id, change)

    async def events(self) -> list[LoggedEvent]:
        """The whole log."""
        return await self.database.read(
            lambda connection: _logged(queries.events_between(connection, self.thread_id, 0, 1 << 30, 1 << 30))
        )

    async def stored(self, message_id: str) -> Message:
        """A message as its row has it."""
        return await self.log.append(self.thread_id, lambda write: write.message(message_id))

    async def close(self) -> None:
        """Let go of everything."""
        self.hubs.close()
        await asyncio.sleep(0)
        self.drafts.close()
        await self.database.close()


@asynccontextmanager
async def staged(folder: Path, bus: Bus | None = None, seed: int = 1, pace: Pace | None = None) -> AsyncIterator[Stage]:
    """A stage with a thread."""
    stage = Stage(folder, bus or LocalBus(), seed, pace or Pace())
    stage.database.start()
    try:
        await stage.open_thread()
        yield stage
    finally:
        await stage.close()


class Owner:
    """Writes one run as ``engine/loop.py`` does.

    Args:
        stage: where.
        run_id: which run.
        fence: proves that it is ours.
    """

    def __init__(self, stage: Stage, run_id: str, fence: int) -> None:
        self.stage = stage
        self.run_id = run_id
        self.fence = fence
        self.message_id = ""
        self.said = ""

    async def say(self, text: str, kind: Kind = "text") -> None:
        """Grow the draft; step and message begin with the first piece."""
        drafts = self.stage.drafts
        if self.message_id:
            drafts.grow(self.stage.thread_id, self.message_id, text, kind)
        else:
            self.message_id = self.stage.ids.new("msg")
            drafts.grow(self.stage.thread_id, self.message_id, text, kind)
            await self.append(self._begin)
        self.said += text

    async def append(self, change: Callable[[ThreadWrite], object]) -> None:
        """A write that carries the fence."""

        def run(write: ThreadWrite) -> None:
            write.own(self.run_id, self.fence)
            change(write)

        await self.stage.log.append(self.stage.thread_id, run)

    async def complete(self) -> None:
        """The turn went well and called nothing."""
        await self.append(lambda write: self._finish(write, []))
        self.message_id = ""

    async def wait_for_calls(self) -> None:
        """The turn ends with a call that the caller must answer."""
        await self.append(lambda write: self._finish(write, [function_call("call_a", "f", "{}")]))
        self.message_id = ""

    async def answer(self) -> None:
        """The caller has answered, and the run goes on."""

        def change(write: ThreadWrite) -> int:
            for step in write.steps(self.run_id):
                if step.status == "in_progress":
                    write.append(step.with_outputs({"call_a": "1"}).ended("completed", 1), "thread.run.step.completed")
            run = move(write.run(self.run_id), "queued", 1)
            write.append(run, "thread.run.queued")
            write.append(move(run, "in_progress", 1), "thread.run.in_progress")
            return write.claim(run.id, "me", write.now + 30)

        self.fence = await self.stage.log.append(self.stage.thread_id, change)

    async def end(self, ending: Ending) -> None:
        """The run ends, and not well."""
        await self.append(lambda write: end_run(write, self.run_id, ending, self.content))
        self.message_id = ""

    async def complete_as(self, content: list[ContentBlock]) -> None:
        """The message ends with another text than the draft's, as after a crash."""

        def change(write: ThreadWrite) -> None:
            for message in write.open_messages(self.run_id):
                write.append(message.cut(content, "run_failed", 1), "thread.message.incomplete")

        await self.append(change)

    def content(self, message_id: str) -> list[ContentBlock]:
        """The final text is always the draft's."""
        draft = self.stage.drafts.get(message_id)
        return draft.content() if draft is not None else []

    def _begin(self, write: ThreadWrite) -> None:
        run = write.run(self.run_id)
        step = RunStep.message_creation(run, self.message_id, id=self.stage.ids.new("step"), now=1)
        message = Message.begin(
            id=self.message_id, thread_id=run.thread_id, assistant_id=run.assistant_id, run_id=run.id, now=1
        )
        write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
        write.append(message, "thread.message.created", "thread.message.in_progress")

    def _finish(self, write: ThreadWrite, calls: list[dict[str, object]]) -> None:
        run = write.run(self.run_id)
        for message in write.open_messages(run.id):
            write.append(message.completed(self.content(message.id), 1), "thread.message.completed")
        steps = write.steps(run.id)
        for index, step in enumerate(steps):
            if step.status == "in_progress":
                steps[index] = step.ended("completed", 1)
                write.append(steps[index], "thread.run.step.completed")
        if not calls:
            finish(write, run, "completed", steps)
            return
        step = RunStep.tool_calls(run, id=self.stage.ids.new("step"), now=1)
        write.append(step, "thread.run.step.created", "thread.run.step.in_progress")
        step = step.with_calls(calls)
        write.append(step.delta(), "thread.run.step.delta", row=step)
        write.append(
            move(run, "requires_action", 1, required_action=required_action(calls)), "thread.run.requires_action"
        )
        write.release(run.id)
