"""Model engines on this machine: looked for where they usually listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from yarl import URL

from livethread.providers.http.client import Client
from livethread.providers.http.incoming import NotHttp

SECONDS: Final = 0.5
"""What all the looking may take together."""

_MOST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """A kind of engine.

    Args:
        name: of its upstream, the prefix of its models' names.
        title: what people call it.
        port: where it usually listens.
    """

    name: str
    title: str
    port: int

    @property
    def url(self) -> str:
        """What stands before ``/models``."""
        return f"http://127.0.0.1:{self.port}/v1"


ENGINES: Final = (
    LocalEngine("ollama", "Ollama", 11434),
    LocalEngine("llamacpp", "llama.cpp", 8080),
    LocalEngine("lmstudio", "LM Studio", 1234),
    LocalEngine("vllm", "vLLM", 8000),
)


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """An engine that answered, and the models that it listed."""

    engine: LocalEngine
    models: tuple[str, ...]


async def find_engines(engines: Iterable[LocalEngine], *, seconds: float = SECONDS) -> list[FoundEngine]:
    """Those that answer with a list of models, asked all at once.

    Args:
        engines: where to look.
        seconds: what is not there by then is not there.
    """
    asked = [asyncio.create_task(_ask(engine, seconds)) for engine in engines]
    if not asked:
        return []
    await asyncio.wait(asked, timeout=seconds)
    found = [task.result() for task in asked if task.done()]
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    return [engine for engine in found if engine is not None]


async def _ask(engine: LocalEngine, seconds: float) -> FoundEngine | None:
    url = URL(engine.url)
    client = Client(url.origin(), connect_timeout=seconds, stall_timeout=seconds)
    # Another Livethread refuses a request that comes from one, and so is not taken for an engine.
    headers = {"Accept": "application/json", "User-Agent": "livethread", "x-livethread-hop": "1"}
    try:
        answer = await client.send(url / "models", headers)
        if answer.head.status != 200:
            return None
        body = b""
        while piece := await answer.read():
            body += piece
            if len(body) > _MOST_BYTES:
                return None
        listed = json.loads(body)
        if listed["object"] != "list":
            return None
        models = listed["data"] or []  # Ollama without any model says null
        if any(model.get("owned_by") == "livethread" for model in models):
            return None
        names = tuple(model["id"] for model in models)
    except (NotHttp, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # nothing is there, or something else
    finally:
        client.close()
    return FoundEngine(engine, names) if all(map(_is_name, names)) else None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= 256
