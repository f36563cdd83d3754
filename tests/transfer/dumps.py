"""Files to import, written as people have them, and what came of the import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from livethread.clock import Clock
from livethread.ids import Ids
from livethread.transfer.importing import bring_in
from livethread.transfer.report import Report

NOW = 1_795_000_000


class Fixed(Clock):
    """A clock that stands."""

    def now(self) -> float:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("an import waits for nothing")


STANDS = Fixed()


class Watched:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.bytes: list[int] = []
        self.threads: list[tuple[int, int]] = []

    def read(self, bytes: int) -> None:
        self.bytes.append(bytes)

    def written(self, threads: int, of: int) -> None:
        self.threads.append((threads, of))


def bring(file: Path, folder: Path, clock: Clock = STANDS, **options: Any) -> Report:
    """Import a file."""
    return bring_in(file, folder, Watched(), clock=clock, ids=Ids(seed=1), **options)


def thread(id: str = "thread_1", at: int = 1, **fields: Any) -> dict[str, Any]:
    return {"id": id, "object": "thread", "created_at": at, "metadata": {}, "tool_resources": {}} | fields


def message(id: str, at: int, of: str = "thread_1", **fields: Any) -> dict[str, Any]:
    """A message as the hosted API answered it: without a status."""
    return {
        "id": id, "object": "thread.message", "created_at": at, "assistant_id": None, "thread_id": of, "run_id": None,
        "role": "user", "content": [{"type": "text", "text": {"value": f"I am {id}", "annotations": []}}],
        "attachments": [], "metadata": {},
    } | fields  # fmt: skip


def run(id: str, at: int, of: str = "thread_1", **fields: Any) -> dict[str, Any]:
    return {
        "id": id, "object": "thread.run", "created_at": at, "assistant_id": "asst_1", "thread_id": of,
        "status": "completed", "started_at": at, "completed_at": at, "model": "m", "instructions": None, "tools": [],
    } | fields  # fmt: skip


def step(id: str, at: int, of_run: str, of: str = "thread_1", **fields: Any) -> dict[str, Any]:
    """A step as the hosted API answered it: with `expires_at`, without metadata."""
    return {
        "id": id, "object": "thread.run.step", "created_at": at, "run_id": of_run, "assistant_id": "asst_1",
        "thread_id": of, "type": "tool_calls", "status": "completed", "completed_at": at, "expires_at": None,
        "step_details": {"type": "tool_calls", "tool_calls": []}, "usage": None,
    } | fields  # fmt: skip


def assistant(id: str, at: int, **fields: Any) -> dict[str, Any]:
    return {"id": id, "object": "assistant", "created_at": at, "model": "m"} | fields


def lines(*items: Any) -> bytes:
    """Items as lines of JSON; text stands for itself."""
    return "".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in items).encode()
