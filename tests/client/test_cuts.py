"""What a viewer holds whose connections are cut at random bytes: the truth, byte for byte."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from livethread.client import Client, State, Thread
from livethread.client.client import Transport
from tests.client.conftest import FakeClock
from tests.cuts.proxy import Proxy
from tests.cuts.scripts import text, write_script


def over(state: State, runs: int) -> bool:
    return [run["status"] for run in state.runs] == ["completed"] * runs


async def last_state(thread: Thread, runs: int) -> State:
    async for state in thread.states(limit=100):
        assert len({message["id"] for message in state.messages}) == len(state.messages)
        if over(state, runs):
            return state
    raise AssertionError("the stream has ended")


async def joined_text(thread: Thread, runs: int) -> dict[str, str]:
    """The texts of one that only joins deltas."""
    texts: dict[str, str] = {}
    ended = 0
    async for event in thread.events(limit=100):
        match event.type:
            case "thread.snapshot":
                texts = {one["id"]: one["content"][0]["text"]["value"] for one in event.data["messages"]}
                ended = sum(run["status"] == "completed" for run in event.data["runs"])
            case "thread.message.created":
                texts[event.data["id"]] = "".join(part["text"]["value"] for part in event.data["content"])
            case "thread.message.delta":
                texts[event.data["id"]] += "".join(part["text"]["value"] for part in event.data["delta"]["content"])
            case "thread.run.completed":
                ended += 1
        if ended == runs:
            return texts
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("attempt", range(3))
async def test_viewers_whose_connections_are_cut_at_random_bytes_end_with_the_truth(
    url: str, data: Path, clock: FakeClock, attempt: int, transport: Transport
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    runs = 3
    async with (
        Proxy(url, dice).running() as between,
        Client(url, transport=transport) as whole,
        Client(between.url, clock=clock, dice=dice, name="Ann", transport=transport) as cut,
    ):
        assistant = await whole.call("POST", "/assistants", {"model": "builtin/script"})
        straight = await whole.create_thread(["go"])
        thread = cut.thread(straight.id)
        watching = [asyncio.create_task(last_state(thread, runs)) for _ in range(4)]
        joining = [asyncio.create_task(joined_text(thread, runs)) for _ in range(2)]
        for _ in range(runs):
            scenario = {"turns": [[{"pieces": text(dice, 300), "delay_ms": 2}]]}
            await straight.run(
                assistant["id"], metadata=write_script(data / "scripts", scenario), thread_policy="parallel"
            )
        states = await asyncio.gather(*watching)
        texts = await asyncio.gather(*joining)
        messages = (await whole.call("GET", f"/threads/{thread.id}/messages", query={"limit": "100"}))["data"]
        stored_runs = (await whole.call("GET", f"/threads/{thread.id}/runs"))["data"]
        steps = [
            step
            for run in reversed(stored_runs)
            for step in (await whole.call("GET", f"/threads/{thread.id}/runs/{run['id']}/steps"))["data"]
        ]
    assert between.cuts >= 20
    for state in states:
        assert json.dumps(state.messages) == json.dumps(messages)
        assert json.dumps(state.runs) == json.dumps(stored_runs)
        assert sorted(map(json.dumps, state.run_steps)) == sorted(map(json.dumps, steps))
    for held in texts:
        assert held == {message["id"]: message["content"][0]["text"]["value"] for message in messages}
