"""A room lived in at random: people come, speak, are cut off, return and go; in the end every screen is the thread."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from livethread import testing
from tests.sockets.talking import PATIENCE, Talker, talking

TORTURE = bool(os.environ.get("TORTURE"))
SEEDS = range(40 if TORTURE else 2)
ACTS = 60 if TORTURE else 40
"""Few enough that a newcomer is told of all of it."""
NAMES = ["Ann", "Ben", "Cléo", "大輔"]


class Person:
    """One who has a page open: it shows what it is told, each message by its id.

    Args:
        url: of the server.
        name: what it calls itself.
        dice: chance.
    """

    def __init__(self, url: str, name: str, dice: random.Random) -> None:
        self.url = url
        self.name = name
        self.dice = dice
        self.user_id = f"user_{NAMES.index(name)}"
        self.screen: dict[str, dict[str, Any]] = {}
        self.growing: set[str] = set()
        self.busy = False
        self.faults: list[str] = []
        self.streams = False
        self.talker: Talker | None = None
        self._stack = AsyncExitStack()
        self._count = 0
        self._seen = 0

    async def come(self) -> None:
        """Open a connection, and register."""
        transport = self.dice.choice(["websocket", "polling"])
        self.talker = await self._stack.enter_async_context(talking(self.url, transport))
        self._seen = 0
        self.growing.clear()
        await self.register()

    async def register(self) -> None:
        """Say who is there; with or without answers that grow."""
        assert self.talker is not None
        self.streams = self.dice.random() < 0.5
        said: dict[str, Any] = {"user_id": self.user_id, "name": f"{self.name} the person", "stream": self.streams}
        await self.talker.ask("register", said)

    async def speak(self) -> None:
        """Say something, perhaps twice, as a client does that was cut off meanwhile."""
        assert self.talker is not None
        self._count += 1
        said = {
            "user_id": self.user_id, "name": self.name, "role": "user", "id": f"{self.user_id}-{self._count}",
            "content": f"Message {self._count} of {self.name}", "created_at": int(time.time() * 1000),
        }  # fmt: skip
        self.screen[str(said["id"])] = dict(said)
        for _ in range(self.dice.choice([1, 1, 2])):
            await self.talker.ask("message", said)

    async def be_cut_off(self) -> None:
        """Lose the connection without a word, and come back."""
        assert self.talker is not None
        if self.talker.client.transport() == "websocket":
            await self.talker.client.eio.ws.close()
        await self.leave()
        await self.come()

    async def leave(self) -> None:
        """Close the page's connection."""
        self.read()
        await self._stack.aclose()
        self.talker = None

    def read(self) -> None:
        """Take up what was told since."""
        if self.talker is None:
            return
        for name, said in self.talker.told[self._seen :]:
            self._take(name, said)
        self._seen = len(self.talker.told)

    def _take(self, name: str, said: Any) -> None:
        match name:
            case "message" if said["role"] == "system":
                self.faults.append(said["content"])
            case "message":
                self.screen[said["id"]] = said
            case "message-list":
                self.screen.update((item["id"], item) for item in said)
                self.growing -= {item["id"] for item in said}
            case "message-start":
                self.growing.add(said["id"])
                self.screen[said["id"]] = {**said, "content": ""}
            case "message-delta":
                assert said["id"] in self.growing, "a piece of an answer that has not begun"
                self.screen[said["id"]]["content"] += said["text"]
            case "message-end":
                self.growing.discard(said["id"])
            case "ai-start" | "ai-end":
                self.busy = name == "ai-start"

    def shown(self) -> dict[str, str]:
        """The texts on its screen, by id."""
        return {id: item["content"] for id, item in self.screen.items()}


async def truth(web: aiohttp.ClientSession, thread_id: str) -> dict[str, str]:
    """What the thread holds, by the ids that clients know, oldest first."""
    told: dict[str, str] = {}
    query = "limit=100&order=asc"
    while True:
        page = await (await web.get(f"/v1/threads/{thread_id}/messages?{query}")).json()
        for message in page["data"]:
            told[message["metadata"].get("id", message["id"])] = message["content"][0]["text"]["value"]
        if not page["has_more"]:
            return told
        query = f"limit=100&order=asc&after={page['last_id']}"


async def lived(url: str, dice: random.Random) -> None:
    async with aiohttp.ClientSession(url) as web:
        answer = " ".join(f"word{number}" for number in range(60)) + " 終わり 🎉"
        script = {"turns": [[{"text": answer, "words_per_second": 400}]]}
        made = {"model": "builtin/script", "name": "CatGPT", "instructions": json.dumps(script)}
        for assistant in (await (await web.get("/v1/assistants")).json())["data"]:
            await web.delete(f"/v1/assistants/{assistant['id']}")
        await web.post("/v1/assistants", json=made)
        people = [Person(url, name, dice) for name in NAMES]
        for person in people:
            await person.come()
        for _ in range(ACTS):
            person = dice.choice(people)
            acts: list[Callable[[], Awaitable[None]]] = [person.speak, person.register, person.be_cut_off, person.leave]
            (act,) = dice.choices(acts, [6, 2, 2, 1]) if person.talker else [person.come]
            await act()
            for _ in range(dice.randrange(3)):
                await asyncio.sleep(0)
        for person in people:
            if person.talker is None:
                await person.come()
        (thread,) = (await (await web.get("/v1/threads")).json())["data"]
        until = time.monotonic() + PATIENCE * 2
        while True:
            runs = (await (await web.get(f"/v1/threads/{thread['id']}/runs?limit=100")).json())["data"]
            held = await truth(web, thread["id"])
            for person in people:
                person.read()
            settled = all(run["status"] == "completed" for run in runs)
            if settled and all(person.shown() == held and not person.busy for person in people):
                break
            if time.monotonic() > until:
                assert {run["status"] for run in runs} == {"completed"}
                for person in people:
                    shown = person.shown()
                    wrong = {id: (shown.get(id), held.get(id)) for id in shown | held if shown.get(id) != held.get(id)}
                    assert (person.name, person.busy, wrong) == (person.name, False, {}), person.talker
            await asyncio.sleep(0.1)
        said = {id for person in people for id in person.screen if id.startswith(person.user_id)}
        assert said <= held.keys()
        assert len(held) == 2 * len(said)  # each message is there once, and answered once
        for person in people:
            assert person.faults == []
            others = [id for id in held if not id.startswith(person.user_id)]
            assert sorted(others, key=lambda id: int(person.screen[id]["created_at"])) == others
            await person.leave()


@pytest.mark.torture
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_screen_is_the_thread_in_the_end(seed: int) -> None:
    with testing.server(words_per_second=0, max_rounds=64) as url:
        await lived(url, random.Random(seed))
