"""The program: a server process, runs, viewers, and ``kill -9`` at random moments.

``python -m tests.kills --seed 7 --kills 100`` runs it at any length.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from livethread.sse import Decoder
from tests.cuts.connection import get
from tests.cuts.program import text, write_script
from tests.cuts.viewer import Held, Wrong

TERMINAL = {"completed", "incomplete", "failed", "cancelled", "expired"}
RUNS = [("parallel", 2), ("parallel", 6), ("queue", 1)]  # policy and milliseconds between pieces


@dataclass
class Report:
    """What a program did.

    Args:
        seed: makes the same choices again, but for the moments the machine chooses.
        kills: how often the server was killed.
        shown: bytes of text that viewers had been shown at those moments.
        resumed: how many streams went on by cursor behind a restart.
        wrong: what could not be true; empty when all is well.
    """

    seed: int
    kills: int = 0
    shown: int = 0
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.kills} kills, {self.resumed} streams resumed, "
            f"{self.shown} bytes shown at the kills, {len(self.wrong)} wrong"
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """``livethread serve`` on one port and one data folder, started again and again.

    Args:
        data: the folder.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and come back when it answers."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from livethread.cli import main; main()",
            "serve", "--port", str(self.port), "--data", str(self.data),
            stdout=asyncio.subprocess.DEVNULL,
            env={"LIVETHREAD_WORDS_PER_SECOND": "0", "LIVETHREAD_LOCAL_ENGINES": "0"},
        )  # fmt: skip
        async with aiohttp.ClientSession() as session:
            for _ in range(1000):
                if self.process.returncode is not None:
                    raise RuntimeError(f"the server ended with {self.process.returncode}")
                try:
                    async with session.get(f"{self.url}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        raise TimeoutError("the server did not answer within 20 s")

    async def end(self, number: signal.Signals) -> int:
        """Send it a signal and wait for its end; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.process.wait()


class Program:
    """Kills a server at random moments.

    Args:
        server: which.
        dice: every choice.
        report: where counts and complaints go.
    """

    def __init__(self, server: ServerProcess, dice: random.Random, report: Report) -> None:
        self.server = server
        self.dice = dice
        self.report = report
        self.threads: list[str] = []
        self.held: dict[str, list[Held]] = {}
        self.finished: dict[str, Any] = {}

    async def play(self, kills: int) -> None:
        """So many rounds, then everything runs to its end and is compared."""
        await self.server.start()
        tools = [{"type": "function", "function": {"name": "look"}}]
        body = {"model": "builtin/script", "name": "kill test", "tools": tools}
        assistant = await self.call("POST", "/assistants", body)
        for _ in range(kills):
            thread = await self.call("POST", "/threads", {"messages": [{"role": "user", "content": "go"}]})
            self.threads.append(thread["id"])
            self.held[thread["id"]] = [Held(f"{thread['id']} {n}") for n in range(3)]
            await self.round(assistant["id"])
            if self.report.wrong:
                break
        await self.settle()
        await self.server.end(signal.SIGTERM)

    async def round(self, assistant_id: str) -> None:
        """Start runs, look on, kill, start again, and compare what was shown with what is stored."""
        stopping = asyncio.Event()
        watching = [
            asyncio.create_task(self.watch(thread_id, held, stopping))
            for thread_id in self.threads[-2:]
            for held in self.held[thread_id]
        ]
        policy, delay = self.dice.choice(RUNS)
        starting = asyncio.create_task(self.start_runs(assistant_id, policy, delay))
        await asyncio.sleep(self.dice.random() * self.dice.choice([0.1, 0.6]))
        await self.server.end(signal.SIGKILL)
        stopping.set()
        starting.cancel()
        await asyncio.gather(*watching, starting, return_exceptions=True)
        for task in watching:
            if not task.cancelled() and isinstance(error := task.exception(), Wrong):
                self.report.wrong.append(str(error))
        self.report.kills += 1
        await self.server.start()
        for thread_id in self.threads[-2:]:
            await self.compare_shown(thread_id)
        await self.compare_finished()

    async def start_runs(self, assistant_id: str, policy: str, delay: int) -> None:
        for _ in range(3):
            turns: list[Any] = [[{"pieces": text(self.dice, 120), "delay_ms": delay}]]
            if self.dice.random() < 0.3:
                turns.insert(0, [{"tool_calls": [{"name": "look", "arguments": {}}]}])
            await self.call(
                "POST",
                f"/threads/{self.threads[-1]}/runs",
                {
                    "assistant_id": assistant_id,
                    "metadata": write_script(self.server.data / "scripts", {"turns": turns}),
                    "thread_policy": policy,
                },
            )

    async def watch(self, thread_id: str, held: Held, stopping: asyncio.Event) -> None:
        """Follow a thread until the server is gone."""
        decoder = Decoder(last_event_id=held.last_id or "")
        self.report.resumed += held.last_id is not None
        try:
            async with get(f"{self.server.url}/v1/threads/{thread_id}/events", held.last_id, reset=False) as answer:
                while not stopping.is_set() and (piece := await answer.read(65536)):
                    for event in decoder.feed(piece):
                        held.take(event)
        except (OSError, asyncio.IncompleteReadError):
            return

    async def compare_shown(self, thread_id: str) -> None:
        """The stored text is at least everything that any viewer was shown."""
        stored = {message["id"]: _text(message) for message in await self.all_of(f"/threads/{thread_id}/messages")}
        for held in self.held[thread_id]:
            for message_id, shown in held.text.items():
                self.report.shown += len(shown.encode())
                if not stored.get(message_id, "").startswith(shown):
                    self.report.wrong.append(f"{held.name} was shown more of {message_id} than is stored")

    async def compare_finished(self) -> None:
        """What has ended never changes again."""
        for thread_id in self.threads[-3:]:
            for noun in ("messages", "runs"):
                for item in await self.all_of(f"/threads/{thread_id}/{noun}"):
                    if item["status"] in TERMINAL and self.finished.setdefault(item["id"], item) != item:
                        self.report.wrong.append(f"{item['id']} has changed behind its end")

    async def settle(self) -> None:
        """Every run ends or waits for its caller, and every viewer that comes back ends with the truth."""
        for thread_id in self.threads:
            path = f"/threads/{thread_id}"
            await self.end_runs(path)
            messages = await self.all_of(f"{path}/messages")
            for held in self.held[thread_id]:
                await self.read_to_the_end(thread_id, held, messages)

    async def end_runs(self, path: str) -> None:
        """Wait until every run of a thread has ended; one that waits for its caller is cancelled."""
        runs: list[Any] = []
        for _ in range(1000):
            runs = (await self.call("GET", f"{path}/runs?limit=100"))["data"]
            if all(run["status"] in TERMINAL for run in runs):
                failed = [run["last_error"] for run in runs if run["status"] == "failed"]
                self.report.wrong += [f"a run of {path} has failed: {error}" for error in failed]
                return
            for run in runs:
                if run["status"] == "requires_action":
                    await self.call("POST", f"{path}/runs/{run['id']}/cancel")
            await asyncio.sleep(0.02)
        self.report.wrong.append(f"{path} still has runs in {[run['status'] for run in runs]}")

    async def read_to_the_end(self, thread_id: str, held: Held, messages: list[Any]) -> None:
        stopping = asyncio.Event()
        watching = asyncio.create_task(self.watch(thread_id, held, stopping))
        for _ in range(250):
            # One that began with a snapshot of a long thread holds the newest messages, and knows that there are more.
            due = messages[: len(held.fold.messages)] if held.fold.has_more else messages
            if held.last_id and json.dumps(held.fold.messages) == json.dumps(due):
                break
            await asyncio.sleep(0.02)
        else:
            difference = _difference(held.fold.messages, messages)
            self.report.wrong.append(f"{held.name} does not end with what is stored: {difference}")
        stopping.set()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    async def all_of(self, path: str) -> list[Any]:
        """Every page of a list: a run that is killed often leaves a half message each time."""
        items: list[Any] = []
        more = True
        while more:
            after = f"&after={items[-1]['id']}" if items else ""
            page = await self.call("GET", f"{path}?limit=100{after}")
            items += page["data"]
            more = page["has_more"]
        return items

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.server.url}/v1{path}", json=body) as answer,
        ):
            data = await answer.json()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {data}")
            return data


def _difference(held: Any, stored: list[Any]) -> str:
    ids = [{message["id"]: message for message in messages} for messages in (held, stored)]
    for id in ids[0].keys() | ids[1].keys():
        if ids[0].get(id) != ids[1].get(id):
            return (
                f"{id} is held as {json.dumps(ids[0].get(id))[:600]} and stored as {json.dumps(ids[1].get(id))[:600]}"
            )
    return f"order {list(ids[0])} and {list(ids[1])}"


def _text(message: dict[str, Any]) -> str:
    return "".join(block["text"]["value"] for block in message["content"] if block["type"] == "text")


async def program(data: Path, seed: int, kills: int) -> Report:
    """Kill a server so many times.

    Args:
        data: a folder for it.
        seed: of every choice.
        kills: how often.
    """
    report = Report(seed)
    await Program(ServerProcess(data), random.Random(seed), report).play(kills)
    return report
