"""Random programs on one thread: whatever comes together, every run ends, and the log holds legal moves only."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunCreate, ToolOutput, ToolOutputsSubmit
from livethread.domain.transitions import MOVES, TERMINAL
from livethread.errors import ApiError
from livethread.providers.chunks import Finish, ProviderError, Text, ToolCallStart, Usage
from livethread.storage import tables
from tests.engine.harness import House, house_at
from tests.engine.scripted import Call, TurnedClock

PROGRAMS = 400 if os.environ.get("TORTURE") else 6
STEPS = 40


class Program:
    """Does one thing after another to one thread, drawn by a seed; keeps count of what the models have said."""

    def __init__(self, folder: Path, seed: int, stack: AsyncExitStack) -> None:
        self.draw = Random(seed)
        self.stack = stack
        self.folder = folder
        self.clock = TurnedClock()
        self.runs: list[str] = []
        self.texts: dict[Call, str] = {}
        self.houses = 0
        self.calls = 0
        self.house: House
        self.thread_id = ""
        self.assistants: list[str] = []

    async def begin(self) -> None:
        await self._open(self.folder)
        self.assistants = [await self.house.assistant(name=name) for name in ("Ann", "Ben")]
        self.thread_id = await self.house.thread()

    async def _open(self, folder: Path) -> None:
        self.house = await self.stack.enter_async_context(house_at(folder, clock=self.clock))
        worker = self.house.worker(f"worker {self.houses}")
        await worker.recover()
        await worker.start()

    # -- what may happen -----------------------------------------------------------------------

    async def create(self) -> None:
        policies: list[ThreadPolicy] = ["queue", "queue", "parallel", "parallel", "parallel", "interrupt", "reject"]
        body = RunCreate(assistant_id=self.draw.choice(self.assistants), thread_policy=self.draw.choice(policies))
        answer = await self.house.runs.create(self.thread_id, body)
        self.runs.append(json.loads(answer.text)["id"])

    async def cancel(self) -> None:
        if self.runs:
            await self.house.runs.cancel(self.thread_id, self.draw.choice(self.runs[-9:]))

    async def submit(self) -> None:
        for run_id in self.runs:
            run = await self.house.run(run_id)
            outputs = [ToolOutput(tool_call_id=call["id"], output="1") for call in run.pending_calls]
            if outputs:
                await self.house.runs.submit(self.thread_id, run_id, ToolOutputsSubmit(tool_outputs=outputs))

    async def post(self) -> None:
        await self.house.post(self.thread_id, "And?")

    async def say(self) -> None:
        for call in self.house.provider.unfinished:
            if self.draw.random() < 0.7:
                self._say(call)

    async def finish(self) -> None:
        for call in self.house.provider.unfinished:
            if self.draw.random() < 0.5:
                self._finish(call)

    async def wait(self) -> None:
        self.clock.turn(self.draw.choice([1, 5, 20, 100, 600]))

    async def restart(self) -> None:
        self.houses += 1
        await self.house.workers.pop().stop()
        worker = self.house.worker(f"worker {self.houses}")
        await worker.start()

    async def crash(self) -> None:
        self.houses += 1
        folder = self.folder / str(self.houses)
        self.house.leave_as_killed(folder)
        await self._open(folder)

    def _say(self, call: Call) -> None:
        text = f"{self.calls}." if call not in self.texts else f" {self.draw.randrange(10)}"
        self.calls += 1
        self.texts[call] = self.texts.get(call, "") + text
        call.say(Text(text))

    def _finish(self, call: Call) -> None:
        match self.draw.randrange(7):
            case 0:
                self._say(call)
                call.end(Usage(1, 1), Finish("stop"))
            case 1 | 2 | 3:
                call.end(ToolCallStart(0, f"call_{self.calls}", "f"), Usage(1, 1), Finish("tool_calls"))
            case 4:
                call.end(Finish("length"))
            case 5:
                call.fail(ProviderError("connection", "It broke off."))
            case _:
                call.end()

    # -- the course ----------------------------------------------------------------------------

    async def go(self) -> None:
        for _ in range(STEPS):
            await self.step()
        await self.drain()

    async def step(self) -> None:
        acts = [
            self.create,
            self.create,
            self.cancel,
            self.submit,
            self.post,
            self.say,
            self.say,
            self.finish,
            self.wait,
        ]
        match self.draw.randrange(20):
            case 0:
                await self.crash()
            case 1:
                await self.restart()
            case 2 | 3 | 4 | 5 | 6:  # several at once, committed together
                chosen = self.draw.choices(acts, k=self.draw.randrange(2, 6))
                with self.house.database.held():
                    tasks = [asyncio.ensure_future(allowed(act())) for act in chosen]
                    for _ in range(self.draw.choice([1, 3, 30])):
                        await asyncio.sleep(0)
                await asyncio.gather(*tasks)
            case _:
                await allowed(self.draw.choice(acts)())
        if self.draw.random() < 0.5:
            await self.house.quiet()

    async def drain(self) -> None:
        """Let everything come to its end."""
        for _ in range(100):
            await self.house.quiet()
            for call in self.house.provider.unfinished:
                call.end(Finish("stop"))
            await self.house.quiet()
            await self.submit()
            await self.house.quiet()
            if set(await self.house.status(*self.runs)) <= TERMINAL:
                return
        raise AssertionError(await self.house.status(*self.runs))


async def allowed(act: Coroutine[Any, Any, None]) -> None:
    """Whoever comes too late is told so."""
    with suppress(ApiError):
        await act


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(PROGRAMS))
async def test_whatever_comes_together_every_run_ends_and_the_thread_is_free(tmp_path: Path, seed: int) -> None:
    async with AsyncExitStack() as stack:
        program = Program(tmp_path, seed, stack)
        await program.begin()
        await program.go()
        house, thread_id = program.house, program.thread_id
        events = await house.events(thread_id)
        the_moves_are_legal(events)
        each_thing_ends_once(events)
        said = set(program.texts.values())
        for run_id in program.runs:
            assert all(
                any(text == whole if status == "completed" else whole.startswith(text) for whole in said)
                for status, text in await house.texts(run_id)
            )
            for message in await house.said(run_id):
                assert message == last_told(events, message)
            for step in await house.steps(run_id):
                assert step == last_told(events, step)
            run = await house.run(run_id)
            assert run == last_told(events, run)
        assert await house.still_open() == []
        assert (house.drafts._open, house.drafts.path.stat().st_size) == ({}, 0)
        owned = select(func.count()).select_from(tables.leases).where(tables.leases.c.owner.is_not(None))
        assert await house.database.read(lambda connection: connection.scalar(owned)) == 0
        (worker,) = house.workers
        assert (worker._loops, worker._timers, worker._tasks) == ({}, {}, set())
        after = await house.asked(thread_id, thread_policy="reject")
        assert await house.status(after) == ["in_progress"]


def the_moves_are_legal(events: list[tuple[str, dict[str, Any]]]) -> None:
    status: dict[str, Any] = {}
    for type, data in events:
        if type == "R.created":
            status[data["id"]] = "queued"
        elif type.startswith("R.") and (type, status[data["id"]]) != ("R.queued", "queued"):
            assert data["status"] in MOVES[status[data["id"]]]
            status[data["id"]] = data["status"]
            assert list(status.values()).count("in_progress") <= 8
    assert set(status.values()) <= TERMINAL


def each_thing_ends_once(events: list[tuple[str, dict[str, Any]]]) -> None:
    told: dict[str, list[str]] = {}
    for type, data in events:
        if type[:2] in ("S.", "M.") and data.get("run_id"):
            told.setdefault(data["id"], []).append(type[2:])
    ends = {"completed", "incomplete", "failed", "cancelled", "expired"}
    assert {tuple(types[:2]) for types in told.values()} <= {("created", "in_progress")}
    assert all(len(types) == 3 and types[2] in ends for types in told.values())


def last_told(events: list[tuple[str, dict[str, Any]]], record: Any) -> Any:
    data = next(data for _, data in reversed(events) if data["id"] == record.id)
    return type(record).model_validate(data)
