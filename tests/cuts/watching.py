"""A viewer of a cut test: it follows one stream over as many connections as it takes, and remembers all of it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from urllib.parse import urlencode

from livethread.domain import cursor
from livethread.domain.transitions import TERMINAL
from livethread.sse import Decoder, Event
from tests.cuts.connection import get
from tests.cuts.report import Report
from tests.cuts.truth import Judge, Truth
from tests.cuts.viewer import Held, Wrong

KINDS = ["fast", "fast", "slow", "late"]
WITHOUT_END = 1 << 30
PATIENCE = 100
"""Connections that bring nothing, when all is said and nothing is cut any more."""


class Told(Held):
    """One that remembers what it was told, to be judged when the whole log is known.

    Args:
        name: for complaints.
        run_id: whose stream it follows; None for the thread's.
        limit: what it asks a snapshot to show.
    """

    def __init__(self, name: str, run_id: str | None = None, limit: int = 100) -> None:
        super().__init__(name)
        self.run_id = run_id
        self.limit = limit
        self.told: list[Event] = []

    def take(self, event: Event) -> None:
        """Take one event."""
        super().take(event)
        if event.type not in ("done", "thread.presence", "thread.typing"):
            self.told.append(event)

    def judged_by(self, truth: Truth) -> None:
        """Hold all of it against the log.

        Raises:
            Wrong: something was not so.
        """
        Judge(truth, self.name, self.run_id, self.limit).hear(self.told)

    @property
    def seq(self) -> int:
        """Of the last event; 0 before the first."""
        return cursor.parse(self.last_id).seq if self.last_id else 0

    @property
    def at_its_end(self) -> bool:
        """Whether a run's stream has said that nothing more comes: not so where the run waits for its caller."""
        return self.done and bool(self.fold.runs) and self.fold.runs[0]["status"] in TERMINAL


@dataclass
class Watching:
    """Follows a stream, and is cut.

    Args:
        url: of the stream.
        held: what the viewer holds.
        kind: fast, slow (reads little at a time) or late (comes when all is under way).
        dice: where its connections are cut.
        report: where cuts are counted.
        person: who looks on, for the thread's stream.
    """

    url: str
    held: Told
    kind: str
    dice: random.Random
    report: Report
    person: dict[str, str] = field(default_factory=dict)
    last_seq: int | None = None
    """Where the thread's stream will stay, once that is known: then nothing is cut any more."""

    async def watch(self) -> Told:
        """To the end of the stream.

        Raises:
            Wrong: what it was told cannot be true.
        """
        if self.kind == "late":
            await asyncio.sleep(self.dice.random() * 0.5)
        fruitless = 0
        while not self.over:
            before = self.held.last_id
            cut = await self.look()
            if cut and not self.over:
                self.report.cuts += 1
                self.report.in_text += bool(self.held.last_id and cursor.parse(self.held.last_id).places)
            fruitless = fruitless + 1 if self.held.last_id == before and self.last_seq is not None else 0
            if fruitless > PATIENCE:
                raise Wrong(f"{self.held.name}: gets no further than {before}")
        if self.held.run_id is not None:
            await self._knock_again()
        return self.held

    @property
    def over(self) -> bool:
        """Whether it holds all there is."""
        if self.held.run_id is not None:
            return self.held.at_its_end
        return self.last_seq is not None and self.held.seq >= self.last_seq

    def where(self) -> tuple[str, str | None]:
        """The address of the next connection, and its ``Last-Event-ID``: the cursor goes in the one or the other."""
        query = {**self.person} if self.held.run_id is not None else {**self.person, "limit": str(self.held.limit)}
        header = self.held.last_id
        if header is not None and self.dice.random() < 0.5:
            query["cursor"], header = header, None
            if self.dice.random() < 0.2:
                header, query["cursor"] = query["cursor"], "1.none"  # the header wins
        return f"{self.url}?{urlencode(query)}" if query else self.url, header

    async def look(self) -> bool:
        """One connection, to its end or cut after a random number of bytes; whether it was cut."""
        most = self.dice.choice([2000, 8000, 40_000]) if self.last_seq is None else WITHOUT_END
        left = self.dice.randint(0, most) if self.last_seq is None else most
        decoder = Decoder(last_event_id=self.held.last_id or "")
        slow = self.kind == "slow"
        self.held.done = False
        url, header = self.where()
        async with get(url, header, reset=self.dice.random() < 0.5, buffer=2048 if slow else None) as answer:
            if self.ended_by(answer.status):
                return False
            while left > 0 and not self.over:
                try:
                    async with asyncio.timeout(0.5):
                        piece = await answer.read(min(left, 512 if slow else 65536))
                except TimeoutError:  # all may be said and done meanwhile
                    continue
                if not piece:
                    return False
                left -= len(piece)
                for event in decoder.feed(piece):
                    self.held.take(event)
                if slow:
                    await asyncio.sleep(0.004)
        return True

    def ended_by(self, status: int) -> bool:
        """Whether an answer says that nothing more comes, after ``done`` or where only that word was missing.

        Raises:
            Wrong: it is no answer to who follows a stream.
        """
        if status == 204 and self.held.run_id is not None and self.held.last_id is not None:
            self.held.done = True
            return True
        if status != 200:
            raise Wrong(f"{self.held.name}: status {status} at {self.held.last_id}")
        return False

    async def _knock_again(self) -> None:
        """Who holds the end of a run is told that there is nothing more; a browser then stays away."""
        async with get(self.url, self.held.last_id, reset=False) as answer:
            if answer.status != 204:
                raise Wrong(f"{self.held.name}: status {answer.status} behind its end, {self.held.last_id}")
