"""Where the scenes play: one server, its assistants, and screens before which people sit."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from playwright.async_api import Browser, BrowserContext

from tests.cuts.scene import Caller
from tests.page_scenes import texts
from tests.page_scenes.screen import WATCHING, Screen, until
from tests.page_scenes.voices import Voices

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}

SCENARIO = {
    "cases": [
        {"when": "markdown", "turns": [[{"text": texts.MARKDOWN}]]},
        {"when": "evil", "turns": [[{"text": texts.EVIL}]]},
        {"when": "slow", "turns": [[{"text": texts.PLAIN, "words_per_second": 40}]]},
        {"when": "forever", "turns": [[{"text": "Once upon a time"}, {"stall_ms": "forever"}]]},
        {"when": "failure", "turns": [[{"text": "Half of"}, {"error": {"message": "The moon is full."}}]]},
        {
            "when": "tool",
            "turns": [
                [{"text": "Let me look."}, {"tool_calls": [{"name": "look", "arguments": {"at": "moon"}}]}],
                [{"text": "It is there."}],
            ],
        },
    ],
    "turns": [[{"text": "I heard you."}]],
}
LOOK = {"type": "function", "function": {"name": "look", "description": "Looks at something."}}


@dataclass
class Stage:
    """One server and the browser before it.

    Args:
        browser: for the screens.
        url: of the server.
        caller: of its API.
        pictures: the folder for screenshots.
        voices: the model API behind Ada and Bo, where a test says what they say.
    """

    browser: Browser
    url: str
    caller: Caller
    pictures: Path
    voices: Voices | None = None
    assistants: dict[str, str] = field(default_factory=dict)
    """By name: Ada and Bo say what a test says; Player plays the scenario of this file."""

    async def cast(self) -> None:
        """Make the assistants, and those that a server begins with away."""
        for made in (await self.caller.get("/assistants"))["data"]:
            await self.caller.call("DELETE", f"/assistants/{made['id']}")
        scenario = yaml.safe_dump(SCENARIO, allow_unicode=True)
        bodies: list[dict[str, Any]] = [
            {"name": "Ada", "model": "voices/one"},
            {"name": "Bo", "model": "voices/two"},
            {"name": "Player", "model": "builtin/script", "instructions": scenario, "tools": [LOOK]},
        ]
        for body in bodies:
            if self.voices or not body["model"].startswith("voices/"):
                self.assistants[body["name"]] = (await self.caller.post("/assistants", body))["id"]

    async def thread(self, *said: str) -> str:
        """The id of a new thread, in which somebody has said something."""
        messages = [{"role": "user", "content": text} for text in said]
        id: str = (await self.caller.post("/threads", {"messages": messages}))["id"]
        return id

    async def ask(self, thread_id: str, message: str, *assistants: str) -> dict[str, Any]:
        """Have assistants answer, as another program may."""
        turn: dict[str, Any] = await self.caller.post(
            f"/threads/{thread_id}/turns",
            {"message": message, "assistants": [self.assistants[name] for name in assistants]},
        )
        return turn

    async def messages(self, thread_id: str) -> list[dict[str, Any]]:
        """The thread's messages, oldest first."""
        listed = await self.caller.get(f"/threads/{thread_id}/messages?order=asc&limit=100")
        messages: list[dict[str, Any]] = listed["data"]
        return messages

    async def said(self, thread_id: str) -> list[str]:
        """What they say."""
        return [text_of(message).strip() for message in await self.messages(thread_id)]

    async def statuses(self, thread_id: str) -> list[str]:
        """How far its runs are, oldest first."""
        runs = (await self.caller.get(f"/threads/{thread_id}/runs?order=asc"))["data"]
        return [run["status"] for run in runs]

    async def ended(self, thread_id: str, *statuses: str) -> None:
        """Come back when its runs, oldest first, have come this far."""
        await until(self.statuses, thread_id, wanted=list(statuses))

    @contextlib.asynccontextmanager
    async def seat(self, **options: Any) -> AsyncIterator[BrowserContext]:
        """A browser of its own to sit before, with nothing kept in it."""
        context = await self.browser.new_context(**{**DESKTOP, **options})
        await context.add_init_script(WATCHING)
        try:
            yield context
        finally:
            await context.close()

    async def tab(self, context: BrowserContext) -> Screen:
        """One more page in a browser."""
        return Screen(await context.new_page(), self.url, self.pictures)

    @contextlib.asynccontextmanager
    async def screen(self, name: str | None = None, thread_id: str = "", **options: Any) -> AsyncIterator[Screen]:
        """Somebody before a page of their own, who has joined; behind the block it must have done nothing odd.

        Args:
            name: their nickname; without one the page still asks for it.
            thread_id: what they have opened.
        """
        async with self.seat(**options) as context:
            screen = await self.tab(context)
            await screen.open(thread_id)
            if name is not None:
                await screen.join(name)
            yield screen
            assert not screen.faults, screen.faults


def text_of(message: dict[str, Any]) -> str:
    """All text of a message."""
    return "".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")
