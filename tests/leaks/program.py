"""The program: clients that are cut before the answer, in the snapshot, in mid text, by an end or a reset.

``python -m tests.leaks --seed 7 --cycles 100000`` runs it at any length against a server process of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

AT_ONCE = 32
"""Clients."""

LIVE, QUIET = 4, 100
"""Threads in which an assistant speaks all the time, and others."""

WARM = 600
"""Cycles, at least, before the first reading."""

READINGS = 5
"""Behind the one that the others are compared with, evenly spread."""

MORE = {"KB": 16_384, "blocks": 2000, "tasks": 4}
"""What the server may hold more at the end.

The page caches of its database connections fill slowly. Of the interpreter's blocks, some hundreds come and go with
runs that have just ended, and so does a task or two of theirs; a lost connection is more than a hundred blocks.
"""

KINDS = ("without a request", "in the request", "before the answer", "early", "in mid text", "unread", "half-closed")


@dataclass
class Report:
    """What a program did.

    Args:
        seed: makes the same choices again, but for the moments the machine chooses.
        cuts: by kind.
        readings: what the server held, and after how many cycles.
        wrong: what was not as it must be.
    """

    seed: int
    cuts: Counter[str] = field(default_factory=Counter)
    readings: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Compare the first reading with the last."""
        (_, first), (_, last) = self.readings[0], self.readings[-1]
        self.wrong += [
            f"{last[what]} {what}, {first[what]} before"
            for what in first
            if last[what] > first[what] + MORE.get(what, 0)
        ]

    def __str__(self) -> str:
        cuts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.cuts.items()))
        lines = [f"seed {self.seed}: {self.cuts.total()} cycles ({cuts}); {len(self.wrong)} wrong"]
        for cycles, reading in self.readings:
            lines.append(f"after {cycles:>7}: " + ", ".join(f"{count} {what}" for what, count in reading.items()))
        return "\n".join(lines)


class Target:
    """The server process, and what there is on it to look at.

    Args:
        process: itself.
        url: its address.
        session: for everything but the streams.
    """

    def __init__(self, process: asyncio.subprocess.Process, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.address = urlsplit(url)
        self.live: list[str] = []
        self.quiet: list[str] = []
        self.runs: dict[str, str] = {}
        self._process = process
        self._session = session

    async def call(self, path: str, body: Any) -> Any:
        """A POST that goes well."""
        async with self._session.post(f"{self.url}/v1{path}", json=body) as answer:
            data = await answer.json()
            assert answer.status == 200, data
            return data

    async def furnish(self, folder: Path) -> None:
        """Make the threads."""
        (folder / "scripts").mkdir()
        scenario = {"turns": [[{"pieces": ["Some words, 漢字 and 😀. "] * 400, "delay_ms": 3}]]}
        (folder / "scripts" / "long.json").write_text(json.dumps(scenario))
        body = {"model": "builtin/script", "metadata": {"script": "long.json"}}
        self._assistant = (await self.call("/assistants", body))["id"]
        thread = {"messages": [{"role": "user", "content": "go on " * 100}]}
        ids = [(await self.call("/threads", thread))["id"] for _ in range(LIVE + QUIET)]
        self.live, self.quiet = ids[:LIVE], ids[LIVE:]

    async def speak(self, thread_id: str, over: asyncio.Event) -> None:
        """Have one run after the other in a thread, until told otherwise and the last has ended."""
        while not over.is_set():
            body = {"assistant_id": self._assistant, "stream": True, "metadata": {"script": "long.json"}}
            async with self._session.post(f"{self.url}/v1/threads/{thread_id}/runs", json=body) as answer:
                async for line in answer.content:
                    if line.startswith(b"data: ") and b'"thread.run"' in line:
                        self.runs[thread_id] = json.loads(line[6:])["id"]

    async def held(self) -> dict[str, int]:
        """What the server holds when all have gone."""
        reading: dict[str, int] = {}
        for _ in range(100):
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            before = {**reading, "KB": 0, "blocks": 0}
            self._process.stdin.write(b"\n")
            reading = json.loads(await self._process.stdout.readline())
            if {**reading, "KB": 0, "blocks": 0} == before and not reading["connections"]:
                break
            await asyncio.sleep(0.05)  # it has not heard yet that the last ones have gone
        return reading

    def path(self, dice: random.Random) -> str:
        """What a client asks for."""
        live = dice.choice(self.live)
        paths = [f"/{live}/events"] * 4 + [f"/{dice.choice(self.quiet)}/events"] * 3
        paths += [f"/{live}/events?snapshot=none", f"/{live}/events?limit=100", f"/{live}/events?cursor=1.none"]
        paths += ["/thread_none/events", f"/{live}/events?limit=none"]
        if live in self.runs:
            paths.append(f"/{live}/runs/{self.runs[live]}/events")
        return "/v1/threads" + dice.choice(paths)


async def cycle(target: Target, kind: str, dice: random.Random) -> None:
    """One client."""
    loop = asyncio.get_running_loop()
    host, port = target.address.hostname, target.address.port
    with socket.socket() as client:
        client.setblocking(False)
        if kind == "unread":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        if dice.random() < 0.5:  # its end is a reset
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await loop.sock_connect(client, (host, port))
        request = f"GET {target.path(dice)} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()
        if kind == "without a request":
            return
        if kind == "in the request":
            await loop.sock_sendall(client, request[: dice.randrange(len(request))])
            return
        await loop.sock_sendall(client, request)
        if kind == "before the answer":
            return
        if kind == "unread":
            await asyncio.sleep(dice.random() * 0.1)
            return
        left = dice.randint(1, 2000) if kind != "in mid text" else dice.randint(2000, 60_000)
        try:
            async with asyncio.timeout(0.3):
                while left > 0 and (read := await loop.sock_recv(client, min(left, 4096))):
                    left -= len(read)
                if kind == "half-closed":
                    client.shutdown(socket.SHUT_WR)
                    while await loop.sock_recv(client, 4096):
                        pass
        except (TimeoutError, OSError):
            return


async def program(folder: Path, seed: int, cycles: int) -> Report:
    """Connect and cut so many clients, and before them others, after which all is as big as it gets.

    Args:
        folder: for the server's data.
        seed: makes the same choices again.
        cycles: how many.
    """
    report, dice = Report(seed), random.Random(seed)
    async with _started(folder) as target:
        await target.furnish(folder)
        await _round(target, report, dice, max(cycles // 10, WARM))
        report.readings.append((0, await target.held()))
        report.cuts.clear()
        for number in range(READINGS):
            share = cycles * (number + 1) // READINGS - cycles * number // READINGS
            await _round(target, report, dice, share)
            report.readings.append((report.cuts.total(), await target.held()))
        report.judge()
    return report


async def _round(target: Target, report: Report, dice: random.Random, count: int) -> None:
    """So many cycles, while assistants speak; they have ended when this comes back."""
    over = asyncio.Event()
    speaking = [asyncio.create_task(target.speak(thread_id, over)) for thread_id in target.live]
    kinds = iter([dice.choice(KINDS) for _ in range(count)])

    async def clients(own: random.Random) -> None:
        for kind in kinds:  # shared by all
            await cycle(target, kind, own)
            report.cuts[kind] += 1

    try:
        await asyncio.gather(*(clients(random.Random(dice.random())) for _ in range(AT_ONCE)))
    finally:
        over.set()
        await asyncio.gather(*speaking)


@asynccontextmanager
async def _started(folder: Path) -> AsyncIterator[Target]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.leaks.server", str(folder), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:
            yield Target(process, url, session)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 30)
