"""The only file that knows every room: wires them, starts them, stops them. An ASGI app others can mount."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from livethread import __version__
from livethread.api import auth
from livethread.api.documentation import add_documentation
from livethread.api.envelope import Unexpected
from livethread.api.headers import Headers
from livethread.api.routes import Services, add_routes
from livethread.api.streams import Streams
from livethread.clock import Clock, SystemClock
from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.lists import ListQuery
from livethread.engine.engine import Engine
from livethread.engine.limits import Limits
from livethread.engine.worker import Worker
from livethread.errors import SetupError, StorageError
from livethread.ids import Ids
from livethread.live.bus import Hint, LocalBus
from livethread.live.drafts import FileDrafts
from livethread.live.hubs import Hubs
from livethread.live.log import ThreadLog
from livethread.live.pace import Pace
from livethread.live.places import Places
from livethread.live.reading import Reading
from livethread.live.resume import Resume
from livethread.live.snapshot import Snapshots
from livethread.live.thread_list import ThreadList
from livethread.page.chat import BUILT as CHAT_PAGE
from livethread.page.chat import add_chat_page
from livethread.page.script import BUILT, add_client_script
from livethread.page.start import start_page
from livethread.providers.builtin import Builtin
from livethread.providers.builtin.assistants import first_assistants
from livethread.providers.local_engines import ENGINES, LocalEngine
from livethread.providers.tokens import Tokenizers
from livethread.services.assistants import Assistants
from livethread.services.chat import Chat
from livethread.services.messages import Messages
from livethread.services.remembered import Remembered
from livethread.services.rooms import Rooms
from livethread.services.runs import Runs
from livethread.services.steps import Steps
from livethread.services.threads import Threads
from livethread.services.turns import Turns
from livethread.services.unknown_calls import UnknownCalls
from livethread.settings import Settings
from livethread.sockets.app import Sockets
from livethread.sockets.live import Live
from livethread.sockets.room_lobby import Lobby
from livethread.storage import queries
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.folder import DataFolder
from livethread.storage.schema import upgrade
from livethread.upstreams import connect

log = structlog.get_logger()


class Livethread:
    """One server: all rooms on one data folder. An ASGI application once it has started.

    Args:
        settings: everything that can be set.
        clock: the time.
        ids: new ids.
        engines: where model engines usually listen on this machine.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        engines: Sequence[LocalEngine] = ENGINES,
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._ids = ids or Ids()
        self._engines = engines

    async def start(self) -> None:
        """Open the data folder, mend what the last process left, and take up work.

        Raises:
            SetupError: the folder or the database cannot be used; one sentence says what to do.
        """
        async with AsyncExitStack() as opened:
            try:
                await self._open(opened)
            except StorageError as error:  # found when the rooms had their first look, behind the opening
                raise SetupError(error.advice) from error
            self._opened = opened.pop_all()

    async def stop(self) -> None:
        """Send the viewers away, hand the runs back, and close everything.

        Raises:
            SetupError: the last that was to be written was not, as on a full disk; everything is closed all the same.
        """
        try:
            await self._opened.aclose()
        except (OSError, StorageError) as error:
            raise SetupError(
                f"The server has stopped, but could not write its last words ({error}); "
                "make room on its disk: runs that were under way go on at the next start."
            ) from error

    async def _open(self, opened: AsyncExitStack) -> None:
        """Make the rooms from the lowest up; they are closed from the highest down."""
        settings, clock, ids = self.settings, self._clock, self._ids
        folder = DataFolder(settings.data)
        opened.callback(folder.close)
        bus = LocalBus()
        drafts = FileDrafts(folder.drafts, partial(_grown, bus), Pace())
        opened.callback(drafts.close)
        engine = sqlite_engine(folder.database)
        copy = upgrade(engine, folder.database)
        if copy is not None:
            log.info("database migrated", copy=str(copy))
        self._database = database = Database(engine)
        database.start()
        opened.push_async_callback(database.close)
        thread_log = ThreadLog(database, drafts, bus, ids, clock)
        reading = Reading(database, drafts)
        builtin = Builtin(clock, ids, words_per_second=settings.words_per_second, scripts=folder.scripts)
        self.upstreams = await connect(settings, builtin, ids=ids, clock=clock, engines=self._engines)
        registry = self.upstreams.registry
        opened.push_async_callback(registry.close)
        for sentence in self.upstreams.ignored:
            log.warning(sentence)
        limits = Limits(settings.retries, settings.retry_seconds, settings.max_rounds)
        worker = Worker(
            Engine(database, thread_log, drafts, registry, ids, clock, limits, Tokenizers.installed()), bus, clock,
            owner=f"{socket.gethostname()}-{os.getpid()}", run_seconds=settings.run_seconds,
        )  # fmt: skip
        await worker.recover()
        opened.push_async_callback(worker.stop)
        self.hubs = hubs = Hubs(database, drafts.get, bus, Snapshots(reading, drafts.get))
        opened.callback(hubs.close)
        self.thread_list = ThreadList(database, bus)
        opened.callback(self.thread_list.close)
        self.chat = Chat(registry, ids, clock)
        opened.callback(self.chat.close)
        remembered = Remembered(database, clock)
        opened.push_async_callback(remembered.close)
        self._assistants = Assistants(database, ids, clock)
        runs = Runs(thread_log, reading, ids, clock, settings.thread_policy)
        services = Services(
            assistants=self._assistants,
            threads=Threads(database, thread_log, reading, ids, clock),
            messages=Messages(thread_log, reading, ids, settings.thread_policy),
            runs=runs,
            turns=Turns(thread_log, ids, settings.thread_policy),
            rooms=Rooms(database, thread_log, reading, runs, remembered, ids, clock, settings.room_assistant),
            steps=Steps(reading),
            chat=self.chat,
            registry=registry,
            hubs=hubs,
            remembered=remembered,
        )
        await self._make_first_assistants()
        await worker.start()
        if settings.room_no_function:
            unknown_calls = UnknownCalls(runs, database, bus)
            opened.push_async_callback(unknown_calls.close)
            await unknown_calls.start()
        self._app = self._faces(services, Resume(database, drafts.get), opened)
        database.serving = True

    def _faces(self, services: Services, resume: Resume, opened: AsyncExitStack) -> Headers:
        api = FastAPI(
            title="Livethread", version=__version__, openapi_url="/openapi.json", docs_url=None, redoc_url=None,
            description="The Assistants API v2 on any model, live for every viewer.",
        )  # fmt: skip
        places = Places(self.settings.max_viewers_per_thread, self.settings.max_viewers)
        lobby = Lobby(
            services.rooms, services.threads, services.hubs, places, self._ids, self._clock,
            self.settings.room_empty_seconds,
        )  # fmt: skip
        opened.push_async_callback(lobby.close)
        add_routes(api, services, max_body=self.settings.max_body, posted=lobby.visited)
        add_documentation(api)
        api.add_route("/healthz", self._health, include_in_schema=False)
        add_chat_page(api, CHAT_PAGE, self._start_page)
        add_client_script(api, BUILT)
        streams = Streams(api, services.hubs, self.thread_list, resume, places)
        live = Live(services.hubs, resume, places)
        self.sockets = Sockets(streams, partial(auth.refusal, keys=self.settings.api_keys), live, lobby)
        return Headers(Unexpected(self.sockets), self._ids, self.settings.origins, self.settings.api_keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; under a server's own lifespan, start and stop with it."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except SetupError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Livethread]:
        """Started here, stopped behind."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def _health(self, request: Request) -> Response:
        """Whether the server reads its database; how many look on."""
        await self._database.answers()
        viewers = self.hubs.viewers + self.thread_list.viewers
        return JSONResponse({"status": "ok", "version": __version__, "viewers": viewers})

    async def _start_page(self, request: Request) -> Response:
        return HTMLResponse(start_page(str(request.base_url).rstrip("/"), await self.guide()))

    async def guide(self) -> str | None:
        """The id of an assistant that anybody may ask without a cost, for the examples."""
        for text in (await self._assistants.list(ListQuery(limit=100, order="asc"))).texts:
            assistant = Assistant.model_validate_json(text)
            if assistant.model == "builtin/guide":
                return assistant.id
        return None

    async def _make_first_assistants(self) -> None:
        """A server that nobody has used gets the first ones."""
        used = await self._database.read(lambda connection: queries.has_threads(connection))
        if used or (await self._assistants.list(ListQuery(limit=1))).ids:
            return
        for first in first_assistants():
            await self._assistants.create(AssistantCreate.model_validate(asdict(first)))


def _grown(bus: LocalBus, threads: set[str]) -> None:
    for thread_id in threads:
        bus.publish(Hint(thread_id))


def from_environment(**settings: Any) -> Livethread:
    """The app as ``uvicorn --factory livethread.app:from_environment`` wants it."""
    return Livethread(Settings.read(**settings))
