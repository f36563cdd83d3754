"""python-socketio as its documentation has it: viewers join a room, and each event is one emit to it.

``python -m benchmarks.fan_out.peers.socketio_rooms PORT``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import socketio
import uvicorn

from benchmarks.fan_out.peers.publishing import Publisher, obey, thread_event


class Rooms:
    """A room for each topic.

    Args:
        server: whose rooms they are.
    """

    def __init__(self, server: socketio.AsyncServer) -> None:
        self._server = server
        server.on("join", self._join)

    async def begin(self, count: int) -> list[str]:
        """So many rooms, that nobody is in."""
        return [f'420["join","{room}"]' for room in range(count)]

    async def publish(self, topic: int, due: int, number: int) -> None:
        """Emit an event to a room."""
        await self._server.emit("thread.event", thread_event(due, number), room=str(topic))

    async def handed_out(self) -> None:
        """Come back when the queue of every socket is empty."""
        for viewer in tuple(self._server.eio.sockets.values()):
            while not (viewer.queue.empty() or viewer.closed):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)

    async def _join(self, sid: str, room: Any) -> None:
        await self._server.enter_room(sid, room)


async def main(port: int) -> None:
    """Serve until the standard input ends."""
    sockets = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
    rooms = Rooms(sockets)
    options: dict[str, Any] = {"lifespan": "off", "log_level": "warning", "access_log": False}
    options |= {"ws_per_message_deflate": False, "ws_ping_interval": None}  # Engine.IO has pings of its own
    server = uvicorn.Server(uvicorn.Config(socketio.ASGIApp(sockets), port=port, http="httptools", **options))
    serving = asyncio.create_task(server.serve())
    await obey(Publisher(rooms.begin, rooms.publish, rooms.handed_out))
    assert not serving.done()
    os._exit(0)  # a stop with sockets under way is no part of this


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("none").get_loop_factory()) as runner:
        runner.run(main(int(sys.argv[1])))
