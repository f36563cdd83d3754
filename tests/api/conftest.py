from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from livethread.api.envelope import Unexpected
from livethread.api.headers import Headers
from livethread.api.routes import Services, add_routes
from livethread.live.hubs import Hubs
from livethread.live.snapshot import Snapshots
from livethread.providers.builtin import Builtin
from livethread.providers.registry import Registry
from livethread.services.chat import Chat
from tests.services.rooms import Rooms, rooms_at

MAX_BODY = 2 * 1024 * 1024


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with rooms_at(tmp_path) as rooms:
        yield rooms


@pytest.fixture
def services(rooms: Rooms, tmp_path: Path) -> Services:
    """What the routes lead to; nobody drives runs."""
    registry = Registry(Builtin(rooms.clock, rooms.ids, words_per_second=0, scripts=tmp_path))
    return Services(
        assistants=rooms.assistants,
        threads=rooms.threads,
        messages=rooms.messages,
        runs=rooms.runs,
        turns=rooms.turns,
        rooms=rooms.rooms,
        steps=rooms.steps,
        chat=Chat(registry, rooms.ids, rooms.clock),
        registry=registry,
        hubs=Hubs(rooms.database, rooms.drafts.get, rooms.bus, Snapshots(rooms.reading, rooms.drafts.get)),
        remembered=rooms.remembered,
    )


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The routes alone."""
    app = FastAPI()
    add_routes(app, services, max_body=MAX_BODY)
    return app


@pytest.fixture
async def client(rooms: Rooms, services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller of the API on these rooms."""
    app = FastAPI()
    add_routes(app, services, max_body=MAX_BODY)

    @app.get("/v1/broken")
    async def broken() -> None:
        raise RuntimeError("something of ours")

    whole = Headers(Unexpected(app), rooms.ids, origins=["https://app.example.com"])
    transport = httpx2.ASGITransport(whole)
    async with httpx2.AsyncClient(transport=transport, base_url="http://livethread") as client:
        yield client
