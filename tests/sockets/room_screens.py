"""Clients of the room protocol, and what they have on their screens: like naive ones, they only append and sort."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from openai import AsyncOpenAI

from tests.sockets.talking import Talker, talking


class Line(NamedTuple):
    """A message on a screen."""

    name: str
    role: str
    text: str


class Visitor:
    """Somebody in a room.

    Args:
        talker: the client.
        user_id: who it is.
        name: likewise.
    """

    def __init__(self, talker: Talker, user_id: str, name: str) -> None:
        self.talker = talker
        self.user_id = user_id
        self.name = name

    async def register(self, **more: Any) -> None:
        """Come in, and wait for the welcome."""
        welcomes = len(self.talker.all("welcome"))
        await self.talker.say("register", {"user_id": self.user_id, "name": self.name} | more)
        await self.talker.until(lambda: len(self.talker.all("welcome")) > welcomes)

    async def say(self, text: str, id: str, **more: Any) -> None:
        """Say something, and have it on the own screen at once."""
        said = {
            "user_id": self.user_id, "name": self.name, "content": text, "role": "user", "id": id,
            "created_at": int(time.time() * 1000),
        } | more  # fmt: skip
        self.talker.told.append(("own", said))
        answer = await self.talker.ask("message", said)
        if answer is not None and answer.get("created_at"):
            said["created_at"] = int(answer["created_at"])  # two who speak at once have them in one order

    @property
    def pieces(self) -> int:
        """How many pieces of answers it was told."""
        return len(self.talker.all("message-delta"))

    @property
    def is_busy(self) -> bool:
        """Whether it was told that the assistant is."""
        told = [name for name, _ in self.talker.told if name in ("ai-start", "ai-end")]
        return bool(told) and told[-1] == "ai-start"

    @property
    def system(self) -> list[str]:
        """What the system has told it."""
        return [said["content"] for said in self.talker.all("message") if said["role"] == "system"]

    @property
    def items(self) -> list[dict[str, Any]]:
        """All messages, as they came."""
        items: list[dict[str, Any]] = []
        for name, said in self.talker.told:
            match name:
                case "own" | "message":
                    items.append(dict(said))
                case "message-list":
                    known = {item["id"]: item for item in items if "msg_" in item["id"]}
                    for item in said:
                        known[item["id"]].update(item) if item["id"] in known else items.append(dict(item))
                case "message-start":
                    items.append(said | {"content": ""})
                case "message-delta":
                    next(item for item in items if item["id"] == said["id"])["content"] += said["text"]
        return items

    @property
    def screen(self) -> list[Line]:
        """What it shows, by the time of each message."""
        shown = [item for item in self.items if item["role"] != "system"]
        shown.sort(key=lambda item: int(item["created_at"]))
        return [Line(item["name"], item["role"], item["content"]) for item in shown]

    async def until_shown(self, lines: int) -> None:
        """Wait until so many messages are there, and nobody is busy."""
        await self.talker.until(lambda: len(self.screen) >= lines and not self.is_busy)


@asynccontextmanager
async def visiting(url: str, name: str, transport: str = "websocket", **register: Any) -> AsyncIterator[Visitor]:
    """Somebody who is in a room as long as the block lasts."""
    async with talking(url, transport) as talker:
        visitor = Visitor(talker, register.pop("user_id", f"user_{name.lower()}"), name)
        await visitor.register(**register)
        yield visitor


async def speaker(api: AsyncOpenAI, *turns: Any, name: str | None = "CatGPT", **more: Any) -> str:
    """The id of an assistant that plays turns: texts, or lists of steps."""
    script = {"turns": [[{"text": turn}] if isinstance(turn, str) else turn for turn in turns]} | more
    made = await api.beta.assistants.create(model="builtin/script", name=name, instructions=json.dumps(script))
    return made.id


async def stored(api: AsyncOpenAI, thread_id: str) -> list[Line]:
    """The messages of a thread, as REST has them."""
    lines = []
    names = {assistant.id: assistant.name async for assistant in api.beta.assistants.list()}
    async for message in api.beta.threads.messages.list(thread_id, order="asc", limit=100):
        assert message.content[0].type == "text"
        name = (message.metadata or {}).get("name") or names.get(message.assistant_id or "") or message.role
        lines.append(Line(name, message.role, message.content[0].text.value))
    return lines
