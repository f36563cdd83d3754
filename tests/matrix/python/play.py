"""Plays scenes with this Python's version of the SDK and prints what they saw as JSON.

    python play.py URL sync SCENE… async SCENE…

Ids are printed as ``run_1``, ``run_2``, … in the order of their appearance, and times as ``time``.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import traceback
from contextlib import AsyncExitStack
from typing import Any

import callbacks
import errors
import objects
import patience
import runs
import streams
from openai import AsyncOpenAI, OpenAI
from stage import SCENES, within

MODULES = [objects, runs, streams, callbacks, errors, patience]
"""Importing them has filled `SCENES`."""


def timeless(value: Any) -> Any:
    """The same value, its times without their number."""
    if isinstance(value, dict):
        return {
            key: "time" if key.endswith("_at") and isinstance(inner, int) else timeless(inner)
            for key, inner in value.items()
        }
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def numbered(printed: str) -> str:
    """The same text, each id named by when it appeared."""
    names: dict[str, str] = {}
    kinds: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        if found[0] not in names:
            kinds[found[1]] = kinds.get(found[1], 0) + 1
            names[found[0]] = f"{found[1]}_{kinds[found[1]]}"
        return names[found[0]]

    return re.sub(r"\b(asst|thread|msg|run|step|req)_[A-Za-z0-9]{24,32}\b", name, printed)


async def seen(client: Any, scene: str) -> Any:
    """What a scene saw, or how it failed."""
    try:
        saw = json.dumps(timeless(await SCENES[scene](client)), ensure_ascii=False)
    except Exception:
        return traceback.format_exc()
    return json.loads(numbered(saw))


async def play(url: str, words: list[str]) -> dict[str, Any]:
    """What each scene saw."""
    kinds: dict[str, Any] = {"sync": OpenAI, "async": AsyncOpenAI}
    saw: dict[str, Any] = {}
    client: Any = None
    async with AsyncExitStack() as stack:
        for word in words:
            if word in kinds:
                kind = kinds[word](base_url=f"{url}/v1", api_key="any", max_retries=0)
                client = await stack.enter_async_context(within(kind))
            else:
                saw[word] = await seen(client, word)
    return saw


if __name__ == "__main__":
    print(json.dumps(asyncio.run(play(sys.argv[1], sys.argv[2:]))))
