"""A stream that goes on by its cursor wherever it was cut."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from livethread.client.connection import Connection
from livethread.client.pause import Pause
from livethread.client.refusals import Interrupted, Unreachable
from livethread.errors import NotFound
from livethread.sse import Decoder

log = logging.getLogger("livethread.client")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a thread.

    Args:
        type: such as ``thread.message.delta`` (wire.md, Event types).
        data: its object, as parsed JSON.
        id: the cursor behind it, with which its stream may be resumed; presence and typing move none.
    """

    type: str
    data: Any
    id: str


def _nobody(connected: bool) -> None:
    """Whom it does not concern."""


async def follow(
    connection: Connection,
    thread_id: str,
    query: Mapping[str, str],
    cursor: str | None = None,
    *,
    connected: Callable[[bool], None] = _nobody,
) -> AsyncGenerator[Event, None]:
    """The events of a thread, until it is deleted, over as many connections as it takes.

    It reads no further while its caller is busy; so the server sends a slow one fewer and larger deltas, and closes
    one that reads nothing for long, which then goes on by its cursor.

    Args:
        connection: to the server.
        thread_id: of the thread.
        query: the parameters of the stream.
        cursor: where to go on; without one the first event is a ``thread.snapshot``.
        connected: is told when a connection stands, and when it does not any more.

    Raises:
        ApiError: the server refuses it for good; `NotFound` if there is no such thread.
        Unreachable: there is no such server. One that has answered before is waited for.
    """
    pause = Pause(connection.dice)
    seen = False
    while not connection.closed:
        decoder = Decoder(last_event_id=cursor or "")
        why, after = "ended", None
        try:
            async with connection.stream(f"/threads/{thread_id}/events", query, cursor) as pieces:
                if pieces is None:
                    return
                connected(True)
                async for piece in pieces.iter_any():
                    for sent in decoder.feed(piece):
                        if sent.type == "error":  # too many viewers, say: nothing is wrong with the thread
                            raise Interrupted(Unreachable(sent.data))
                        cursor, seen = sent.id or cursor, True
                        pause.worked()
                        yield Event(sent.type, _parsed(sent.data), sent.id)
                        if sent.type == "thread.deleted":
                            return
        except Interrupted as cut:
            why, after = str(cut), cut.after
        except NotFound:
            if not seen:
                raise
            # Deleted, and that so long ago, or with so much else, that the log does not tell of it any more.
            yield Event("thread.deleted", {"id": thread_id, "object": "thread.deleted", "deleted": True}, cursor or "")
            return
        connected(False)
        if decoder.retry is not None:
            after = decoder.retry / 1000
        seconds = pause.next(after)
        log.info("stream of %s: %s; again in %.1f s", thread_id, why, seconds)
        await connection.clock.sleep(seconds)


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise Unreachable("An event of the stream is no JSON; check that a Livethread server is there.") from error
