"""The live protocol: a socket follows threads, each from a cursor, as over server-sent events (wire.md, Socket.IO)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import ExitStack
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from livethread.domain import cursor
from livethread.domain.body import Body
from livethread.domain.given_ids import ThreadId
from livethread.domain.people import Person, UserId, name_of, person_of
from livethread.errors import ApiError
from livethread.live.hubs import Hubs
from livethread.live.places import Places
from livethread.live.position import View
from livethread.live.resume import Resume
from livethread.live.snapshot import DEFAULT_LIMIT
from livethread.live.viewer import StraightSink, Viewer
from livethread.sockets.outlet import Outlet
from livethread.sockets.packets import Bundle, event, told
from livethread.sockets.window import Window

MOST: Final = 100
"""Threads that one socket may follow at a time."""


class Asked(Body):
    """What ``subscribe`` carries; ``snapshot: false`` begins without one, as ``snapshot=none`` does."""

    thread_id: ThreadId
    cursor: str | None = None
    name: Annotated[str, AfterValidator(name_of)] | None = None
    user_id: UserId | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=100)
    snapshot: bool = True

    @property
    def person(self) -> Person | None:
        """Who follows, if it has said so.

        Raises:
            ApiError: it has said half of it.
        """
        return person_of(self.name, self.user_id)


class Named(Body):
    """What ``unsubscribe`` carries."""

    thread_id: ThreadId


class Taken(Named):
    """What ``ack`` carries."""

    id: str


class Live:
    """What sockets follow.

    Args:
        hubs: where viewers attach.
        resume: judges cursors.
        places: how many there is room for.
    """

    def __init__(self, hubs: Hubs, resume: Resume, places: Places) -> None:
        self._hubs = hubs
        self._resume = resume
        self._places = places

    async def subscribe(self, followed: Followed, asked: Asked) -> dict[str, Any]:
        """Follow a thread from a cursor, or from a snapshot; in the place of what the socket has followed of it.

        Args:
            followed: what the socket follows.
            asked: what it asks for.

        Returns:
            The acknowledgement: ``{"verdict": "tail" | "snapshot"}``.

        Raises:
            NotFound: there is no such thread.
            ApiError: the cursor is none, the socket follows too many, or there is no place.
        """
        thread_id, person = asked.thread_id, asked.person
        followed.leave(thread_id)
        if len(followed) >= MOST:
            raise ApiError(f"This socket follows {MOST} threads already; unsubscribe from one, or open another socket.")
        with ExitStack() as stack:
            stack.enter_context(self._places.taken(thread_id))
            position, over = None, False
            if asked.cursor is not None or not self._hubs.live(thread_id):
                held = None if asked.cursor is None else _cursor(asked.cursor)
                position, over = await self._resume.thread(thread_id, held)
            verdict = "snapshot" if position is None and (asked.snapshot or asked.cursor is not None) else "tail"
            if over:
                return {"verdict": verdict, "ended": True}
            hub = self._hubs.of(thread_id)
            sink = _Sink(followed.outlet, hub.thread_id)  # the very same string for all
            viewer = await hub.attach(
                sink, View(), position,
                limit=asked.limit, snapshot=verdict == "snapshot", person=person,
            )  # fmt: skip
            stack.callback(hub.detach, viewer)
            followed.take(thread_id, viewer, sink, stack.pop_all())
            return {"verdict": verdict}


class Followed:
    """The threads that one socket follows.

    Args:
        outlet: of the socket.
    """

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self._closed = False
        self._threads: dict[str, tuple[Viewer, _Sink, ExitStack]] = {}

    def __len__(self) -> int:
        return len(self._threads)

    def take(self, thread_id: str, viewer: Viewer, sink: _Sink, stack: ExitStack) -> None:
        """Follow a thread; when the hub lets go of it, the client is told."""
        self.leave(thread_id)  # of two that were asked for at once, the later one stays
        if self._closed:
            stack.close()
            return
        self._threads[thread_id] = viewer, sink, stack
        viewer.closed.add_done_callback(lambda _: self._lost(thread_id, viewer))

    def leave(self, thread_id: str) -> None:
        """Follow a thread no more, if it is followed."""
        if thread_id in self._threads:
            self._threads.pop(thread_id)[2].close()

    def acknowledge(self, thread_id: str, id: str) -> None:
        """The client holds what a cursor says.

        Raises:
            ApiError: it is no cursor.
        """
        if thread_id not in self._threads:  # left, while this was under way
            return
        viewer, sink, _ = self._threads[thread_id]
        try:
            sink.acknowledge(id)
        except ValueError as error:
            raise _no_cursor("id") from error
        viewer.ask_sink()  # it counts from now on

    def close(self) -> None:
        """The socket has gone."""
        self._closed = True
        for thread_id in tuple(self._threads):
            self.leave(thread_id)

    def _lost(self, thread_id: str, viewer: Viewer) -> None:
        if thread_id not in self._threads or self._threads[thread_id][0] is not viewer:
            return
        self.leave(thread_id)
        ended = b"true" if viewer.ended else b"false"
        said = b'{"thread_id":"%b","ended":%b}' % (thread_id.encode("ascii"), ended)
        self.outlet.write(Bundle([event("unsubscribed", said)]))


class _Sink(StraightSink):
    """Where the bytes of one thread go; see `livethread.live.viewer.StraightSink`."""

    __slots__ = ("_opened", "_outlet", "_thread_id", "_transport", "_window")

    def __init__(self, outlet: Outlet, thread_id: str) -> None:
        self._outlet = outlet
        self._thread_id = thread_id
        self._transport = outlet.transport  # who acknowledges is written to as fast as it need not be looked for
        self._window: Window | None = None
        self._opened: asyncio.Event | None = None

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Hand events to the socket."""
        bundle = told(self._thread_id, data)
        if bundle is None:
            return None
        transport, window = self._transport, self._window
        if transport is None or transport.is_closing():
            wait = self._outlet.write(bundle)
            self._transport = self._outlet.transport
        else:
            transport.write(bundle.frames)
            wait = self._outlet if transport.get_write_buffer_size() else None
        if window is None:
            return wait
        window.tell(len(data), bundle.cursor)
        return wait if window.open else self._until_taken(window, wait)

    @staticmethod
    def form(thread_id: str, data: bytes) -> bytes:
        """Events as frames of a WebSocket."""
        bundle = told(thread_id, data)
        return b"" if bundle is None else bundle.frames

    @property
    def transport(self) -> asyncio.Transport | None:
        """Where frames go, unless the client acknowledges them: then they are counted here."""
        return self._transport if self._window is None else None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._outlet.__await__()

    def acknowledge(self, id: str) -> None:
        """The client holds what a cursor says.

        Raises:
            ValueError: it is no cursor.
        """
        window = self._window or Window()
        window.acknowledge(id)
        self._window = window
        if self._opened is not None and window.open:
            self._opened.set()
            self._opened = None

    async def _until_taken(self, window: Window, wait: Awaitable[None] | None) -> None:
        if wait is not None:
            await wait
        while not window.open:
            self._opened = self._opened or asyncio.Event()
            await self._opened.wait()


def _cursor(text: str) -> cursor.Cursor:
    try:
        return cursor.parse(text)
    except ValueError as error:
        raise _no_cursor("cursor") from error


def _no_cursor(param: str) -> ApiError:
    return ApiError(
        f"Invalid '{param}': it must be a cursor that this server has given out, as an event's id.", param=param
    )
