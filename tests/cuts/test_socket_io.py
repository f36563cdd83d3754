"""The cut test over Socket.IO: viewers that follow a thread with ``python-socketio``, by every transport it has."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import socketio
from socketio.packet import EVENT, Packet
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from livethread import serving, testing
from livethread.sockets.connection import WebSocketConnection
from livethread.sse import Event
from tests.cuts.program import program
from tests.cuts.proxy import Proxy
from tests.cuts.viewer import Wrong
from tests.cuts.watching import Watching

CUTS, VIEWERS = (2000, 24) if os.environ.get("TORTURE") else (60, 8)
TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]]
AT_A_TIME = 10
"""Events between two that are acknowledged."""

SILENT = logging.getLogger("tests.cuts.socketio")  # it would complain of every cut
SILENT.setLevel(logging.CRITICAL + 1)


class Exact(Packet):  # type: ignore[misc]  # python-socketio has no types
    """A packet that keeps the data of a thread's event as it came, to be compared byte for byte."""

    def decode(self, encoded_packet: str) -> Any:
        """Read a packet."""
        attachments = super().decode(encoded_packet)
        if self.packet_type == EVENT and self.data[0] == "thread.event":
            self.data[1]["data"] = encoded_packet.partition('"data":')[2].removesuffix("}]")
        return attachments


@dataclass
class SocketIo(Watching):
    """Follows a thread, each connection by another transport; the proxy cuts it."""

    session: aiohttp.ClientSession = field(kw_only=True)

    async def look(self) -> bool:
        """One connection, to its end."""
        transports = self.dice.choice(TRANSPORTS)
        told: asyncio.Queue[Any] = asyncio.Queue()
        client = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            serializer=Exact,
            logger=SILENT,
            engineio_logger=SILENT,
            http_session=self.session,
        )
        client.on("thread.event", told.put_nowait)
        client.on("error", told.put_nowait)
        address = urlsplit(self.url)
        try:
            await client.connect(f"{address.scheme}://{address.netloc}", transports=transports, wait_timeout=2)
            self.report.did[f"connections by {' and '.join(transports)}"] += 1
            await client.emit("subscribe", self.asked(address.path.split("/")[3]), callback=told.put_nowait)
            await self.read(client, told)
        except (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError):
            pass  # it was cut
        finally:
            await close(client)
        return not self.over

    def asked(self, thread_id: str) -> dict[str, Any]:
        """What ``subscribe`` carries."""
        cursor = {} if self.held.last_id is None else {"cursor": self.held.last_id}
        return {"thread_id": thread_id, "limit": self.held.limit, **self.person, **cursor}

    async def read(self, client: socketio.AsyncClient, told: asyncio.Queue[Any]) -> None:
        """Take what is told, and acknowledge it, as long as the connection stands."""
        taken = 0
        while not self.over:
            next_one = asyncio.ensure_future(told.get())
            # A poll that is cut ends the client's reading, and it tells nobody.
            await asyncio.wait([next_one, client.eio.read_loop_task], timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            if not next_one.done():
                next_one.cancel()
                if client.eio.read_loop_task.done():
                    return
                continue
            said = next_one.result()
            if "event" not in said or said.get("verdict") == "error":
                if said.get("verdict") not in ("tail", "snapshot"):
                    raise Wrong(f"{self.held.name}: is answered {said}")
                continue
            self.held.take(Event(said["event"], said["data"], said["id"] or self.held.last_id or ""))
            taken += 1
            if said["id"] and taken % AT_A_TIME == 0:
                await client.emit("ack", {"thread_id": said["thread_id"], "id": said["id"]})
            if self.kind == "slow":
                await asyncio.sleep(0.004)


async def close(client: socketio.AsyncClient) -> None:
    """Leave nothing of a client behind, whatever state it is in."""
    loops = [loop for loop in (client.eio.read_loop_task, client.eio.write_loop_task) if loop is not None]
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            await client.disconnect()
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


@pytest.mark.torture
# python-socketio leaves answers behind that were cut, for the collector to find.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <function Connection.__del__")
@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")
@pytest.mark.parametrize("protocol", [WebSocketConnection, WebSocketsSansIOProtocol], ids=["direct", "asgi"])
async def test_no_viewer_on_a_socket_that_is_cut_is_ever_shown_a_wrong_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: type[WebSocketsSansIOProtocol]
) -> None:
    monkeypatch.setattr(serving, "WebSocketConnection", protocol)  # uvicorn's own lets nobody write to its transport
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        async with Proxy(url, random.Random(seed)).running() as proxy, aiohttp.ClientSession() as session:
            report = await program(
                url,
                tmp_path / "scripts",
                seed,
                cuts=CUTS,
                viewers=VIEWERS,
                pieces=150,
                watcher=partial(SocketIo, session=session),
                proxy=proxy,
                run_streams=False,
            )
    gc.collect()
    print(report)
    assert report.wrong == []
    assert report.cuts >= CUTS
    assert report.in_text >= CUTS / 4
