"""The cut test with the official Python SDK: run streams that break and are attached to again by cursor."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import pytest
from openai import APIConnectionError, AsyncOpenAI, AsyncStream
from openai._streaming import ServerSentEvent
from openai._types import RequestOptions
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run

from livethread import testing
from livethread.domain import cursor
from livethread.domain.transitions import TERMINAL
from livethread.sse import Event
from tests.cuts import scripts
from tests.cuts.proxy import Proxy
from tests.cuts.report import Report
from tests.cuts.scene import Caller, Scene
from tests.cuts.scripts import Scenario
from tests.cuts.truth import Truth, read_log
from tests.cuts.watching import Told

CUTS = 1000 if os.environ.get("TORTURE") else 20


class Noting(AsyncStream[AssistantStreamEvent]):
    """The SDK's stream, which keeps the id of the event that it has just made an object of."""

    noted: ServerSentEvent

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        async for event in super()._iter_events():
            self.noted = event
            yield event


class Follower:
    """Creates a run and follows it to its end, answering its calls, over as many streams as it takes.

    Args:
        sdk: whose connections are cut.
        thread_id: the thread.
        body: of the run.
        key: makes a POST that is sent again the same one.
        dice: how it comes back.
    """

    def __init__(self, sdk: AsyncOpenAI, thread_id: str, body: dict[str, Any], key: str, dice: random.Random) -> None:
        self._sdk = sdk
        self._runs = f"/threads/{thread_id}/runs"
        self._body = body
        self._key = key
        self._dice = dice
        self.held = Told(key)
        self.said: dict[str, str] = {}
        """What the deltas add up to, as the SDK's own objects say it, by message."""
        self.cuts = 0

    async def follow(self) -> None:
        """To the end of the run."""
        while not self.held.at_its_end:
            self.held.done = False
            try:
                async with await self._stream() as stream:
                    async for event in stream:
                        self._take(stream.noted, event)
                    # 204: it was cut behind the last event, so nothing is left to be told.
                    self.held.done = stream.response.status_code == 204 or stream.noted.event == "done"
            except (APIConnectionError, httpx2.TransportError):
                self.cuts += 1

    def _take(self, noted: ServerSentEvent, event: AssistantStreamEvent) -> None:
        assert (noted.event, noted.id is not None) == (event.event, True)
        self.held.take(Event(str(noted.event), noted.data, str(noted.id)))
        if event.event == "thread.run.created":
            self.held.run_id = event.data.id
            self.said.clear()
        elif event.event == "thread.message.delta":
            for part in event.data.delta.content or ():
                assert part.type == "text"
                assert part.text is not None
                self.said[event.data.id] = self.said.get(event.data.id, "") + (part.text.value or "")

    async def _stream(self) -> Noting:
        if self.held.run_id is None:
            return await self._post(self._runs, self._body, self._key)
        run, last_id = self.held.fold.runs[0], str(self.held.last_id)
        path = f"{self._runs}/{run['id']}"
        if self.held.told[-1].type == "thread.run.requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "🦊"} for call in calls]}
            return await self._post(f"{path}/submit_tool_outputs", outputs, f"{self._key} {last_id}")
        by_header: RequestOptions = {"headers": {"Last-Event-ID": last_id}}
        by_query: RequestOptions = {"params": {"cursor": last_id}}
        return await self._sdk.get(
            f"{path}/events",
            cast_to=Run,
            options=self._dice.choice([by_header, by_query]),
            stream=True,
            stream_cls=Noting,
        )

    async def _post(self, path: str, body: dict[str, Any], key: str) -> Noting:
        return await self._sdk.post(
            path,
            cast_to=Run,
            body={**body, "stream": True},
            options={"headers": {"Idempotency-Key": key}},
            stream=True,
            stream_cls=Noting,
        )


async def play(scene: Scene, sdk: AsyncOpenAI, number: int) -> list[Follower]:
    """One thread with six parallel runs, each created and followed by the SDK."""
    dice, caller = scene.dice, scene.caller
    thread = await caller.post("/threads", {})
    path = f"/threads/{thread['id']}"
    thread, at_start = await caller.call("GET", path)
    await caller.post(f"{path}/messages", {"role": "user", "content": "go"})
    scenarios: list[Scenario] = [(scripts.speech, scripts.rounds_of_tools)[n % 2](dice, 150) for n in range(6)]
    followers = [
        Follower(
            sdk,
            thread["id"],
            {
                "assistant_id": scene.assistants[0],
                "thread_policy": "parallel",
                "metadata": scripts.write_script(scene.folder, {"turns": scenario.turns}),
            },
            f"{number} {n}",
            random.Random(dice.random()),
        )
        for n, scenario in enumerate(scenarios)
    ]
    async with asyncio.TaskGroup() as group:
        for follower in followers:
            group.create_task(follower.follow())
    _, position = await caller.call("GET", f"{path}/messages")
    truth = Truth(thread, await read_log(f"{caller.url}/v1{path}/events", at_start, cursor.parse(position).seq))
    for follower, scenario in zip(followers, scenarios, strict=True):
        follower.held.judged_by(truth)
        assert list(follower.said.values()) == scenario.texts
        run_id = str(follower.held.run_id)
        assert json.dumps(follower.held.fold.messages) == json.dumps(truth.fold(run_id).messages)
        assert follower.held.fold.runs[0]["status"] in TERMINAL
    assert len(set(truth.run_of.values()) - {None}) == 6, "a POST that was sent again has made another run"
    return followers


@pytest.mark.torture
@pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")
async def test_run_streams_of_the_python_sdk_that_are_cut_end_with_exactly_the_final_text(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    cuts = 0
    with testing.server(data=tmp_path) as url:
        async with (
            Proxy(url, random.Random(seed)).running() as proxy,
            AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key="any", max_retries=0) as sdk,
            aiohttp.ClientSession() as session,
        ):
            scene = Scene(Caller(session, url), tmp_path / "scripts", random.Random(seed), Report(seed))
            await scene.make_assistants()
            for number in range(200):
                cuts += sum(follower.cuts for follower in await play(scene, sdk, number))
                if cuts >= CUTS:
                    break
    print(f"{cuts} cuts")
    assert cuts >= CUTS
