"""A stream that goes on by its cursor wherever it was cut."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping

from livethread.client.connection import Connection
from livethread.client.event import Event
from livethread.client.pause import Pause
from livethread.client.refusals import Interrupted
from livethread.errors import NotFound

log = logging.getLogger("livethread.client")


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
        why, after = "ended", None
        try:
            async with connection.stream(thread_id, query, cursor) as events:
                if events is None:
                    return
                connected(True)
                async for event in events:
                    cursor, seen = event.id or cursor, True
                    pause.worked()
                    yield event
                    if event.type == "thread.deleted":
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
        seconds = pause.next(after)
        log.info("stream of %s: %s; again in %.1f s", thread_id, why, seconds)
        await connection.clock.sleep(seconds)
