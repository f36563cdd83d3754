from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run, required_action
from livethread.domain.steps import RunStep
from livethread.domain.transitions import move
from livethread.live.log import ThreadWrite
from livethread.services.runs import Runs
from livethread.services.unknown_calls import UnknownCalls
from tests.services.rooms import NOW, Rooms

CALLS = [
    {"id": f"call_{number}", "type": "function", "function": {"name": "f", "arguments": "{}", "output": None}}
    for number in range(2)
]


async def waiting(rooms: Rooms, face: str | None) -> Run:
    """A run that waits for its caller, asked for at some face."""
    thread = json.loads((await rooms.threads.create()).text)["id"]
    assistant = Assistant.create(AssistantCreate(model="m"), rooms.ids, NOW)
    body = RunCreate(assistant_id=assistant.id, metadata={} if face is None else {"face": face})
    run = Run.create(body, assistant, thread, rooms.ids, NOW, thread_policy="queue")

    def change(write: ThreadWrite) -> Run:
        write.append(run, "thread.run.created", "thread.run.queued")
        write.append(now := move(run, "in_progress", NOW), "thread.run.in_progress")
        step = RunStep.tool_calls(now, id=rooms.ids.new("step"), now=NOW).with_calls(CALLS)
        write.append(step, "thread.run.step.created")
        now = move(now, "requires_action", NOW, required_action=required_action(CALLS))
        write.append(now, "thread.run.requires_action")
        return now

    return await rooms.log.append(thread, change)


async def until_answered(rooms: Rooms, run: Run) -> list[str]:
    """The outputs of a run's calls, once it goes on."""
    async with asyncio.timeout(20):
        while (await rooms.events(run.thread_id))[-1] != "thread.run.queued":
            await asyncio.sleep(0.001)
    steps = [object for type, object in await rooms.logged(run.thread_id) if type == "thread.run.step.completed"]
    return [call["function"]["output"] for call in steps[0]["step_details"]["tool_calls"]]


async def test_runs_of_rooms_are_answered_and_the_others_wait(rooms: Rooms) -> None:
    before = await waiting(rooms, "room")
    unknown = UnknownCalls(rooms.runs, rooms.database, rooms.bus)
    await unknown.start()
    behind, other = await waiting(rooms, "room-stream"), await waiting(rooms, None)
    for run in (before, behind):
        outputs = await until_answered(rooms, run)
        assert outputs == ['{"status": "error", "message": "No function found"}'] * 2
    await unknown.close()
    assert (await rooms.events(other.thread_id))[-1] == "thread.run.requires_action"
    late = await waiting(rooms, "room")
    await unknown.close()
    assert (await rooms.events(late.thread_id))[-1] == "thread.run.requires_action"


async def test_what_goes_wrong_is_told_to_who_runs_the_server(rooms: Rooms, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        async def submit(self, *_: Any) -> None:
            raise RuntimeError("the disk is full")

    unknown = UnknownCalls(cast(Runs, Broken()), rooms.database, rooms.bus)
    await waiting(rooms, "room")
    async with asyncio.timeout(20):
        while "the disk is full" not in (told := capsys.readouterr().out):
            await asyncio.sleep(0.001)
    assert "calls not answered" in told
    await unknown.close()


async def test_somebody_else_may_have_answered(rooms: Rooms) -> None:
    run = await waiting(rooms, "room")
    unknown = UnknownCalls(rooms.runs, rooms.database, rooms.bus)
    await unknown.start()
    await unknown.start()  # the second answer finds that the run does not wait any more
    await until_answered(rooms, run)
    await unknown.close()
    assert (await rooms.events(run.thread_id)).count("thread.run.step.completed") == 1
