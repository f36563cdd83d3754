"""A queue for each viewer, as tutorials have it: on Starlette's `StreamingResponse`, or on sse-starlette.

``python -m benchmarks.fan_out.peers.queues PORT starlette|sse-starlette``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from benchmarks.fan_out.peers.publishing import Publisher, event, obey, text

_DATA = (
    '{"id":"msg_A1b2C3d4E5f6G7h8I9j0K1l2","object":"thread.message.delta","delta":{"content":'
    '[{"index":0,"type":"text","text":{"value":"%s"}}]}}'
)


class Topics:
    """The viewers of each topic, and how many events were not handed to them yet.

    Args:
        first: what every viewer is sent first.
        made: an event, from when it was due and its number.
    """

    def __init__(self, first: Any, made: Callable[[int, int], Any]) -> None:
        self._first = first
        self._made = made
        self._viewers: list[set[asyncio.Queue[Any]]] = []
        self._behind = 0

    async def begin(self, count: int) -> list[str]:
        """So many topics, without viewers."""
        self._viewers = [set() for _ in range(count)]
        self._behind = 0
        return [f"/{topic}" for topic in range(count)]

    def publish(self, topic: int, due: int, number: int) -> None:
        """Put an event into every viewer's queue."""
        made = self._made(due, number)
        for queue in self._viewers[topic]:
            queue.put_nowait(made)
        self._behind += len(self._viewers[topic])

    async def handed_out(self) -> None:
        """Come back when nobody is behind."""
        await asyncio.sleep(0)
        while self._behind > 0:  # noqa: ASYNC110 - an event for it would cost them
            await asyncio.sleep(0)

    async def events(self, topic: int) -> AsyncIterator[Any]:
        """What one viewer gets."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        viewers = self._viewers[topic]
        viewers.add(queue)
        try:
            yield self._first
            while True:
                yield await queue.get()
                self._behind -= 1
        finally:
            viewers.discard(queue)


def starlette() -> tuple[Topics, Callable[[AsyncIterator[Any]], Response]]:
    """Bytes that were made once for all."""
    return Topics(b":\n", event), lambda events: StreamingResponse(events, media_type="text/event-stream")


def sse_starlette() -> tuple[Topics, Callable[[AsyncIterator[Any]], Response]]:
    """Objects, which it makes into bytes for every viewer; bytes that were made already it cannot take."""

    def made(due: int, number: int) -> ServerSentEvent:
        id = f"7.k3f9~5.0.{number & 0xFFFFF:05x}"
        return ServerSentEvent(_DATA % text(due), event="thread.message.delta", id=id, sep="\n")

    return Topics(ServerSentEvent(comment=""), made), lambda events: EventSourceResponse(events, sep="\n")


async def main(port: int, kind: str) -> None:
    """Serve until the standard input ends."""
    topics, response = {"starlette": starlette, "sse-starlette": sse_starlette}[kind]()

    async def stream(request: Request) -> Response:
        return response(topics.events(int(request.path_params["topic"])))

    app = Starlette(routes=[Route("/{topic:int}", stream)])
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, http="httptools", lifespan="off", log_level="warning", access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    await obey(Publisher(topics.begin, topics.publish, topics.handed_out))
    assert not serving.done()
    os._exit(0)  # a stop with streams under way is no part of this


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("none").get_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]), sys.argv[2]))
