"""Calls in rooms that nobody answers: no client of the room protocol can, so that the run waits until it expires."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from livethread.domain.rooms import FACE, NO_FUNCTION, SOCKET, STREAM
from livethread.domain.run_bodies import ToolOutput, ToolOutputsSubmit
from livethread.domain.runs import Run
from livethread.errors import ApiError
from livethread.live.bus import Bus, Hint
from livethread.services.runs import Runs
from livethread.storage import queries
from livethread.storage.database import Database

_FACES: Final = (SOCKET, STREAM)

log = structlog.get_logger()


class UnknownCalls:
    """Answers each call of a run that was asked for in a room and waits: there is no such function.

    Args:
        runs: where calls are answered.
        database: knows which runs wait already.
        bus: tells of those that begin to.
    """

    def __init__(self, runs: Runs, database: Database, bus: Bus) -> None:
        self._runs = runs
        self._database = database
        self._answering: set[asyncio.Task[None]] = set()
        self._unsubscribe = bus.subscribe(None, self._hear)

    async def start(self) -> None:
        """Answer what has waited since before."""
        waiting = await self._database.read(lambda connection: queries.runs_in(connection, ["requires_action"]))
        for row in waiting:
            self._look(Run.model_validate_json(row.object))

    async def close(self) -> None:
        """Answer no more."""
        self._unsubscribe()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    def _hear(self, hint: Hint) -> None:
        for event in hint.events:
            if event.type == "thread.run.requires_action":
                self._look(Run.model_validate_json(event.data))

    def _look(self, run: Run) -> None:
        if run.metadata.get(FACE) in _FACES:
            task = asyncio.create_task(self._answer(run))
            self._answering.add(task)
            task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("calls not answered", exc_info=error)

    async def _answer(self, run: Run) -> None:
        outputs = [ToolOutput(tool_call_id=call["id"], output=NO_FUNCTION) for call in run.pending_calls]
        try:
            await self._runs.submit(run.thread_id, run.id, ToolOutputsSubmit(tool_outputs=outputs))
        except ApiError as error:  # somebody else has answered, or the run is over
            log.info("calls not answered", run_id=run.id, why=error.message)
