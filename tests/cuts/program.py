"""The program: rounds of runs in one thread each, watched by viewers that are cut at random bytes.

``python -m tests.cuts --seed 7 --cuts 10000`` runs it at any length against a server of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from livethread.domain import cursor
from livethread.domain.fold import Fold
from tests.cuts.acts import ROUNDS, Acts
from tests.cuts.proxy import Proxy
from tests.cuts.report import Report
from tests.cuts.scene import Caller, Scene
from tests.cuts.truth import Truth, read_log
from tests.cuts.viewer import Wrong
from tests.cuts.watching import KINDS, Told, Watching


class Round:
    """One thread, its runs and its viewers.

    Args:
        scene: where it plays.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._caller = scene.caller
        self._dice = scene.dice
        self._report = scene.report
        self._watching: list[Watching] = []
        self._tasks: list[asyncio.Task[Told]] = []

    async def play(self, viewers: int, pieces: int, policy: str, acts: list[str]) -> None:
        """Play the round to its end, then judge every viewer."""
        thread = await self._caller.post("/threads", {})
        path = f"/threads/{thread['id']}"
        thread, at_start = await self._caller.call("GET", path)
        await self._caller.post(f"{path}/messages", {"role": "user", "content": "go"})
        self._cut(True)
        for _ in range(viewers):
            self._follow(f"{path}/events", self._dice.choice(KINDS))
        played = Acts(self._scene, thread["id"], pieces, policy, self._follow_run)
        await played.play(acts)
        stored = await self._stored(path)
        self._cut(False)
        for watching in self._watching:
            watching.last_seq = stored["seq"]
        self._report.viewers += len(self._watching)
        self._report.runs += len(stored["runs"])
        try:
            truth = Truth(thread, await read_log(f"{self._caller.url}/v1{path}/events", at_start, stored["seq"]))
        except Wrong as wrong:
            self._report.wrong.append(str(wrong))
            await asyncio.gather(*self._tasks, return_exceptions=True)
            return
        self._compare_truth(truth, stored, played)
        for task in self._tasks:
            try:
                self._judge(await task, truth, stored)
            except Wrong as wrong:
                self._report.wrong.append(str(wrong))

    def _follow(self, path: str, kind: str, run_id: str | None = None) -> None:
        number = len(self._watching)
        held = Told(f"{path} {kind} {number}", run_id, 100 if run_id or number % 4 else 3)
        person = {} if run_id or number % 3 else {"name": f"Name {number % 5}", "user_id": f"user-{number % 5}"}
        server = self._scene.proxy.url if self._scene.proxy else self._caller.url
        dice = random.Random(self._dice.random())
        watching = self._scene.watcher(f"{server}/v1{path}", held, kind, dice, self._report, person)
        self._watching.append(watching)
        self._tasks.append(asyncio.create_task(watching.watch()))

    def _follow_run(self, path: str, run_id: str) -> None:
        for kind in ("fast", self._dice.choice(KINDS)) if self._scene.run_streams else ():
            self._follow(f"{path}/runs/{run_id}/events", kind, run_id)

    def _cut(self, cutting: bool) -> None:
        if self._scene.proxy is not None:
            self._scene.proxy.cutting = cutting

    async def _stored(self, path: str) -> dict[str, Any]:
        """The thread as REST shows it."""
        messages, position = await self._caller.call("GET", f"{path}/messages?limit=100")
        runs = (await self._caller.get(f"{path}/runs?limit=100"))["data"]
        steps = {
            run["id"]: (await self._caller.get(f"{path}/runs/{run['id']}/steps?limit=100&order=asc"))["data"]
            for run in runs
        }
        return {
            "thread": await self._caller.get(path),
            "messages": messages["data"],
            "runs": runs,
            "steps": steps,
            "seq": cursor.parse(position).seq,
        }

    def _compare_truth(self, truth: Truth, stored: dict[str, Any], said: Acts) -> None:
        """The log makes just what is stored, and what every run has said is what it was to say."""
        if sorted(truth.events) != list(range(2, stored["seq"] + 1)):
            self._report.wrong.append(f"{said.path}: the log does not lead to {stored['seq']}: {sorted(truth.events)}")
        if _shown(truth.fold()) != _shown(stored):
            self._report.wrong.append(f"{said.path}: its log makes something else than is stored")
        for run in stored["runs"]:
            texts, due = truth.texts(run["id"]), said.scenarios[run["id"]].texts
            whole = run["status"] in ("completed", "failed")
            if len(texts) > len(due) or not all(map(str.startswith, due, texts)) or (whole and texts != due):
                self._report.wrong.append(f"{run['id']} is {run['status']} and has said {texts} instead of {due}")
            self._report.did[f"runs {run['status']}"] += 1

    def _judge(self, held: Told, truth: Truth, stored: dict[str, Any]) -> None:
        """A viewer was never wrong, and its fold is the stored state, byte for byte."""
        for count in ("deltas", "snapshots", "people"):
            self._report.did[count] += getattr(held, count)
        held.judged_by(truth)
        due = _shown(_since_snapshot(held, truth, stored) if held.run_id is None else truth.fold(held.run_id))
        if _shown(held.fold) != due:
            raise Wrong(f"{held.name}: holds {_shown(held.fold)} and not {due}")


