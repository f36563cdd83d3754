"""The client of all rounds: calls, lists, and runs that a script plays."""

from __future__ import annotations

import random
from typing import Any

import aiohttp

from tests.cuts.scripts import write_script
from tests.kills.process import ServerProcess
from tests.kills.report import Report

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("look", "listen")]


class Client:
    """What a round needs.

    Args:
        server: which is killed.
        dice: every choice.
        report: where counts and complaints go.
    """

    def __init__(self, server: ServerProcess, dice: random.Random, report: Report) -> None:
        self.server = server
        self.dice = dice
        self.report = report
        self.accepted: set[str] = set()
        """The calls whose outputs the server has taken."""
        self.assistant_id = ""
        self._marks = 0

    def wrong(self, complaint: str) -> None:
        """Complain."""
        self.report.wrong.append(complaint)

    def mark(self) -> str:
        """A text that stands nowhere else."""
        self._marks += 1
        return f"mark {self._marks:06} of {self.report.seed}"

    async def make_assistant(self) -> None:
        """Make the assistant of all runs."""
        body = {"model": "builtin/script", "name": "kill test", "tools": TOOLS}
        self.assistant_id = (await self.post("/assistants", body))["id"]

    def run_body(self, turns: list[Any], **options: Any) -> dict[str, Any]:
        """The body of a run that plays these turns."""
        script = write_script(self.server.data / "scripts", {"turns": turns})
        return {"assistant_id": self.assistant_id, "metadata": script, **options}

    async def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """The status and the parsed answer."""
        headers = {} if key is None else {"Idempotency-Key": key}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.request(method, f"{self.server.url}/v1{path}", json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        """What there is."""
        return _good(path, await self.call("GET", path))

    async def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """What was answered to a change."""
        return _good(path, await self.call("POST", path, body, key))

    async def all_of(self, path: str) -> list[Any]:
        """Every page of a list: a run that is killed often leaves a half message each time."""
        items: list[Any] = []
        more = True
        while more:
            after = f"&after={items[-1]['id']}" if items else ""
            page = await self.get(f"{path}?limit=100{after}")
            items += page["data"]
            more = page["has_more"]
        return items


def said(message: dict[str, Any]) -> str:
    """The text of a message."""
    return "".join(block["text"]["value"] for block in message["content"] if block["type"] == "text")


def output_of(call_id: str) -> str:
    """What every call is answered with: whoever reads it knows which call it was."""
    return f"output of {call_id}"


def outputs_for(run: dict[str, Any]) -> list[dict[str, str]]:
    """The outputs that a waiting run asks for."""
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    return [{"tool_call_id": call["id"], "output": output_of(call["id"])} for call in calls]


def _good(path: str, answer: tuple[int, Any]) -> Any:
    status, data = answer
    if status != 200:
        raise RuntimeError(f"{path} was answered {status}: {data}")
    return data
