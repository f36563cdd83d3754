"""The streams: a thread's, a run's, the list of threads, and the answers to ``stream: true``.

The GET routes are plain ASGI in front of the router: an idle viewer then costs a fraction of the memory.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from livethread.api import problems
from livethread.api.paths import route_of
from livethread.api.sink import HEADERS, AsgiSink, DirectSink, sink
from livethread.api.stream_query import StreamQuery
from livethread.domain.given_ids import check_id
from livethread.domain.people import Person
from livethread.errors import ApiError
from livethread.live.hubs import Hubs
from livethread.live.places import COME_BACK, NoPlace, Places
from livethread.live.position import Position, View
from livethread.live.resume import Resume
from livethread.live.snapshot import DEFAULT_LIMIT
from livethread.live.thread_list import ThreadList
from livethread.services.answers import Beginning
from livethread.sse import encode

_PATH: Final = re.compile(r"/v1/threads/(?:([^/]+)(?:/runs/([^/]+))?/)?events")


class Streams:
    """ASGI in front of the router: answers the stream routes and passes on the rest.

    Args:
        app: the rest.
        hubs: where viewers attach.
        thread_list: where viewers of the list attach.
        resume: judges cursors.
        places: how many there is room for.
    """

    def __init__(self, app: ASGIApp, hubs: Hubs, thread_list: ThreadList, resume: Resume, places: Places) -> None:
        self._app = app
        self._hubs = hubs
        self._thread_list = thread_list
        self._resume = resume
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        match = _PATH.fullmatch(route_of(scope)) if scope["type"] == "http" and scope["method"] == "GET" else None
        if match is None:
            await self._app(scope, receive, send)
            return
        try:
            if match[1] is None:
                with self._places.taken(None):
                    await self._list(scope, receive, send)
                return
            query = StreamQuery(scope)
            check_id(match[1], name="thread_id", prefix="thread", noun="thread")
            if match[2] is not None:
                check_id(match[2], name="run_id", prefix="run", noun="run")
            with self._places.taken(match[1]):
                if match[2] is None:
                    await self._thread(match[1], query, scope, receive, send)
                else:
                    await self._run(match[1], match[2], query, scope, receive, send)
        except NoPlace as error:
            await _no_place(error, scope)(scope, receive, send)
        except ApiError as error:
            await problems.response(error)(scope, receive, send)

    async def _list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One viewer of the list of threads. It begins with what happens now: its query has nothing to say."""
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        connection = sink(scope, receive, send)
        viewer = self._thread_list.attach(connection)
        try:
            connection.watch(viewer.close)
            await viewer.closed
            await _leave(connection, send)
        finally:
            self._thread_list.detach(viewer)
            connection.unwatch()

    async def _thread(self, thread_id: str, query: StreamQuery, scope: Scope, receive: Receive, send: Send) -> None:
        position, over = None, False
        if query.cursor is not None or not self._hubs.live(thread_id):  # else the log has nothing to say to a newcomer
            position, over = await self._resume.thread(thread_id, query.cursor)
        if over:
            await Response(status_code=204)(scope, receive, send)
            return
        await _serve(
            self._hubs, thread_id, View(), position, scope, receive, send,
            limit=query.limit, snapshot=query.snapshot or query.resumes, person=query.person,
        )  # fmt: skip

    async def _run(
        self, thread_id: str, run_id: str, query: StreamQuery, scope: Scope, receive: Receive, send: Send
    ) -> None:
        start = await self._resume.run(thread_id, run_id, query.cursor)
        if start.over:
            await Response(status_code=204)(scope, receive, send)
            return
        await _serve(self._hubs, thread_id, start.view, start.position, scope, receive, send)


class RunStream(Response):
    """The answer to ``stream: true``: one viewer of the hub, with a filter (reference section 5).

    Args:
        hubs: where viewers attach.
        begins: where in the log the stream begins.
        written: to be called once it was written to its end, if it matters.
        begun_is_written: call it once the stream has begun and its caller is there, as if that were its end.
    """

    def __init__(
        self,
        hubs: Hubs,
        begins: Beginning,
        written: Callable[[], None] | None = None,
        *,
        begun_is_written: bool = False,
    ) -> None:
        super().__init__()
        self._hubs = hubs
        self._begins = begins
        self._written = written
        self._begun_is_written = begun_is_written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the run until it ends or waits for its caller."""
        begins = self._begins
        view = View(begins.run_id, begins.run_seq)
        position = Position(begins.before, "", [], begins.run_id)
        begun = self._written if self._begun_is_written else None
        to_its_end = await _serve(self._hubs, begins.thread_id, view, position, scope, receive, send, begun=begun)
        if to_its_end and self._written is not None:
            self._written()


async def _serve(
    hubs: Hubs,
    thread_id: str,
    view: View,
    position: Position | None,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    limit: int = DEFAULT_LIMIT,
    snapshot: bool = True,
    person: Person | None = None,
    begun: Callable[[], None] | None = None,
) -> bool:
    """One viewer, from its first byte to its last; that it goes away stops nothing but this.

    Args:
        begun: to be called if the viewer is still there when it is served its first byte.

    Returns:
        Whether all that there will ever be was written.
    """
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    hub = hubs.of(thread_id)
    connection = sink(scope, receive, send)
    viewer = await hub.attach(connection, view, position, limit=limit, snapshot=snapshot, person=person)
    try:
        connection.watch(viewer.close)
        if begun is not None:
            await asyncio.sleep(0)  # the look for its going begins
            if not connection.gone:
                begun()
        await viewer.closed
        await _leave(connection, send)
        return viewer.ended  # many clients close as soon as they have read that
    finally:
        hub.detach(viewer)
        connection.unwatch()


async def _leave(connection: DirectSink | AsgiSink, send: Send) -> None:
    if connection.leave():
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _no_place(error: NoPlace, scope: Scope) -> Response:
    """A refusal that a native ``EventSource`` survives: of any status but 200 it would die (wire.md, Streams)."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    if b"text/event-stream" not in accepted.lower():
        answer = problems.response(error)
        answer.headers["retry-after"] = str(COME_BACK)
    else:
        told = problems.body(error)
        event = encode("error", json.dumps({**told, **told["error"]}), retry=COME_BACK * 1000)
        answer = Response(event, headers={name.decode(): value.decode() for name, value in HEADERS})
    answer.headers["connection"] = "close"
    return answer
