"""``POST /stream``: a message into the default room, answered with the bare text of the answer (wire.md, Socket.IO)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from livethread.api.sink import AsgiSink, DirectSink, sink
from livethread.domain.cursor import parse
from livethread.domain.events import RUN_ENDS
from livethread.domain.people import Person
from livethread.domain.rooms import STREAM, StreamedMessage, fault_of, said_in
from livethread.live.hubs import Hubs
from livethread.live.position import Position, View
from livethread.services.answers import Beginning
from livethread.services.rooms import Rooms
from livethread.sse import Decoder

_HEADERS: Final = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class RoomStreamCalls:
    """The call on the default room.

    Args:
        rooms: where messages are posted.
        hubs: where their answers are followed.
        posted: is told of each.
    """

    def __init__(self, rooms: Rooms, hubs: Hubs, posted: Callable[[], None]) -> None:
        self._rooms = rooms
        self._hubs = hubs
        self._posted = posted

    async def post(self, body: StreamedMessage) -> Response:
        """Post a message into the default room and read the answer as plain text, while it grows."""

        def person_in(thread_id: str) -> Person:
            return Person(body.user_id, self._hubs.name_of(thread_id, body.user_id) or body.name)

        answer = await self._rooms.post_to_default(body, person_in, STREAM)
        assert answer.begins is not None
        self._posted()
        return TextStream(self._hubs, answer.begins)


class TextStream(Response):
    """The text of a run, as it grows. That its reader goes away stops nothing.

    Args:
        hubs: where viewers attach.
        begins: where in the log the run begins.
    """

    def __init__(self, hubs: Hubs, begins: Beginning) -> None:
        super().__init__()
        self._hubs = hubs
        self._begins = begins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it, until the run has ended; while it waits for its caller the connection stays open."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        connection = sink(scope, receive, send)
        text = _Text(connection)
        begins, seq = self._begins, self._begins.before
        try:
            while True:
                hub = self._hubs.of(begins.thread_id)
                position = Position(seq, "", [], begins.run_id)
                viewer = await hub.attach(text, View(begins.run_id, begins.run_seq), position)
                connection.watch(viewer.close)
                try:
                    await viewer.closed
                finally:
                    hub.detach(viewer)
                if connection.gone or text.is_over or not viewer.ended:
                    break
                seq = text.seq
            if connection.leave():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            connection.unwatch()


class _Text:
    """Writes of a run's events what its messages say; see `livethread.live.viewer.Sink`."""

    def __init__(self, connection: DirectSink | AsgiSink) -> None:
        self._connection = connection
        self._decoder = Decoder()
        self._said = False
        self._between = ""
        self.is_over = False
        self.seq = 0

    def write(self, data: bytes) -> Awaitable[None] | None:
        """Write what these events say."""
        text = ""
        for event in self._decoder.feed(data):
            if event.type != "done":
                text += self._text(event.type, json.loads(event.data))
                self.seq = parse(event.id).seq
        return self._connection.write(text.encode()) if text else None

    def _text(self, type: str, data: dict[str, Any]) -> str:
        if type == "thread.message.delta":
            text, self._between = self._between + said_in(data["delta"]["content"], ""), ""
            self._said = True
            return text
        if type == "thread.message.created":
            self._between = "\n\n" if self._said else ""
        elif type in RUN_ENDS:
            self.is_over = True
            fault = fault_of(data)
            return "" if fault is None else f"\n\n{fault}" if self._said else fault
        return ""
