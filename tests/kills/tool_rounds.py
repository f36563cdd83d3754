"""A round of tools: parallel and chained calls whose outputs are submitted, streamed and polled."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import suppress
from typing import Any

import aiohttp

from livethread.sse import Decoder
from tests.cuts.scripts import text
from tests.kills.client import Client, output_of, outputs_for, said
from tests.kills.viewers import Viewers

MOMENTS = ["whenever", "waiting", "submitting", "submitted"]


class ToolRounds:
    """Four threads with a run each.

    Args:
        client: starts and answers them.
        viewers: look on.
    """

    def __init__(self, client: Client, viewers: Viewers) -> None:
        self._client = client
        self._viewers = viewers
        self._reached: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._submits: list[tuple[str, dict[str, Any], str]] = []
        self._turns: dict[str, tuple[Any, list[Any]]] = {}
        self.threads: list[str] = []

    async def play(self) -> None:
        """Kill the server before, during or after a submit, or whenever; start it again, and submit again."""
        for _ in range(4):
            thread = await self._client.post("/threads", {"messages": [{"role": "user", "content": "go"}]})
            self.threads.append(thread["id"])
            self._viewers.follow(thread["id"], 1)
        driving = [self._drive(id, streamed=number % 2 == 0) for number, id in enumerate(self.threads)]
        await self._client.server.kill_during(driving, self._moment(self._client.dice.choice(MOMENTS)))
        await self._submit_again()

    async def over(self) -> None:
        """Every call was made once and has its output; every turn was said to its end once."""
        for thread_id, (script, turns) in self._turns.items():
            runs = await self._client.all_of(f"/threads/{thread_id}/runs")
            for run in runs:
                if run["metadata"] == script:
                    await self._compare(run, [step for turn in turns for step in turn])

    async def _compare(self, run: dict[str, Any], script: list[Any]) -> None:
        path = f"/threads/{run['thread_id']}"
        steps = (await self._client.all_of(f"{path}/runs/{run['id']}/steps"))[::-1]
        rounds = [step["step_details"]["tool_calls"] for step in steps if step["type"] == "tool_calls"]
        made = [[call["function"]["name"] for call in calls] for calls in rounds]
        due = [[call["name"] for call in step["tool_calls"]] for step in script if "tool_calls" in step]
        answered = all(call["function"]["output"] == output_of(call["id"]) for calls in rounds for call in calls)
        if made != due or not answered:
            self._client.wrong(f"{run['id']} has made the calls {rounds} instead of {due}")
        messages = (await self._client.all_of(f"{path}/messages"))[::-1]
        mine = [message for message in messages if message["run_id"] == run["id"]]
        spoken = [said(message) for message in mine if message["status"] == "completed"]
        whole = ["".join(step["pieces"]) for step in script if "pieces" in step]
        if spoken != whole:
            self._client.wrong(f"{run['id']} has said {spoken} instead of {whole}")

    async def _moment(self, moment: str) -> None:
        dice = self._client.dice
        if moment == "whenever":
            await asyncio.sleep(dice.random() * 0.5)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._reached[moment].wait(), 3)
        await asyncio.sleep(dice.random() * 0.02)

    async def _drive(self, thread_id: str, *, streamed: bool) -> None:
        """Answer a run's calls until it ends, or the server does."""
        dice = self._client.dice
        turns: list[Any] = []
        for _ in range(dice.randint(1, 3)):
            calls = {"tool_calls": [{"name": dice.choice(["look", "listen"])} for _ in range(dice.randint(1, 3))]}
            turns.append([{"pieces": text(dice, 5), "delay_ms": 2}, calls] if dice.random() < 0.5 else [calls])
        turns.append([{"pieces": text(dice, 30), "delay_ms": 3}])
        path, body = f"/threads/{thread_id}/runs", self._client.run_body(turns, stream=streamed)
        self._turns[thread_id] = body["metadata"], turns
        run = await self._ask(path, body, self._client.mark())
        while run is not None and run["status"] == "requires_action":
            self._reached["waiting"].set()
            await asyncio.sleep(dice.random() * 0.02)
            path = f"/threads/{thread_id}/runs/{run['id']}/submit_tool_outputs"
            self._submits.append((path, {"tool_outputs": outputs_for(run), "stream": streamed}, self._client.mark()))
            self._reached["submitting"].set()
            run = await self._ask(*self._submits[-1])

    async def _ask(self, path: str, body: dict[str, Any], key: str) -> Any:
        """The run as it ends or waits."""
        return await (self._stream if body["stream"] else self._poll)(path, body, key)

    async def _poll(self, path: str, body: dict[str, Any], key: str) -> Any:
        run = await self._client.post(path, body, key)
        self._note(body)
        while run["status"] in ("queued", "in_progress"):
            await asyncio.sleep(0.01)
            run = await self._client.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        return run

    async def _stream(self, path: str, body: dict[str, Any], key: str) -> Any:
        decoder, run = Decoder(), None
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._client.server.url}/v1{path}", json=body, headers={"Idempotency-Key": key}) as answer,
        ):
            if answer.status != 200:
                raise RuntimeError(f"{path} was answered {answer.status}: {await answer.text()}")
            self._note(body)
            async for piece in answer.content.iter_any():
                for event in decoder.feed(piece):
                    if event.type.startswith("thread.run.") and "step" not in event.type:
                        run = json.loads(event.data)
        return run

    def _note(self, body: dict[str, Any]) -> None:
        """Outputs that were accepted are never asked for again."""
        ids = {output["tool_call_id"] for output in body.get("tool_outputs", ())}
        if ids:
            self._reached["submitted"].set()
        self._client.report.did["outputs accepted"] += len(ids - self._client.accepted)
        self._client.accepted |= ids

    async def _submit_again(self) -> None:
        """With the same key: what was accepted stays so, what was not is accepted now."""
        for path, outputs, key in self._submits[-4:]:
            await self._ask(path, outputs, key)
            self._client.report.did["submits repeated"] += 1
