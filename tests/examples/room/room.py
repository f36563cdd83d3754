"""Where the scenes play: a room with an assistant that says what a test says, and people who come and go."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.examples.room.site import Site
from tests.examples.room.visitor import Visitor
from tests.examples.stage.line import Line
from tests.examples.stage.tab import DESKTOP
from tests.page_scenes.stage import text_of
from tests.page_scenes.voices import Voice, Voices

_numbers = itertools.count()


@dataclass
class Room:
    """The server's default room.

    Args:
        caller: of the server's API.
        voices: the model API behind the assistant.
        site: that serves the page.
        browser: for everybody.
        pictures: the folder for screenshots.
        model: of the assistant; no other room's.
    """

    caller: Caller
    voices: Voices
    site: Site
    browser: Browser
    pictures: Path
    model: str = field(default_factory=lambda: f"cat-{next(_numbers)}")

    async def begin(self) -> None:
        """Leave nothing of the room before, and have the assistant come."""
        for thread in (await self.caller.get("/threads"))["data"]:
            await self.caller.call("DELETE", f"/threads/{thread['id']}")
        await self.dismiss()
        await self.caller.post("/assistants", {"name": "CatGPT", "model": f"voices/{self.model}"})

    async def answering(self) -> Voice:
        """The next answer that the assistant is asked for."""
        return await self.voices.asked(self.model)

    async def answers(self, text: str) -> None:
        """Have the assistant give the next answer at once."""
        voice = await self.answering()
        voice.say(text)
        voice.end()

    async def fall_silent(self, silent: bool) -> None:
        """Have the assistant be played by a model API that is not there, or again by ours."""
        (assistant,) = (await self.caller.get("/assistants"))["data"]
        model = f"{'silent' if silent else 'voices'}/{self.model}"
        await self.caller.post(f"/assistants/{assistant['id']}", {"model": model})

    async def dismiss(self) -> None:
        """Delete the assistant."""
        for assistant in (await self.caller.get("/assistants"))["data"]:
            await self.caller.call("DELETE", f"/assistants/{assistant['id']}")

    async def stored(self) -> list[tuple[str, str]]:
        """Who said what, as the thread has it, from the oldest on."""
        (thread,) = (await self.caller.get("/threads"))["data"]
        listed = await self.caller.get(f"/threads/{thread['id']}/messages?order=asc&limit=100")
        return [(_author(message), text_of(message).strip()) for message in listed["data"]]

    @contextlib.asynccontextmanager
    async def visitor(self, name: str | None = None, **options: Any) -> AsyncIterator[Visitor]:
        """Somebody before a page of their own; behind the block it must have done nothing odd.

        Args:
            name: their nickname, which this browser knows from before; without one the page asks for it.
        """
        async with Line(self.caller.url).running() as line:
            if name is not None:
                options["storage_state"] = {"origins": [{"origin": self.site.origin, "localStorage": [_kept(name)]}]}
            context = await self.browser.new_context(**{**DESKTOP, **options})
            try:
                visitor = Visitor(await context.new_page(), self.site.address(line.url), line, self.pictures)
                await visitor.open()
                if name is not None:
                    await visitor.line_reads(re.compile("^Welcome "))
                yield visitor
                assert visitor.faults == []
            finally:
                await context.close()


@contextlib.asynccontextmanager
async def house() -> AsyncIterator[tuple[Caller, Voices]]:
    """A server in this process, and what speaks for its assistants."""
    async with Voices().running() as voices, aiohttp.ClientSession() as session:
        upstreams = (UpstreamSettings("voices", voices.url), UpstreamSettings("silent", "http://127.0.0.1:9/v1"))
        with testing.server(upstreams=upstreams, retries=0) as url:
            yield Caller(session, url), voices


def _kept(name: str) -> dict[str, str]:
    """What a browser keeps of somebody who has been here, as `examples/room/src/me.js` writes it."""
    return {"name": "livethread.room.me", "value": json.dumps({"user_id": f"user_{next(_numbers)}", "name": name})}


def _author(message: dict[str, Any]) -> str:
    return "CatGPT" if message["role"] == "assistant" else str(message["metadata"]["name"])
