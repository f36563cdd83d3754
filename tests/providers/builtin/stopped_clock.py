"""What the tests of the built-in provider share: a clock that notes sleeps, and the shortest way to play a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from livethread.ids import Ids
from livethread.providers.builtin import Builtin
from livethread.providers.chunks import Chunk, PromptMessage, ProviderError, Request, TextPart

SPEC = Path(__file__).parents[3] / "spec"
EXAMPLES = sorted((SPEC / "scripts").glob("*.yaml"))
SCHEMA = Draft202012Validator(json.loads((SPEC / "script.schema.json").read_text(encoding="utf-8")))


class StoppedClock:
    """Sleeps take no time and are written down; with ``frozen`` they never end."""

    def __init__(self, *, frozen: bool = False) -> None:
        self.slept: list[float] = []
        self.frozen = frozen

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.frozen:
            await asyncio.Event().wait()


def request(
    model: str = "builtin/script", instructions: str | None = None, said: str = "Hello", **more: Any
) -> Request:
    messages = (PromptMessage("user", (TextPart(said),)),)
    return Request(model=model, instructions=instructions, messages=messages, **more)


async def until_error(stream: AsyncIterator[Chunk]) -> tuple[list[Chunk], ProviderError | None]:
    """Every chunk, and the error that ended them."""
    chunks: list[Chunk] = []
    while True:
        try:
            chunks.append(await anext(stream))
        except StopAsyncIteration:
            return chunks, None
        except ProviderError as error:
            return chunks, error


async def play(
    scenario: str,
    *,
    said: str = "Hello",
    turn: int = 0,
    attempt: int = 0,
    clock: StoppedClock | None = None,
    pace: float = 0,
) -> tuple[list[Chunk], ProviderError | None]:
    provider = Builtin(clock or StoppedClock(), Ids(seed=1), words_per_second=pace)
    return await until_error(provider.stream(request(instructions=scenario, said=said, turn=turn, attempt=attempt)))
