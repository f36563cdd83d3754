"""What goes on in a thread while it is watched: turns, single runs, tool rounds, failures, stops, edits, people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from livethread.domain.transitions import TERMINAL
from tests.cuts import scripts
from tests.cuts.scene import Scene
from tests.cuts.scripts import Scenario

# A policy, and what goes on under it. Under ``queue`` a run that waits for its caller has the others refused.
ROUNDS: list[tuple[str, list[str]]] = [
    (
        "parallel",
        ["parallel_turn", "tool_rounds", "failing_run", "cancelled_run", "sequential_turn", "edits", "typing"],
    ),
    ("parallel", ["parallel_turn", "parallel_turn", "tool_rounds", "edits"]),
    ("queue", ["sequential_turn", "parallel_turn", "failing_run", "cancelled_run", "edits", "typing"]),
    ("parallel", ["parallel_turn", "parallel_turn", "tool_rounds", "stop", "edits"]),
    ("interrupt", ["parallel_turn", "sequential_turn", "parallel_turn", "typing"]),
]
ACTS = sorted({act for _, acts in ROUNDS for act in acts})


@dataclass
class Acts:
    """The acts of one thread.

    Args:
        scene: where it plays.
        thread_id: the thread.
        pieces: of text in a run.
        policy: what runs do on a busy thread.
        begun: told the thread's path, and the id of each run that begins.
    """

    scene: Scene
    thread_id: str
    pieces: int
    policy: str
    begun: Callable[[str, str], None]
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    """What each run was to play."""

    def __post_init__(self) -> None:
        self.caller = self.scene.caller
        self.dice = self.scene.dice
        self.path = f"/threads/{self.thread_id}"

    async def play(self, acts: list[str]) -> None:
        """All of these at once, each a moment behind the one before; comes back when every run has ended."""
        async with asyncio.TaskGroup() as group:
            for act in acts:
                what: Callable[[], Awaitable[None]] = getattr(self, act)
                group.create_task(self._counted(act, what))
                await asyncio.sleep(self.dice.random() * 0.1)
        for run in await self.runs():
            await self._end_of(run["id"])

    async def runs(self) -> list[Any]:
        return (await self.caller.get(f"{self.path}/runs?limit=100"))["data"]  # type: ignore[no-any-return]

    async def messages(self) -> list[Any]:
        return (await self.caller.get(f"{self.path}/messages?limit=100"))["data"]  # type: ignore[no-any-return]

    async def _counted(self, act: str, what: Callable[[], Awaitable[None]]) -> None:
        await what()
        self.scene.report.did[act.replace("_", " ")] += 1

    # -- the acts ------------------------------------------------------------------------------

    async def parallel_turn(self) -> None:
        """Several assistants answer at once, their texts interleaved."""
        await self._turn("parallel", self.dice.randint(2, 3))

    async def sequential_turn(self) -> None:
        """One assistant after the other."""
        await self._turn("sequential", 2)

    async def tool_rounds(self) -> None:
        """A run that waits for its caller, once or twice."""
        run_id = await self._run(scripts.rounds_of_tools(self.dice, self.pieces))
        while (run := await self._end_of(run_id, or_status="requires_action"))["status"] == "requires_action":
            await asyncio.sleep(self.dice.random() * 0.1)
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = [{"tool_call_id": call["id"], "output": f"output of {call['id']} 🦊"} for call in calls]
            path = f"{self.path}/runs/{run_id}/submit_tool_outputs"
            await self.caller.post(path, {"tool_outputs": outputs}, or_status=400)  # it may have been stopped

    async def failing_run(self) -> None:
        """A run whose model fails in mid text."""
        await self._end_of(await self._run(scripts.failure(self.dice, self.pieces)))

    async def cancelled_run(self) -> None:
        """A run that somebody cancels, in mid text or when it says nothing more."""
        run_id = await self._run(scripts.endless(self.dice, self.pieces))
        await asyncio.sleep(self.dice.random() * 0.6)
        await self.caller.post(f"{self.path}/runs/{run_id}/cancel", None, or_status=400)

    async def stop(self) -> None:
        """Somebody stops the whole thread."""
        await self._run(scripts.endless(self.dice, self.pieces))
        await asyncio.sleep(0.2 + self.dice.random() * 0.8)
        await self.caller.post(f"{self.path}/stop", None)

    async def edits(self) -> None:
        """Messages are written, changed and deleted, of people and of assistants, growing or ended."""
        for number in range(8):
            await asyncio.sleep(self.dice.random() * 0.15)
            change = {"metadata": {"edit": f"{number} {self.dice.choice(scripts.ALPHABETS)}"}}
            match self.dice.choice(["say", "edit", "edit", "delete", "rename", "mark"]):
                case "say":
                    said = "".join(scripts.text(self.dice, 20))
                    await self.caller.post(f"{self.path}/messages", {"role": "user", "content": said + "."})
                case "edit" if messages := await self.messages():
                    await self._about(self.dice.choice(messages), "POST", change)
                case "delete" if messages := await self.messages():
                    await self._about(self.dice.choice(messages), "DELETE")  # refused, while it grows
                case "rename":
                    await self.caller.post(self.path, change)
                case "mark" if runs := await self.runs():
                    run = self.dice.choice(runs)
                    change["metadata"] |= run["metadata"]  # which says what it plays
                    await self.caller.post(f"{self.path}/runs/{run['id']}", change)

    async def typing(self) -> None:
        """People type: told to all who look on, and written down nowhere."""
        for _ in range(6):
            await asyncio.sleep(self.dice.random() * 0.15)
            body = {"user_id": f"user-{self.dice.randint(0, 3)}", "typing": self.dice.random() < 0.7}
            await self.caller.post(f"{self.path}/typing", body, or_status=400)  # who is not there cannot type

    # -- runs ----------------------------------------------------------------------------------

    async def _turn(self, mode: str, count: int) -> None:
        speeches = [scripts.speech(self.dice, self.pieces) for _ in range(count)]
        body = {
            "message": "".join(scripts.text(self.dice, 5)) + "?",
            "assistants": [self._body(speech) for speech in speeches],
            "mode": mode,
            "thread_policy": self.policy,
        }
        turn = await self.caller.post(f"{self.path}/turns", body)
        for run, speech in zip(turn["runs"], speeches, strict=True):
            self._begun(run["id"], speech)
        for run in turn["runs"]:
            await self._end_of(run["id"])

    async def _run(self, scenario: Scenario) -> str:
        run = await self.caller.post(f"{self.path}/runs", {**self._body(scenario), "thread_policy": self.policy})
        self._begun(run["id"], scenario)
        return str(run["id"])

    def _body(self, scenario: Scenario) -> dict[str, Any]:
        metadata = scripts.write_script(self.scene.folder, {"turns": scenario.turns})
        return {"assistant_id": self.dice.choice(self.scene.assistants), "metadata": metadata}

    def _begun(self, run_id: str, scenario: Scenario) -> None:
        self.scenarios[run_id] = scenario
        self.begun(self.path, run_id)

    async def _about(self, message: Any, method: str, body: Any = None) -> None:
        path = f"{self.path}/messages/{message['id']}"
        await self.caller.call(method, path, body, or_status=400 if method == "DELETE" else 200)

    async def _end_of(self, run_id: str, or_status: str | None = None) -> Any:
        """The run when it has ended, or waits."""
        while True:
            run = await self.caller.get(f"{self.path}/runs/{run_id}")
            if run["status"] in TERMINAL or run["status"] == or_status:
                return run
            await asyncio.sleep(0.02)
