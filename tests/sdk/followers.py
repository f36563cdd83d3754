"""Viewers that follow a thread and its runs while an SDK drives it; in the end each must hold what REST shows."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from livethread.domain import cursor
from livethread.domain.transitions import TERMINAL
from livethread.sse import Decoder, Event
from tests.cuts.connection import get
from tests.cuts.viewer import Held, Wrong

LONGEST_LOOK = 1500


class Follower(Held):
    """One viewer, and the types of all that it was told, but for who is there.

    Args:
        path: of the stream.
        dice: where its connections are cut; None for a viewer that is never cut.
        on_run: told the id of each run that begins.
        longest: bytes up to which a connection may live; a viewer that so gets nowhere is given twice as many.
    """

    def __init__(
        self,
        path: str,
        dice: random.Random | None,
        on_run: Callable[[str], None] | None = None,
        longest: int = LONGEST_LOOK,
    ) -> None:
        super().__init__(path)
        self.path = path
        self.types: list[str] = []
        self.step_deltas: list[tuple[int, list[str]]] = []
        """The seq and the call ids of each step delta."""
        self.cuts = 0
        self._dice = dice
        self._on_run = on_run
        self._longest = longest
        self._moved = asyncio.Event()

    @property
    def seq(self) -> int:
        """Of the last event."""
        return cursor.parse(self.last_id).seq if self.last_id else 0

    @property
    def run_id(self) -> str | None:
        """The run whose stream it is; None for the thread's."""
        return self.path.split("/")[4] if "/runs/" in self.path else None

    @property
    def over(self) -> bool:
        """Whether it is at the end of a run's stream; a thread's has none."""
        return self.done and self.run_id is not None and self.fold.runs[0]["status"] in TERMINAL

    def take(self, event: Event) -> None:
        """Take one event."""
        super().take(event)
        if event.type not in ("done", "thread.presence"):
            self.types.append(event.type)
        if event.type == "thread.run.created" and self._on_run is not None:
            self._on_run(json.loads(event.data)["id"])
        if event.type == "thread.run.step.delta":
            calls = json.loads(event.data)["delta"]["step_details"]["tool_calls"]
            self.step_deltas.append((self.seq, [call["id"] for call in calls]))
        self._moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that what it is told makes true."""
        while not true():
            self._moved.clear()
            await self._moved.wait()

    async def reach(self, seq: int) -> None:
        """Wait until it has been told so far."""
        await self.until(lambda: self.seq >= seq)

    async def follow(self, url: str) -> None:
        """Follow the stream over as many connections as it takes."""
        stuck = 0
        while not self.over:
            before = self.last_id
            await self._look(url, self._longest * 2**stuck)
            stuck = stuck + 1 if before == self.last_id else 0

    async def _look(self, url: str, longest: int) -> None:
        budget = self._dice.randint(1, longest) if self._dice else 1 << 30
        reset = self._dice is not None and self._dice.random() < 0.5
        decoder = Decoder(last_event_id=self.last_id or "")
        async with get(f"{url}/v1{self.path}", self.last_id, reset=reset) as answer:
            if answer.status == 204 and self.run_id is not None and self.fold.runs[0]["status"] in TERMINAL:
                self.done = True  # only that word was missing
                return
            if answer.status != 200:
                raise Wrong(f"{self.path}: status {answer.status} at {self.last_id}")
            while budget > 0 and not self.over:
                piece = await answer.read(budget)
                if not piece:
                    return
                budget -= len(piece)
                for event in decoder.feed(piece):
                    self.take(event)
        self.cuts += not self.over


@dataclass(frozen=True)
class Stored:
    """A thread as REST shows it.

    Args:
        thread: itself.
        messages: newest first.
        runs: newest first.
        steps: of each run, oldest first.
        seq: of the last event.
    """

    thread: Any
    messages: list[Any]
    runs: list[Any]
    steps: dict[str, list[Any]]
    seq: int


async def stored(url: str, thread_id: str) -> Stored:
    """Read all of a thread."""

    async def read(rest: str) -> tuple[Any, str]:
        async with session.get(f"{url}/v1/threads/{thread_id}{rest}") as answer:
            assert answer.status == 200, rest
            return await answer.json(), answer.headers.get("x-thread-cursor", "")

    async with aiohttp.ClientSession() as session:
        runs = (await read("/runs?limit=100"))[0]["data"]
        messages, position = await read("/messages?limit=100")
        return Stored(
            thread=(await read(""))[0],
            messages=messages["data"],
            runs=runs,
            steps={run["id"]: (await read(f"/runs/{run['id']}/steps?limit=100&order=asc"))[0]["data"] for run in runs},
            seq=cursor.parse(position).seq,
        )


def assert_holds(follower: Follower, stored: Stored) -> None:
    """A viewer's fold is exactly what is stored: of a run's viewer, the run, its messages and its steps."""
    ids = [run["id"] for run in stored.runs] if follower.run_id is None else [follower.run_id]
    fold = follower.fold
    assert fold.thread == (stored.thread if follower.run_id is None else None)
    assert list(fold.messages) == [
        message for message in stored.messages if follower.run_id in (None, message["run_id"])
    ]
    assert list(fold.runs) == [run for run in stored.runs if run["id"] in ids]
    for id in ids:
        assert [step for step in fold.run_steps if step["run_id"] == id] == stored.steps[id]


@asynccontextmanager
async def following(
    url: str, thread_id: str, seed: int, *, longest: int = LONGEST_LOOK
) -> AsyncIterator[list[Follower]]:
    """Two viewers of a thread and two of each run that begins in it, one of each pair cut again and again.

    The block ends when each of them has reached the end of what is stored then.

    Args:
        url: of the server.
        thread_id: a thread without runs.
        seed: makes the same cuts again.
        longest: bytes up to which a connection may live that is to be cut.
    """
    dice = random.Random(seed)
    followers: list[Follower] = []
    tasks: list[asyncio.Task[None]] = []

    async with asyncio.TaskGroup() as group:

        def follow(path: str, *, cut: bool, on_run: Callable[[str], None] | None = None) -> None:
            follower = Follower(path, random.Random(dice.random()) if cut else None, on_run, longest)
            followers.append(follower)
            tasks.append(group.create_task(follower.follow(url)))

        def follow_run(run_id: str) -> None:
            for cut in (False, True):
                follow(f"/threads/{thread_id}/runs/{run_id}/events", cut=cut)

        follow(f"/threads/{thread_id}/events", cut=False, on_run=follow_run)
        follow(f"/threads/{thread_id}/events", cut=True)
        for follower in followers:
            await follower.reach(1)
        yield followers
        end = (await stored(url, thread_id)).seq
        for follower, task in zip(followers[:2], tasks[:2], strict=True):
            await follower.reach(end)
            task.cancel()
        await asyncio.wait(tasks)
