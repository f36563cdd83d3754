"""The streams: a thread's, a run's, and the answers to ``stream: true``.

The GET routes are plain ASGI in front of the router: an idle viewer then costs a fraction of the memory.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from livethread.api import problems
from livethread.api.paths import check_id, route_of
from livethread.api.sink import HEADERS, disconnected, sink
from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.errors import ApiError
from livethread.live.hubs import Hubs
from livethread.live.position import Position, View
from livethread.live.resume import Resume
from livethread.live.snapshot import DEFAULT_LIMIT
from livethread.services.answers import Beginning

_PATH: Final = re.compile(r"/v1/threads/([^/]+)(?:/runs/([^/]+))?/events")


class Streams:
    """ASGI in front of the router: answers the two stream routes and passes on the rest.

    Args:
        app: the rest.
        hubs: where viewers attach.
        resume: judges cursors.
    """

    def __init__(self, app: ASGIApp, hubs: Hubs, resume: Resume) -> None:
        self._app = app
        self._hubs = hubs
        self._resume = resume

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        match = _PATH.fullmatch(route_of(scope)) if scope["type"] == "http" and scope["method"] == "GET" else None
        if match is None:
            await self._app(scope, receive, send)
            return
        try:
            query = _Query(scope)
            check_id(match[1], name="thread_id", prefix="thread", noun="thread")
            if match[2] is not None:
                check_id(match[2], name="run_id", prefix="run", noun="run")
            if match[2] is None:
                await self._thread(match[1], query, scope, receive, send)
            else:
                await self._run(match[1], match[2], query, scope, receive, send)
        except ApiError as error:
            await problems.response(error)(scope, receive, send)

    async def _thread(self, thread_id: str, query: _Query, scope: Scope, receive: Receive, send: Send) -> None:
        position, over = await self._resume.thread(thread_id, query.cursor)
        if over:
            await Response(status_code=204)(scope, receive, send)
            return
        snapshot = query.snapshot or query.resumes
        await _serve(
            self._hubs, thread_id, View(), position, scope, receive, send, limit=query.limit, snapshot=snapshot
        )

    async def _run(
        self, thread_id: str, run_id: str, query: _Query, scope: Scope, receive: Receive, send: Send
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
    viewer = await hub.attach(sink(scope, send), view, position, limit=limit, snapshot=snapshot)
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        if begun is not None:
            await asyncio.sleep(0)  # the look for its going begins
            if not gone.done():
                begun()
        await asyncio.wait([gone, viewer.closed], return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        return viewer.ended  # many clients close as soon as they have read that
    finally:
        hub.detach(viewer)
        gone.cancel()


class _Query:
    """What a stream's caller asks for.

    Raises:
        ApiError: a parameter that makes no sense; a malformed header never does, since a native
            ``EventSource`` would die of it.
    """

    def __init__(self, scope: Scope) -> None:
        try:
            given = parse_qs(scope["query_string"].decode("ascii"), keep_blank_values=True)
        except ValueError as error:
            raise ApiError("The query is not valid: it must be ASCII, percent-encoded.") from error
        header = next((value for name, value in scope["headers"] if name == b"last-event-id"), None)
        self.resumes = header is not None or "cursor" in given
        self.cursor = _last_event_id(header) if header is not None else _cursor(given)
        self.limit = _limit(given)
        self.snapshot = _snapshot(given)


def _last_event_id(header: bytes) -> Cursor | None:
    try:
        return cursor.parse(header.decode("latin-1"))
    except ValueError:
        return None


def _cursor(given: Mapping[str, list[str]]) -> Cursor | None:
    if "cursor" not in given:
        return None
    try:
        return cursor.parse(given["cursor"][-1])
    except ValueError as error:
        raise ApiError(
            "Invalid 'cursor': it must be one that this server has given out, as an event's id or in x-thread-cursor.",
            param="cursor",
        ) from error


def _limit(given: Mapping[str, list[str]]) -> int:
    text = given.get("limit", [str(DEFAULT_LIMIT)])[-1]
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= 100:
        raise ApiError("Invalid 'limit': expected a whole number from 1 to 100.", param="limit")
    return int(text)


def _snapshot(given: Mapping[str, list[str]]) -> bool:
    text = given.get("snapshot", ["full"])[-1]
    if text not in ("full", "none"):
        raise ApiError("Invalid 'snapshot': expected 'full' or 'none'.", param="snapshot")
    return text == "full"
