"""Where the scenes play: a server with an assistant that says what a test says, and people who come and go."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
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


@dataclass
class Room:
    """The server's default room.

    Args:
        caller: of the server's API.
        voices: the model API behind the assistant.
        site: that serves the page.
        browser: for everybody.
        pictures: the folder for screenshots.
    """

    caller: Caller
    voices: Voices
    site: Site
    browser: Browser
    pictures: Path

    async def answering(self) -> Voice:
        """The next answer that the assistant is asked for."""
        return await self.voices.asked("cat")

    async def answers(self, text: str) -> None:
        """Have the assistant give the next answer at once."""
        voice = await self.answering()
        voice.say(text)
        voice.end()

    async def recast(self, model: str) -> None:
        """Have the assistant be played by another model; ``silent/…`` never answers."""
        (assistant,) = (await self.caller.get("/assistants"))["data"]
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
            name: their nickname; without one the page still asks for it.
        """
        async with Line(self.caller.url).running() as line:
            context = await self.browser.new_context(**{**DESKTOP, **options})
            try:
                visitor = Visitor(await context.new_page(), self.site.address(line.url), line, self.pictures)
                await visitor.open()
                if name is not None:
                    await visitor.join(name)
                yield visitor
                assert visitor.faults == []
            finally:
                await context.close()


@contextlib.asynccontextmanager
async def room(site: Site, browser: Browser, pictures: Path) -> AsyncIterator[Room]:
    """A server in this process, with nothing in its room."""
    async with Voices().running() as voices, aiohttp.ClientSession() as session:
        upstreams = (UpstreamSettings("voices", voices.url), UpstreamSettings("silent", "http://127.0.0.1:9/v1"))
        with testing.server(upstreams=upstreams, retries=0) as url:
            room = Room(Caller(session, url), voices, site, browser, pictures)
            await room.dismiss()  # those that a server begins with
            await room.caller.post("/assistants", {"name": "CatGPT", "model": "voices/cat"})
            yield room


def _author(message: dict[str, Any]) -> str:
    return "CatGPT" if message["role"] == "assistant" else str(message["metadata"]["name"])
