"""What must be so of every thread behind a restart, whatever it went through."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.kills.client import Client, outputs_for
from tests.kills.viewers import Viewers

ENDED = {"completed", "incomplete", "failed", "cancelled", "expired"}
PATIENCE = 30.0
"""Seconds in which every run must have ended, or wait for its caller."""


class Settling:
    """Brings threads to their end, and remembers what has ended.

    Args:
        client: asks.
        viewers: end with what is stored.
    """

    def __init__(self, client: Client, viewers: Viewers) -> None:
        self._client = client
        self._viewers = viewers
        self._ended: dict[str, Any] = {}

    async def check_ended(self, thread_id: str) -> None:
        """What has ended never changes again: messages, runs and steps."""
        path = f"/threads/{thread_id}"
        runs = await self._client.all_of(f"{path}/runs")
        items = [*await self._client.all_of(f"{path}/messages"), *runs]
        for run in runs:
            items += await self._client.all_of(f"{path}/runs/{run['id']}/steps")
        for item in items:
            if item["status"] in ENDED and self._ended.setdefault(item["id"], item) != item:
                self._client.wrong(f"{item['id']} has changed behind its end: {self._ended[item['id']]} to {item}")

    async def settle(self, thread_id: str) -> None:
        """Its runs end, it takes a message and a run, and its viewers end with what is stored."""
        path = f"/threads/{thread_id}"
        await self._end_runs(path)
        await self._client.post(f"{path}/messages", {"role": "user", "content": "Still there?"})
        run = await self._client.post(f"{path}/runs", self._client.run_body([[{"text": "Yes."}]]))
        await self._end_runs(path)
        if (ended := await self._client.get(f"{path}/runs/{run['id']}"))["status"] != "completed":
            self._client.wrong(f"{thread_id} takes no new run: {ended}")
        await self._viewers.end(thread_id, await self._client.all_of(f"{path}/messages"))
        await self.check_ended(thread_id)
        self._client.report.did["threads settled"] += 1

    async def _end_runs(self, path: str) -> None:
        """Wait until every run has ended; what one waits for, it gets."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        going: list[Any] = [None]
        while going and asyncio.get_running_loop().time() < deadline:
            runs = await self._client.all_of(f"{path}/runs")
            going = [run for run in runs if run["status"] not in ENDED]
            for run in going:
                if run["status"] == "requires_action":
                    await self._answer(path, run)
            await asyncio.sleep(0.02 if going else 0)
        for run in going:
            self._client.wrong(f"{run['id']} is still {run['status']} after {PATIENCE} s")
        for run in await self._client.all_of(f"{path}/runs"):
            if (
                run["status"] in ("failed", "incomplete", "expired")
                and run["assistant_id"] == self._client.assistant_id
            ):
                self._client.wrong(f"{run['id']} is {run['status']}: {run['last_error']}")

    async def _answer(self, path: str, run: dict[str, Any]) -> None:
        outputs = outputs_for(run)
        ids = {output["tool_call_id"] for output in outputs}
        if ids & self._client.accepted:
            self._client.wrong(f"{run['id']} asks again for outputs that were accepted: {ids}")
        await self._client.post(f"{path}/runs/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs})
        self._client.accepted |= ids
        self._client.report.did["outputs accepted"] += len(ids)
