"""What the tests of Chat Completions share: a request, a provider, and a turn against an upstream that plays bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from livethread.ids import Ids
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chunks import Chunk, PromptMessage, ProviderError, Request, TextPart
from tests.providers.builtin.stopped_clock import StoppedClock
from tests.providers.upstream import OPEN, Step, Upstream, delta

KEY = "sk-very-secret-0123456789"
HELLO = PromptMessage("user", (TextPart("Hello"),))
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
MINTED = Ids(7).new("call")


def ask(**fields: Any) -> Request:
    """The shortest request, with these fields besides."""
    return Request(**{"model": "m", "instructions": None, "messages": (HELLO,), **fields})


ASK = ask()


def provider(url: str, **settings: Any) -> ChatCompletions:
    """One with a key; a whole answer is told at once, and no time passes."""
    fixed: dict[str, Any] = {"key": KEY, "ids": Ids(7), "clock": StoppedClock(), "words_per_second": 0}
    return ChatCompletions(url, **{**fixed, **settings})


async def played(*script: Step, request: Request = ASK, **settings: Any) -> list[Chunk]:
    """All chunks of one turn against an upstream that plays this script."""
    async with Upstream([list(script)]) as upstream:
        model = provider(upstream.url, **settings)
        try:
            return [chunk async for chunk in model.stream(request)]
        finally:
            await model.close()


async def read_to_the_error(stream: AsyncIterator[Chunk], seen: asyncio.Event) -> tuple[list[Chunk], ProviderError]:
    """What a stream yields, and the error that ends it; ``seen`` is set by each chunk."""
    chunks: list[Chunk] = []
    try:
        async for chunk in stream:
            chunks += [chunk]
            seen.set()
    except ProviderError as error:
        return chunks, error
    pytest.fail("the stream ended well")


async def failed(*script: Step, request: Request = ASK, **settings: Any) -> tuple[list[Chunk], ProviderError]:
    """What one turn yields before it fails, and how it fails; no message ever shows the key."""
    async with Upstream([list(script)]) as upstream:
        model = provider(upstream.url, **settings)
        try:
            chunks, error = await read_to_the_error(model.stream(request), asyncio.Event())
        finally:
            await model.close()
        assert upstream.url in error.message
    assert KEY not in error.message
    assert error.__cause__ is None
    return chunks, error


async def sent(request: Request, url: Callable[[Upstream], str] = lambda up: up.url, **settings: Any) -> Any:
    """The JSON that goes upstream for a request."""
    async with Upstream([[OPEN, delta("stop", content="x")]]) as upstream:
        model = provider(url(upstream), **settings)
        try:
            async for _ in model.stream(request):
                pass
        finally:
            await model.close()
    return upstream.asked[0].json
