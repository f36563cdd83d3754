"""A round of import: a file of many threads, whose import is killed and done again."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from pathlib import Path
from typing import Any

from livethread.storage.folder import database_in
from tests.kills.client import Client
from tests.kills.process import LIVETHREAD, QUIET
from tests.kills.stored import Rows, by_halves, reading, thread_rows
from tests.kills.viewers import Viewers
from tests.transfer.dumps import lines, message, run, step, thread

THREADS = 130
WRITTEN = 1_300_000
"""Bytes that an import of so many writes to its journal."""
SETTLED = 2
"""Threads of the file that must take a message and a run behind it."""

_NOW = re.compile(r"\b(?:1[7-9]|2\d)\d{8}\b")
"""A time that no object of the files has: it was ended by its import."""

_Timeless = dict[str, list[tuple[Any, ...]]]


class Imports:
    """One file.

    Args:
        client: of a server that makes room for the import.
        viewers: of other rounds.
    """

    def __init__(self, client: Client, viewers: Viewers) -> None:
        self._client = client
        data = client.server.data
        self._data = data
        self._whole = data.with_name(f"{data.name}-whole")
        self._file = data.with_name(f"{data.name}.jsonl")
        self._ids = [f"thread_{client.mark().replace(' ', '_')}" for _ in range(THREADS)]
        self.threads: list[str] = []

    async def play(self) -> None:
        """Kill an import, start a server on what it left, and import again."""
        dice, server = self._client.dice, self._client.server
        self._file.write_bytes(lines(*(item for id in self._ids for item in self._objects(id))))
        began = asyncio.get_running_loop().time()
        await self._import_into(self._whole)
        seconds = asyncio.get_running_loop().time() - began
        due = self._rows(self._whole)
        await server.end(dice.choice([signal.SIGTERM, signal.SIGKILL]))
        await self._kill_import(seconds)
        found = self._rows(self._data)
        for id in self._ids:
            if found[id] != due[id] and any(found[id].values()):
                self._client.wrong(f"{id} is there by halves: {found[id]} of {due[id]}")
        self._client.report.did["threads there when their import was killed"] += sum(found[id] == due[id] for id in due)
        async with server.running():
            for id in dice.sample(self._ids, 5):
                status, _ = await self._client.call("GET", f"/threads/{id}")
                if status != (200 if found[id]["thread"] else 404):
                    self._client.wrong(f"{id} is answered with {status}")
        await self._import_into(self._data)
        if (found := self._rows(self._data)) != due:
            differing = next(id for id in due if found[id] != due[id])
            self._client.wrong(f"the second import left {found[differing]} instead of {due[differing]}")
        self._client.report.did["threads imported"] += len(self._ids)
        self.threads = dice.sample(self._ids, SETTLED)
        await server.start()

    async def over(self) -> None:
        """All was compared behind the second import."""

    def _objects(self, id: str) -> list[dict[str, Any]]:
        """A thread as a dump has it; some of what it holds had not ended."""
        dice, at = self._client.dice, self._client.dice.randint(10**9, 16 * 10**8)
        objects = [thread(id, at)]
        for number in range(dice.randint(1, 4)):
            asked, answered, ran, did = (f"{noun}_{id}_{number}" for noun in ("msg", "msg_a", "run", "step"))
            at += dice.randint(0, 100)
            status = dice.choice(["completed", "completed", "completed", "in_progress", "requires_action"])
            objects += [message(asked, at, id), run(ran, at, id, status=status)]
            objects.append(message(answered, at, id, role="assistant", run_id=ran, assistant_id="asst_1"))
            objects.append(step(did, at, ran, id, status="completed" if status == "completed" else "in_progress"))
        return objects

    async def _kill_import(self, seconds: float) -> None:
        """At any moment of it, or when it has written so much."""
        dice, journal = self._client.dice, database_in(self._data).with_name("livethread.db-wal")
        process = await self._importing(self._data)
        if dice.random() < 0.3:
            await asyncio.sleep(dice.random() * seconds)
        else:
            grown = dice.random() * WRITTEN
            while process.returncode is None and (not journal.exists() or journal.stat().st_size < grown):
                await asyncio.sleep(0.002)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        self._client.report.did["imports over before they were killed"] += process.returncode == 0

    async def _import_into(self, folder: Path) -> None:
        process = await self._importing(folder)
        _, complaint = await asyncio.wait_for(process.communicate(), 60)
        if process.returncode != 0:
            raise RuntimeError(f"the import ended with {process.returncode}: {complaint.decode()}")

    async def _importing(self, folder: Path) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *LIVETHREAD, "import", str(self._file), "--data", str(folder),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=QUIET,
        )  # fmt: skip

    def _rows(self, folder: Path) -> dict[str, _Timeless]:
        """What is stored of each thread; the moment of an import is no part of that."""
        with reading(folder) as database:
            for id in self._ids:
                self._client.report.wrong += by_halves(database, id)
            return {id: _timeless(thread_rows(database, id)) for id in self._ids}


def _timeless(rows: dict[str, Rows]) -> _Timeless:
    return {
        noun: [tuple(_NOW.sub("now", value) if isinstance(value, str) else value for value in row) for row in found]
        for noun, found in rows.items()
    }
