"""A server whose model API is played: what it is asked can be read, and each answer is given by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.providers.upstream import DONE, OPEN, Step, Upstream, delta


@asynccontextmanager
async def upstreamed(*scripts: list[Step], **settings: Any) -> AsyncIterator[tuple[Upstream, AsyncOpenAI]]:
    """The model API and the SDK at a server of its own.

    Args:
        scripts: what the model API answers each request with, in turn.
        settings: of the server.
    """
    async with Upstream([*scripts]) as upstream:
        with testing.server(upstreams=(UpstreamSettings("played", upstream.url),), **settings) as url:
            async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
                yield upstream, client


def answer(*steps: Step, finish: str = "stop") -> list[Step]:
    """A whole answer, streamed: its chunks, and events to wait for between them."""
    return [OPEN, *steps, delta(finish), DONE]
