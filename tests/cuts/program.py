"""The program: rounds of parallel runs in one thread, watched by viewers that are cut at random bytes.

``python -m tests.cuts --seed 7 --cuts 10000`` runs it at any length against a server of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from livethread.domain import cursor
from livethread.sse import Decoder
from tests.cuts.connection import get
from tests.cuts.viewer import Held, Wrong

ALPHABETS = [
    "abcdefghij klmnop qrst uvwxyz ",
    "漢字かな交じり文と한국어 ",
    "😀🦊👩‍👩‍👧‍👦🏳️‍🌈 ",
    "e\u0301o\u0308n\u0303 ",
    "\r\n \r \n",
    "\0\x01\x1f\x7f\u2028",
    '"\\{}[]:,~',
]


@dataclass
class Report:
    """What a program did.

    Args:
        seed: makes the same choices again.
        cuts: connections cut while there was more to come.
        in_text: those of them whose viewer held part of a text that still grew.
        deltas: taken by all viewers together.
        viewers: how many there were.
        snapshots: how often a viewer had to begin with one.
        wrong: what could not be true; empty when all is well.
    """

    seed: int
    cuts: int = 0
    in_text: int = 0
    deltas: int = 0
    viewers: int = 0
    snapshots: int = 0
    rounds: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.cuts} cuts ({self.in_text} in mid text), {self.viewers} viewers, "
            f"{self.rounds} rounds, {self.deltas} deltas, {self.snapshots} snapshots, {len(self.wrong)} wrong"
        )


def write_script(scripts: Path, scenario: dict[str, Any]) -> dict[str, str]:
    """Put a scenario where the server finds it; what a run's metadata says to have it played.

    In the instructions it would make every event of the run so large that few cuts fell into text.
    """
    scripts.mkdir(exist_ok=True)
    name = f"{len(list(scripts.iterdir()))}.json"
    (scripts / name).write_text(json.dumps(scenario))
    return {"script": name}


def text(dice: random.Random, pieces: int) -> list[str]:
    """Pieces of text that are hard on encoders."""
    return ["".join(dice.choices(dice.choice(ALPHABETS), k=dice.randint(1, 9))) for _ in range(pieces)]


class Round:
    """One thread with parallel runs and its viewers.

    Args:
        session: for everything that is not a stream.
        url: of the server.
        scripts: its folder of scenarios.
        dice: every choice.
        report: where counts and complaints go.
    """

    def __init__(
        self, session: aiohttp.ClientSession, url: str, scripts: Path, dice: random.Random, report: Report
    ) -> None:
        self.session = session
        self.url = url
        self.scripts = scripts
        self.dice = dice
        self.report = report
        self.final_seq: int | None = None
        self.runs: list[str] = []

    async def call(self, method: str, path: str, body: Any = None) -> tuple[Any, Any]:
        """One call of the API: the parsed answer and its headers."""
        async with self.session.request(method, f"{self.url}/v1{path}", json=body) as answer:
            data = await answer.json()
            assert answer.status == 200, data
            return data, answer.headers

    async def play(self, assistant_id: str, viewers: int, runs: int, pieces: int) -> None:
        """Play the round to its end, and compare every viewer with what is stored."""
        thread, _ = await self.call("POST", "/threads", {"messages": [{"role": "user", "content": "go"}]})
        path = f"/threads/{thread['id']}"
        watching = [asyncio.create_task(self.watch(f"{path}/events", self.kind(), n)) for n in range(viewers)]
        for _ in range(runs):
            scenario = {"turns": [[{"pieces": text(self.dice, pieces), "delay_ms": self.dice.choice([0, 3, 5, 8])}]]}
            run, _ = await self.call(
                "POST",
                f"{path}/runs",
                {
                    "assistant_id": assistant_id,
                    "metadata": write_script(self.scripts, scenario),
                    "thread_policy": "parallel",
                },
            )
            self.runs.append(run["id"])
            watching += [
                asyncio.create_task(self.watch(f"{path}/runs/{run['id']}/events", kind, n))
                for n, kind in enumerate(["fast", self.kind()])
            ]
        for run_id in self.runs:
            while (await self.call("GET", f"{path}/runs/{run_id}"))[0]["status"] != "completed":
                await asyncio.sleep(0.02)
        listed, headers = await self.call("GET", f"{path}/messages?limit=100")
        self.final_seq = cursor.parse(headers["x-thread-cursor"]).seq
        runs_listed, _ = await self.call("GET", f"{path}/runs?limit=100")
        for held in await asyncio.gather(*watching):
            self.report.deltas += held.deltas
            self.report.snapshots += held.snapshots
            self.compare(held, listed["data"], runs_listed["data"])
        self.report.viewers += len(watching)
        self.report.rounds += 1

    def kind(self) -> str:
        return self.dice.choice(["fast", "fast", "slow", "late"])

    def compare(self, held: Held, messages: list[Any], runs: list[Any]) -> None:
        """A viewer's fold is the stored state, byte for byte."""
        if "/runs/" in held.name:
            run_id = held.name.split("/")[4]
            messages = [message for message in messages if message["run_id"] == run_id]
            runs = [run for run in runs if run["id"] == run_id]
        if json.dumps(held.fold.messages) != json.dumps(messages):
            self.report.wrong.append(f"{held.name}: messages differ from what is stored")
        if sorted(map(json.dumps, held.fold.runs)) != sorted(map(json.dumps, runs)):
            self.report.wrong.append(f"{held.name}: runs differ from what is stored")

    async def watch(self, path: str, kind: str, number: int) -> Held:
        """Follow a stream to its end over as many connections as it takes."""
        dice = random.Random(self.dice.random())
        held = Held(f"{path} {kind} {number}")
        if kind == "late":
            await asyncio.sleep(dice.random() * 0.3)
        try:
            while not self.over(held):
                await self.look(held, path, kind, dice)
        except Wrong as wrong:
            self.report.wrong.append(str(wrong))
        return held

    def over(self, held: Held) -> bool:
        seq = cursor.parse(held.last_id).seq if held.last_id else 0
        return held.done or (self.final_seq is not None and "/runs/" not in held.name and seq >= self.final_seq)

    async def look(self, held: Held, path: str, kind: str, dice: random.Random) -> None:
        """One connection, cut after a random number of bytes."""
        budget = dice.choice([dice.randint(1, 2000), dice.randint(1, 8000), dice.randint(1, 40_000)])
        if self.final_seq is not None:
            budget = 1 << 30
        decoder = Decoder(last_event_id=held.last_id or "")
        buffer = 2048 if kind == "slow" else None
        async with get(self.url + "/v1" + path, held.last_id, reset=dice.random() < 0.5, buffer=buffer) as answer:
            if answer.status == 204:
                held.done = True
                return
            if answer.status != 200:
                raise Wrong(f"{held.name}: status {answer.status}")
            while budget > 0 and not self.over(held):
                try:
                    piece = await asyncio.wait_for(answer.read(min(budget, 512 if kind == "slow" else 65536)), 0.5)
                except TimeoutError:
                    if self.final_seq is not None and not self.over(held):
                        return
                    continue
                if not piece:
                    return
                budget -= len(piece)
                for event in decoder.feed(piece):
                    held.take(event)
                if kind == "slow":
                    await asyncio.sleep(0.004)
        if not self.over(held):
            self.report.cuts += 1
            self.report.in_text += bool(cursor.parse(held.last_id).places) if held.last_id else False


async def program(
    url: str, scripts: Path, seed: int, *, cuts: int, viewers: int = 12, runs: int = 4, pieces: int = 300
) -> Report:
    """Play rounds until so many connections were cut.

    Args:
        url: of a server that nobody else uses.
        scripts: its folder of scenarios, ``<data>/scripts``.
        seed: makes the same choices again.
        cuts: how many, at least.
        viewers: of the thread, in each round; every run has two more.
        runs: in parallel, in each round.
        pieces: of text in each run.
    """
    report = Report(seed)
    dice = random.Random(seed)
    async with aiohttp.ClientSession() as session:
        body = {"model": "builtin/script", "name": "cut test"}
        async with session.post(f"{url}/v1/assistants", json=body) as answer:
            assistant_id = (await answer.json())["id"]
        for _ in _until(lambda: report.cuts >= cuts or bool(report.wrong)):
            await Round(session, url, scripts, dice, report).play(assistant_id, viewers, runs, pieces)
    return report


def _until(over: Any) -> Iterator[None]:
    for _ in range(10_000):
        if over():
            return
        yield
