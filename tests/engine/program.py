"""A random program: everything that can happen to a thread, drawn by a seed, on one server after another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, Final

from livethread.domain.messages import MessageCreate, MessageUpdate
from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunCreate, RunUpdate, ToolOutput, ToolOutputsSubmit
from livethread.domain.threads import ThreadUpdate
from livethread.domain.turns import TurnCreate, TurnMode, TurnRun
from livethread.errors import ApiError
from livethread.live.bus import Hint
from livethread.live.reading import Reading
from livethread.live.snapshot import Snapshots
from livethread.providers.chunks import Finish
from livethread.sse import Decoder
from tests.engine.followed import Followed, calls_of
from tests.engine.harness import House
from tests.engine.scripted import Call, ScriptedProvider, TurnedClock
from tests.engine.voices import Voices
from tests.live.rows import stored_events

STEPS: Final = 60
POLICIES: Final[dict[ThreadPolicy | None, int]] = {"queue": 6, "parallel": 8, "interrupt": 1, "reject": 1, None: 2}

TROUBLE: Final = {"a run's ending could not be written", "the worker stumbled", "the worker stumbled; it tries again"}
"""What a server logs whose disk is full."""


class Program:
    """Does one thing after another, and keeps count of what the models were asked and have said.

    Args:
        folder: where its servers keep their files.
        seed: of all that is drawn.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.draw = Random(seed)
        self.folder = folder
        self.clock = TurnedClock()
        self.course: list[str] = []
        self.house: House
        self.threads: dict[str, Followed] = {}
        self.asked: list[Call] = []  # of servers that were killed
        self.shown: dict[str, list[dict[str, Any]]] = {}  # of messages whose server was killed
        self.voices = Voices(self.draw)
        self.expected_errors = {"run failed"}  # of a model with an odd one
        self._assistants: list[str] = []
        self._houses = 0
        self._number = 0
        self._deaf: Callable[[], None] = lambda: None
        self._acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.create, 12), (self.turn, 5), (self.crowd, 1), (self.cancel, 4), (self.stop, 1), (self.submit, 12),
            (self.submit_amiss, 3), (self.post, 4), (self.edit, 4), (self.forget, 3), (self.snapshot, 3),
            (self.say, 12), (self.finish, 24), (self.wait, 5), (self.expire, 1), (self.hold_on, 1), (self.delete, 1),
        ]  # fmt: skip

    @property
    def thread(self) -> Followed:
        """The thread that everything happens to."""
        return next(reversed(self.threads.values()))

    @property
    def calls(self) -> list[Call]:
        """Every model turn that was asked for, by whichever server."""
        return [*self.asked, *self.house.provider.calls]

    async def go(self) -> None:
        """The whole course, up to the moment in which nobody does anything any more but the models and the clock."""
        await self._open(self.folder)
        self._assistants = [await self.house.assistant(name=name, instructions="Go on.") for name in ("Ann", "Ben")]
        await self.house.thread()
        for _ in range(STEPS):
            await self._step()
            if self.thread.deleted:
                await self.house.thread()
        await self.drain()

    async def close(self) -> None:
        await self.house.close()

    # -- what callers do -----------------------------------------------------------------------

    async def create(self, policy: ThreadPolicy | None = None) -> None:
        body = RunCreate(**self._run(), thread_policy=policy or self._policy())
        await self.house.runs.create(self.thread.id, body)

    async def turn(self, runs: int = 0) -> None:
        mode: TurnMode = "parallel" if runs else self.draw.choice(["parallel", "sequential"])
        runs = runs or self.draw.choice([1, 2, 2, 3, 4])
        body = TurnCreate(
            message=self._message(),
            assistants=[TurnRun(**self._run(mode=mode)) for _ in range(runs)],
            mode=mode,
            thread_policy=self._policy(),
        )
        await self.house.turns.create(self.thread.id, body)

    async def crowd(self) -> None:
        if self.draw.random() < 0.5:
            await self.turn(runs=11)
        else:
            for _ in range(9):
                await self.create("parallel")
        await self.say()
        if self.draw.random() < 0.5:
            await self.create("interrupt")

    async def cancel(self) -> None:
        if run := self._one_of(self.thread.active):
            await self.house.runs.cancel(self.thread.id, run["id"])

    async def stop(self) -> None:
        await self.house.runs.stop(self.thread.id)

    async def submit(self) -> None:
        for run in self.thread.waiting:
            await self._submit(run["id"], calls_of(run))

    async def submit_amiss(self) -> None:
        """Outputs that are incomplete, twice there, for a call that nobody made, or for a run that asks for none."""
        run = self._one_of(self.thread.runs)
        if run is None:
            return
        ids = calls_of(run)
        amiss = self.draw.choice([ids[:-1], [*ids, *ids[:1]] if ids else ["x"], [*ids[:-1], "call_x"], [*ids, "x"]])
        try:
            await self._submit(run["id"], amiss)
        except ApiError:
            return
        raise AssertionError(f"{amiss} were taken for {ids}")

    async def post(self) -> None:
        await self.house.messages.create(self.thread.id, self._message())

    async def edit(self) -> None:
        thread_id, services = self.thread.id, self.house
        match self.draw.randrange(3):
            case 0 if run := self._one_of(self.thread.runs):
                metadata = run["metadata"] | {"edited": str(self.draw.random())}
                await services.runs.update(thread_id, run["id"], RunUpdate(metadata=metadata))
            case 1 if message := self._one_of(self.thread.messages):
                metadata = message["metadata"] | {"edited": str(self.draw.random())}
                await services.messages.update(thread_id, message["id"], MessageUpdate(metadata=metadata))
            case _:
                policy = self.draw.choice(["queue", "parallel", "reject", ""])
                await services.threads.update(thread_id, ThreadUpdate(metadata={"thread_policy": policy}))

    async def forget(self) -> None:
        if message := self._one_of(self.thread.messages):
            await self.house.messages.delete(self.thread.id, message["id"])

    async def snapshot(self) -> None:
        house = self.house
        snapshots = Snapshots(Reading(house.database, house.drafts), house.drafts.get)
        data, _ = await snapshots.take(self.thread.id, self.draw.choice([1, 3, 20]))
        (event,) = Decoder().feed(data)
        taken = json.loads(event.data)
        if house is self.house:
            self.threads[taken["thread"]["id"]].snapshots.append(taken)

    async def delete(self) -> None:
        if self.draw.random() < 0.4:
            await self.house.threads.delete(self.thread.id)

    async def _submit(self, run_id: str, ids: list[str]) -> None:
        outputs = [ToolOutput(tool_call_id=id, output=f"of {id}") for id in ids]
        await self.house.runs.submit(self.thread.id, run_id, ToolOutputsSubmit(tool_outputs=outputs))

    def _run(self, **metadata: str) -> dict[str, Any]:
        """What is asked of a run; it is known by its number, as what it does goes by it."""
        self._number += 1
        return {
            "assistant_id": self.draw.choice(self._assistants),
            "metadata": {"number": str(self._number)} | metadata,
            "max_prompt_tokens": self.draw.choice([None] * 14 + [1, 500]),
            "max_completion_tokens": self.draw.choice([None] * 8 + [1, 50]),
            "parallel_tool_calls": self.draw.random() < 0.8,
            "additional_messages": [self._message()] if self.draw.random() < 0.2 else None,
        }

    def _policy(self) -> ThreadPolicy | None:
        (drawn,) = self.draw.choices(list(POLICIES), list(POLICIES.values()))
        return drawn

    def _message(self) -> MessageCreate:
        self._number += 1
        person = self.draw.choice([{}, {"name": "Cem", "user_id": "1"}, {"name": "Dora"}])
        by_assistant = self.draw.random() < 0.3
        return MessageCreate(role="assistant" if by_assistant else "user", content=f"#{self._number}", metadata=person)

    def _one_of(self, objects: list[dict[str, Any]]) -> dict[str, Any] | None:
        """One of the newest."""
        return self.draw.choice(objects[-9:]) if objects else None

    # -- what models do ------------------------------------------------------------------------

    async def say(self) -> None:
        for call in self.house.provider.unfinished:
            if self.draw.random() < 0.7:
                self.voices.say(call)

    async def finish(self) -> None:
        for call in self.house.provider.unfinished:
            if self.draw.random() < 0.5:
                self.voices.finish(call)

    async def hold_on(self) -> None:
        """Upstreams that are closed do not let go for a while."""
        (self._let_go if self.house.provider.holds_on.is_set() else self.house.provider.holds_on.clear)()

    def _let_go(self) -> None:
        self.house.provider.holds_on.set()

    # -- what happens to the server ------------------------------------------------------------

    async def wait(self) -> None:
        self.clock.turn(self.draw.choice([0.5, 1, 5, 20, 100]))

    async def expire(self) -> None:
        """To the very second in which some run's time is over."""
        if due := [run["expires_at"] for run in self.thread.active if run["expires_at"]]:
            left = self.draw.choice(due) - self.clock.time
            self.clock.turn(max(0.0, left - 1))
            await asyncio.sleep(0)
            self.clock.turn(min(1.0, max(0.0, left)))

    async def restart(self) -> None:
        """The worker stops, and whatever comes meanwhile waits for the next."""
        worker = self.house.workers.pop()
        stop = asyncio.ensure_future(worker.stop())
        for _ in range(3):
            await self.house.quiet()
            self.clock.turn(0 if stop.done() else 2)
        await stop
        for _ in range(self.draw.randrange(3)):
            await self._act()
        self._houses += 1
        await self.house.worker(f"worker {self._houses}").start()

    async def disk_full(self) -> None:
        """Nothing can be written for a while."""
        self.expected_errors |= TROUBLE
        self.house.database.broken = "disk full"
        for _ in range(self.draw.randrange(1, 5)):
            await self._act()
        await self.house.quiet()
        self.house.database.broken = None
        await self.house.passes(25)

    async def together(self) -> None:
        """Several at once, committed together; some callers go away meanwhile, or the process is killed."""
        folder = None
        with self.house.database.held():
            tasks = [asyncio.ensure_future(self._act()) for _ in range(self.draw.randrange(2, 6))]
            for _ in range(self.draw.choice([1, 3, 30])):
                await asyncio.sleep(0)
            match self.draw.randrange(16):
                case 0:
                    self.draw.choice(tasks).cancel()
                    self.course.append("- a caller goes away")
                case 1:
                    folder = self._kill()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                raise error
        if folder is not None:
            await self._go_on_with(folder)

    async def crash(self) -> None:
        await self._go_on_with(self._kill())

    def _kill(self) -> Path:
        """End the process at this moment, whatever is under way; where its files are."""
        self._houses += 1
        self._deaf()
        folder = self.folder / str(self._houses)
        self.house.leave_as_killed(folder)
        self.asked += self.house.provider.calls
        self.course.append(f"- killed, at {self.thread.seq}")
        return folder

    async def _go_on_with(self, folder: Path) -> None:
        killed = self.house
        if self.draw.random() < 0.2:  # a power cut takes the end of what was shown
            file = folder / "livethread.db-drafts"
            file.write_bytes(file.read_bytes()[: self.draw.randrange(200)])
        await self._open(folder)
        await killed.close()

    async def _open(self, folder: Path) -> None:
        house = self.house = House(folder, ScriptedProvider(), self.clock)
        for thread in self.threads.values():
            thread.hear(await stored_events(house.database, thread.id, thread.seq), self.clock.time)
        cut_off = {piece["id"] for thread in self.threads.values() for piece in thread.open}
        left_behind = house.drafts.left_behind
        self.shown |= {id: draft.content() for id, draft in left_behind.items() if id in cut_off}
        self._deaf = house.bus.subscribe(None, self._hear)
        worker = house.worker(f"worker {self._houses}")
        await worker.recover()
        assert [piece for thread in self.threads.values() if not thread.deleted for piece in thread.open] == []
        await worker.start()

    def _hear(self, hint: Hint) -> None:
        self.threads.setdefault(hint.thread_id, Followed(hint.thread_id)).hear(hint.events, self.clock.time)

    # -- the course ----------------------------------------------------------------------------

    async def _step(self) -> None:
        match self.draw.randrange(40):
            case 0:
                await self._told(self.crash)
            case 1:
                await self._told(self.restart)
            case 2:
                await self._told(self.disk_full)
            case place if place < 14:
                await self._told(self.together)
            case _:
                await self._act()
        if self.draw.random() < 0.7:
            await self.house.quiet()
            if self.house.provider.holds_on.is_set():
                self.thread.check_at_rest(self.clock.time)

    async def _act(self) -> None:
        """Do something; whoever comes too late is told so."""
        (act,) = self.draw.choices([act for act, _ in self._acts], [weight for _, weight in self._acts])
        try:
            await self._told(act)
        except ApiError as refused:
            self.course.append(f"- {refused}")
        except OSError:
            if self.house.database.broken is None:
                raise

    async def _told(self, act: Callable[[], Awaitable[None]]) -> None:
        self.course.append(f"{act.__name__}, at {self.thread.seq}")
        await act()

    async def drain(self) -> None:
        """Let models say their last; then every run has ended, or waits for its caller, or for another that does.

        After that only time goes by, and it ends them all.
        """
        self._let_go()
        for _ in range(15):
            await self._models_end()
            self.clock.turn(5)
        await self._models_end()
        self.thread.check_at_rest(self.clock.time)
        assert {run["status"] for run in self.thread.active} <= {"requires_action", "queued"}
        for _ in range(40):
            self.clock.turn(20)
            await self._models_end()
        assert self.thread.active == []

    async def _models_end(self) -> None:
        await self.house.quiet()
        while unfinished := self.house.provider.unfinished:
            for call in unfinished:
                call.end(Finish("stop"))
            await self.house.quiet()
