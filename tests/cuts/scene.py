"""Where rounds of a cut test play: a server, its assistants, and what makes and cuts the viewers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.cuts.proxy import Proxy
from tests.cuts.report import Report
from tests.cuts.scripts import TOOLS
from tests.cuts.watching import Watching


@dataclass
class Caller:
    """Calls the API, but for streams.

    Args:
        session: for the calls.
        url: of the server.
    """

    session: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, body: Any = None, *, or_status: int = 200) -> tuple[Any, str]:
        """One call: the parsed answer, and the cursor it came with.

        Args:
            or_status: a status that is as good: what is called about may have ended, or be gone.
        """
        async with self.session.request(method, f"{self.url}/v1{path}", json=body) as answer:
            data = await answer.json()
            assert answer.status in (200, or_status), (method, path, answer.status, data)
            return data, answer.headers.get("x-thread-cursor", "")

    async def get(self, path: str) -> Any:
        return (await self.call("GET", path))[0]

    async def post(self, path: str, body: Any, *, or_status: int = 200) -> Any:
        return (await self.call("POST", path, body, or_status=or_status))[0]


@dataclass
class Scene:
    """What all rounds have in common.

    Args:
        caller: of the server.
        folder: the server's, for scenarios.
        dice: every choice.
        report: where counts and complaints go.
        watcher: makes those who follow a stream.
        proxy: stands between them and the server, and cuts, where they cannot cut themselves.
        run_streams: whether the streams of runs are followed, too.
        assistants: who may speak.
    """

    caller: Caller
    folder: Path
    dice: random.Random
    report: Report
    watcher: Callable[..., Watching] = Watching
    proxy: Proxy | None = None
    run_streams: bool = True
    assistants: list[str] = field(default_factory=list)

    async def make_assistants(self) -> None:
        for name in ("Ada", "Bo", "Çelik 🦊"):
            body = {"model": "builtin/script", "name": name, "tools": TOOLS}
            self.assistants.append((await self.caller.post("/assistants", body))["id"])
