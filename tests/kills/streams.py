"""A round of streams: runs that speak while the server is killed."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.cuts.scripts import text
from tests.kills.client import Client, said
from tests.kills.viewers import Viewers

RUNS = [("parallel", 2), ("parallel", 6), ("queue", 1)]
"""The policy, and the milliseconds between pieces."""


class Streams:
    """Three runs in one thread.

    Args:
        client: starts them.
        viewers: look on.
    """

    def __init__(self, client: Client, viewers: Viewers) -> None:
        self._client = client
        self._viewers = viewers
        self._texts: dict[str, str] = {}
        self.threads: list[str] = []

    async def play(self) -> None:
        """Kill the server, and start it again."""
        dice = self._client.dice
        thread = await self._client.post("/threads", {"messages": [{"role": "user", "content": "go"}]})
        self.threads.append(thread["id"])
        self._viewers.follow(thread["id"])
        seconds = dice.random() * dice.choice([0.1, 0.6])
        await self._client.server.kill_during([self._start_runs()], asyncio.sleep(seconds))

    async def over(self) -> None:
        """Every run has said all that it had to say as one message, however often it had to begin."""
        for message in await self._client.all_of(f"/threads/{self.threads[0]}/messages"):
            whole = self._texts.get(message["run_id"])
            if whole is not None and message["status"] == "completed" and said(message) != whole:
                self._client.wrong(f"{message['id']} is not what was to be said: {said(message)[-200:]!r}")
            if whole is not None and not whole.startswith(said(message)):
                self._client.wrong(f"{message['id']} is no beginning of what was to be said")

    async def _start_runs(self) -> None:
        dice = self._client.dice
        policy, delay = dice.choice(RUNS)
        for _ in range(3):
            pieces = text(dice, 120)
            turns: list[Any] = [[{"pieces": pieces, "delay_ms": delay}]]
            if policy == "parallel" and dice.random() < 0.3:
                turns.insert(0, [{"tool_calls": [{"name": "look"}]}])
            body = self._client.run_body(turns, thread_policy=policy)
            run = await self._client.post(f"/threads/{self.threads[0]}/runs", body)
            self._texts[run["id"]] = "".join(pieces)