def _since_snapshot(held: Told, truth: Truth, stored: dict[str, Any]) -> dict[str, Any]:
    """Of what is stored: what the viewer's last snapshot showed, and what was created since."""
    begun = next(event for event in reversed(held.told) if event.type == "thread.snapshot")
    seq, shown = cursor.parse(begun.id).seq, json.loads(begun.data)

    def known(noun: str) -> list[Any]:
        ids = {item["id"] for item in shown[noun]}
        return [item for item in stored[noun] if item["id"] in ids or truth.born[item["id"]] > seq]

    runs = known("runs")
    return {
        "thread": stored["thread"],
        "messages": known("messages"),
        "runs": runs,
        "steps": {run["id"]: stored["steps"][run["id"]] for run in runs},
    }


def _shown(state: Fold | dict[str, Any]) -> dict[str, str]:
    """What there is to see, byte for byte."""
    if isinstance(state, Fold):
        steps = {run["id"]: [step for step in state.run_steps if step["run_id"] == run["id"]] for run in state.runs}
        state = {"thread": state.thread, "messages": state.messages, "runs": state.runs, "steps": steps}
    return {part: json.dumps(state[part]) for part in ("thread", "messages", "runs", "steps")}


async def program(
    url: str,
    folder: Path,
    seed: int,
    *,
    cuts: int,
    runs: int = 0,
    viewers: int = 50,
    pieces: int = 300,
    watcher: Callable[..., Watching] = Watching,
    proxy: Proxy | None = None,
    run_streams: bool = True,
) -> Report:
    """Play rounds until so many connections were cut, and there were so many runs.

    Args:
        url: of a server that nobody else uses.
        folder: its folder of scenarios, ``<data>/scripts``.
        seed: makes the same choices again.
        cuts: how many, at least.
        runs: how many, at least.
        viewers: of the thread, in each round; every run has two more.
        pieces: of text in each run.
        watcher: makes those who follow a stream.
        proxy: cuts them, where they cannot cut themselves.
        run_streams: whether the streams of runs are followed, too.
    """
    report = Report(seed)
    dice = random.Random(seed)
    rounds = dice.sample(ROUNDS, len(ROUNDS))
    async with aiohttp.ClientSession() as session:
        scene = Scene(Caller(session, url), folder, dice, report, watcher, proxy, run_streams)
        await scene.make_assistants()
        for number in range(1000):
            if report.wrong or (report.cuts >= cuts and report.runs >= runs):
                break
            policy, acts = rounds[number % len(rounds)]
            await Round(scene).play(viewers, pieces, policy, acts)
    return report
