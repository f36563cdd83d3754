"""Pictures of the real pages for README.md and docs/: ``make pictures``.

A server in this process, its assistants, and people in browsers who say what stands here; nothing is painted over. What
is said is in letters that every machine has a font for; the time of day is that of the making.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page, expect

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.cuts.scene import Caller
from tests.examples.room.room import Room, house
from tests.examples.room.site import Site, build
from tests.page_scenes.browser import chromium
from tests.page_scenes.screen import Screen
from tests.page_scenes.stage import DESKTOP, PHONE, Stage
from tests.page_scenes.voices import Voices

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
LARGEST = 150_000
"""Bytes of a picture, so that a page with a few of them loads at once."""

PAINTED = "document.fonts.ready.then(() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 500)))"

TITLE = "A weekend in Bergen"
QUESTION = "We have two days in Bergen, and it will rain. What should we see?"
FIRST = """Rain suits Bergen. I would do it in this order:

1. **Bryggen** early, before the ships arrive
2. The *Fløibanen* up, and a walk down through the wood
3. KODE, four houses of art around one lake

| | open | minutes on foot |
|---|---|---:|
| Bryggens Museum | 9–16 | 5 |
| KODE | 10–17 | 12 |
"""
SECOND = "I would leave the hill for the second day: the forecast has a dry hour around noon, and from the top you see"

ROOM = [
    (
        "Ann",
        "Who brings the cake on Friday?",
        "Bob said on Monday that he would, **if** somebody else brings candles.",
    ),
    (
        "Bob",
        "I did. The one with plums, from the place at the corner.",
        "Then only the candles are missing. There are *eleven* of us, so a box of twelve will do, and",
    ),
]
"""Who says what, and what the assistant answers; the picture is taken in the middle of the last answer."""


async def paint() -> None:
    """Make them all."""
    PICTURES.mkdir(exist_ok=True)
    async with chromium() as browser:
        async with _stage(browser) as stage:
            await _chat(stage)
        with tempfile.TemporaryDirectory() as folder:
            built = await build(Path(folder) / "room")
            async with Site(built).running() as site, house() as (caller, voices):
                await _room(Room(caller, voices, site, browser, PICTURES))
    for picture in sorted(PICTURES.glob("*.png")):
        size = picture.stat().st_size
        sys.stdout.write(f"  {picture.name:16} {size / 1000:4.0f} KB\n")
        if size > LARGEST:
            raise SystemExit(f"{picture.name} is larger than {LARGEST / 1000:.0f} KB: show less on it.")


@contextlib.asynccontextmanager
async def _stage(browser: Browser) -> AsyncIterator[Stage]:
    """A server in whose threads Ada and Bo say what stands here."""
    async with Voices().running() as voices, aiohttp.ClientSession() as session:
        upstream = UpstreamSettings("voices", voices.url)
        with testing.server(upstreams=(upstream,), thread_policy="parallel") as url:
            stage = Stage(browser, url, Caller(session, url), PICTURES, voices)
            await stage.cast()
            await stage.caller.call("DELETE", f"/assistants/{stage.assistants.pop('Player')}")
            yield stage


async def _chat(stage: Stage) -> None:
    """One thread in which two assistants answer, before three people: in light, in dark colours, and on a phone."""
    assert stage.voices is not None
    for title in ("Release notes for 0.1", "Why is the build red?"):
        await stage.caller.post(f"/threads/{await stage.thread('Hello')}", {"metadata": {"title": title}})
    thread_id = await stage.thread()
    await stage.caller.post(f"/threads/{thread_id}", {"metadata": {"title": TITLE}})
    async with contextlib.AsyncExitStack() as people:
        seats: dict[str, tuple[str, dict[str, Any]]] = {
            "chat": ("Ann", DESKTOP),
            "chat-dark": ("Bob", {**DESKTOP, "color_scheme": "dark"}),
            "chat-phone": ("Chiara", {**PHONE, "device_scale_factor": 1.5, "reduced_motion": "reduce"}),
        }
        screens: dict[str, Screen] = {
            name: await people.enter_async_context(stage.screen(who, thread_id, **options))
            for name, (who, options) in seats.items()
        }
        asker = screens["chat"]
        await asker.choose("Ada", "Bo")
        await asker.send(QUESTION)
        ada, bo = await stage.voices.asked("one"), await stage.voices.asked("two")
        ada.say(FIRST)
        ada.end()
        bo.say(SECOND)
        for name, screen in screens.items():
            await expect(screen.log.get_by_text("from the top you see")).to_be_visible()
            await expect(screen.log.get_by_text("Bryggens Museum")).to_be_visible()
            await _settled(screen.page)
            await screen.picture(name)
        bo.end()
        await stage.ended(thread_id, "completed", "completed")


async def _room(room: Room) -> None:
    """The page of examples/room, before Ann and Bob."""
    await room.begin()
    options: dict[str, Any] = {"viewport": {"width": 760, "height": 620}}
    async with room.visitor("Ann", **options) as ann, room.visitor("Bob", **options) as bob:
        people = {"Ann": ann, "Bob": bob}
        await ann.line_reads("Bob has joined the discussion")
        for author, said, answer in ROOM:
            await people[author].send(said)
            voice = await room.answering()
            voice.say(answer)
            await expect(ann.log.get_by_text(answer[-20:])).to_be_visible()
            if (author, said, answer) == ROOM[-1]:
                await _settled(ann.page)
                await ann.picture("room")
            voice.end()


async def _settled(page: Page) -> None:
    """Come back when all is loaded and painted."""
    await page.evaluate(PAINTED)


if __name__ == "__main__":
    asyncio.run(paint())
