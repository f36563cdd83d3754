"""Livethread as it serves, with text that grows in its drafts by itself: no run and no model API.

Nothing is passed by: each event is appended to a draft in the store, written to its file, swept by the hub and handed
to viewers that came over HTTP. ``python -m benchmarks.fan_out.livethread_server PORT FOLDER direct|asgi|sockets``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

import uvicorn

from benchmarks.fan_out.peers.publishing import Publisher, obey, text
from livethread.app import Livethread
from livethread.clock import SystemClock
from livethread.domain.messages import Message
from livethread.domain.threads import Thread, ThreadCreate
from livethread.ids import Ids
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.pace import Pace
from livethread.serving import running
from livethread.settings import Settings


class OneByOne(Pace):
    """Of a server that joins nothing, however far it is behind."""

    def note(self, late: float, now: float) -> None:
        """It makes no difference."""


STREAM: Final = "/v1/threads/{}/events?snapshot=none"
SOCKET: Final = '420["subscribe",{{"thread_id":"{}","snapshot":false}}]'


class Drafts:
    """Threads with an open message each, whose text grows.

    Args:
        app: the server that the threads are in.
        asked: what a viewer of one asks with, with a place for its id.
    """

    def __init__(self, app: Livethread, asked: str) -> None:
        self._asked = asked
        self._hubs = app.hubs
        # A run would grow its draft so, too; the app shows its store to nobody else.
        self._drafts = cast(FileDrafts, app.hubs._draft_of.__self__)  # type: ignore[attr-defined]
        self._pace = self._drafts._pace
        self._ids = Ids()
        self._log = ThreadLog(app._database, self._drafts, app.hubs._bus, self._ids, SystemClock())
        self._open: list[tuple[str, str]] = []

    async def begin(self, count: int) -> list[str]:
        """So many threads, each with a message that has no text yet."""
        for _, message_id in self._open:
            self._drafts.end(message_id)
        self._open = list(await asyncio.gather(*(self._thread() for _ in range(count))))
        return [self._asked.format(thread_id) for thread_id, _ in self._open]

    async def _thread(self) -> tuple[str, str]:
        thread = Thread.create(ThreadCreate(), self._ids, 0)
        message = Message.begin(
            id=self._ids.new("msg"), thread_id=thread.id, assistant_id="asst_any", run_id="run_any", now=0
        )

        def change(write: ThreadWrite) -> None:
            write.append(thread, "thread.created")
            write.append(message, "thread.message.created", "thread.message.in_progress")

        await self._log.append(thread.id, change, create=True)
        return thread.id, message.id

    def publish(self, topic: int, due: int, number: int) -> None:
        """Append an event's text to its draft, as a run does with what its model says."""
        self._drafts.grow(*self._open[topic], text(due))

    def joins(self, joins: bool) -> None:
        """Whether pieces are joined while the loop is behind, as the server does by itself."""
        self._drafts._pace = self._pace if joins else OneByOne()

    async def handed_out(self) -> None:
        """Come back when the text is in the file and every hub has swept it to its last viewer."""
        await asyncio.sleep(0)
        for thread_id, _ in self._open:
            hub = self._hubs.of(thread_id)
            while hub._writing is not None or hub._due or self._drafts._waiting:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)


@asynccontextmanager
async def served(settings: Settings, sink: str) -> AsyncIterator[Livethread]:
    """Livethread under its own server, or as an app under an ASGI server that knows nothing of it."""
    if sink != "asgi":
        async with running(settings) as server:
            yield server.app
        return
    async with Livethread(settings).running() as app:
        config = uvicorn.Config(
            app, port=settings.port, http="httptools", lifespan="off", log_level="warning", access_log=False
        )
        serving = asyncio.create_task(uvicorn.Server(config).serve())
        yield app
        serving.cancel()


async def main(port: int, folder: Path, sink: str) -> None:
    """Serve until the standard input ends."""
    async with served(Settings(port=port, data=folder, local_engines=False), sink) as app:
        drafts = Drafts(app, SOCKET if sink == "sockets" else STREAM)
        await obey(Publisher(drafts.begin, drafts.publish, drafts.handed_out, drafts.joins))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("none").get_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
