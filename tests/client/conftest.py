from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livethread import testing
from livethread.client import Client
from livethread.client.client import Transport


class FakeClock:
    """Time that passes at once, and is written down."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dice() -> random.Random:
    return random.Random(7)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def url(data: Path) -> Iterator[str]:
    """A server for all of these tests; its built-in models speak at once."""
    with testing.server(data=data) as url:
        yield url


@pytest.fixture(params=["sse", "socket.io"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Everything that streams may come over."""
    named: Transport = request.param
    return named


async def player(client: Client, scenario: str, name: str = "Player") -> str:
    """The id of an assistant that plays a scenario."""
    made: dict[str, Any] = await client.call(
        "POST", "/assistants", {"model": "builtin/script", "name": name, "instructions": scenario}
    )
    id: str = made["id"]
    return id
