"""Connections of our own server, over real sockets: what clients may do to a stream, and when they are sent away."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livethread import serving
from livethread.api.connection import Connection
from livethread.api.stalled import LOOK_EVERY, PATIENCE
from livethread.serving import GRACE, Server, running
from livethread.settings import Settings

HELLO = {"role": "user", "content": "hello"}

both = pytest.mark.parametrize("protocol", [Connection, HttpToolsProtocol], ids=["direct", "asgi"])


class Client:
    """One connection, read only when the test says so.

    Args:
        server: whom it calls.
        buffer: bytes of the kernel's receive buffer.
    """

    def __init__(self, server: Server, buffer: int | None = None) -> None:
        self.raw = socket.socket()
        if buffer is not None:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.raw.setblocking(False)
        self._address = server.listener.getsockname()
        self.read = b""

    async def ask(self, request: str, body: str = "", *, until: bytes) -> Client:
        """Send a request, and read up to some bytes of its answer."""
        loop = asyncio.get_running_loop()
        if self.raw.getsockname()[1] == 0:
            await loop.sock_connect(self.raw, self._address)
        head = f"{request} HTTP/1.1\r\nHost: livethread\r\nContent-Type: application/json\r\n"
        await loop.sock_sendall(self.raw, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return await self.up_to(until)

    async def up_to(self, found: bytes, *, times: int = 1) -> Client:
        """Read on until some bytes have come so often; an end of the connection before that is a failure."""
        async with asyncio.timeout(20):
            while self.read.count(found) < times:
                assert await self.some(), self.read[-500:]
        return self

    async def some(self, most: int = 65536) -> bytes:
        """Read what there is; nothing at the end of the connection, however it ended."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self.raw, most)
        except ConnectionResetError:
            return b""
        self.read += data
        return data

    async def to_the_end(self) -> bytes:
        """Read until the connection ends."""
        while await self.some():
            pass
        return self.read


class House:
    """A server with one thread.

    Args:
        server: itself.
        http: for what is not in question.
    """

    def __init__(self, server: Server, http: httpx2.AsyncClient) -> None:
        self.server = server
        self.http = http
        self.events = ""
        self.clients: list[Client] = []

    async def viewer(self, buffer: int | None = None, query: str = "") -> Client:
        """Somebody who has read the snapshot of the thread."""
        self.clients.append(Client(self.server, buffer))
        return await self.clients[-1].ask(f"GET {self.events}{query}", until=b"thread.snapshot")

    async def post(self, text: str) -> None:
        """Somebody says something."""
        path = self.events.removesuffix("/events") + "/messages"
        answer = await self.http.post(path, json={"role": "user", "content": text})
        assert answer.status_code == 200, answer.text

    async def fill(self, count: int) -> None:
        """Say so much that whoever does not read can be sent nothing more."""
        while len(self.full) < count:
            await self.post("x" * 200_000)

    @property
    def full(self) -> set[Any]:
        """The connections that take no more."""
        connections = self.server.server_state.connections
        return {connection for connection in connections if connection.transport.get_write_buffer_size() > 0}

    @property
    def viewers(self) -> int:
        return self.server.app.hubs.viewers


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    settings = Settings(port=0, data=folder, local_engines=False, words_per_second=0)
    async with running(settings) as server, httpx2.AsyncClient(base_url=server.url) as http:
        house = House(server, http)
        house.events = f"/v1/threads/{(await http.post('/v1/threads')).json()['id']}/events"
        try:
            yield house
        finally:
            for client in house.clients:
                client.raw.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0)


@both
async def test_who_takes_nothing_for_45_seconds_is_cut_off_and_resumes_who_takes_a_little_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: type[HttpToolsProtocol]
) -> None:
    monkeypatch.setattr(serving, "Connection", protocol)
    async with house(tmp_path) as room:
        stuck, slow, level = await room.viewer(2048), await room.viewer(2048), await room.viewer()
        reading = asyncio.create_task(level.up_to(b"to those who are there"))
        await room.fill(2)
        began = 1_000_000.0
        stalled, connections = room.server.stalled, room.full  # a kernel acknowledges, but not at once
        for look in range(int(PATIENCE / LOOK_EVERY)):
            await slow.some(2048)
            await slow.some(2048)
            stalled.look(connections, began + look * LOOK_EVERY)
            assert room.viewers == 3
        stalled.look(connections, began + PATIENCE)
        await until(lambda: room.viewers == 2)
        read = await stuck.to_the_end()
        id = read[: read.rindex(b"\n\n")].rpartition(b"\nid: ")[2].partition(b"\n")[0].decode()
        await room.post("to those who are there")
        await slow.up_to(b"to those who are there")
        await reading
        again = await Client(room.server).ask(f"GET {room.events}?cursor={id}", until=b"to those who are there")
        again.raw.close()
        assert b"thread.snapshot" not in again.read


async def test_a_client_that_sends_bytes_on_its_stream_harms_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as room:
        chatty, other = await room.viewer(), await room.viewer()
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(chatty.raw, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"\0\xff nonsense" * 100_000)
        await room.post("hello")
        await chatty.up_to(b"hello")
        await other.up_to(b"hello")
        assert room.viewers == 2


@both
@pytest.mark.parametrize("half", [True, False])
async def test_a_client_that_has_gone_or_will_send_nothing_more_is_no_viewer_though_it_could_not_be_sent_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: type[HttpToolsProtocol], half: bool
) -> None:
    monkeypatch.setattr(serving, "Connection", protocol)
    async with house(tmp_path) as room:
        level, full = await room.viewer(), await room.viewer(2048)
        if protocol is Connection:
            await room.fill(1)
        for client in (level, full):
            client.raw.shutdown(socket.SHUT_WR) if half else client.raw.close()
        await until(lambda: room.viewers == 0)


async def test_a_connection_serves_other_requests_behind_a_stream_that_has_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as room:
        client = Client(room.server)
        made = (await room.http.post("/v1/assistants", json={"model": "builtin/guide"})).json()["id"]
        body: dict[str, Any] = {"assistant_id": made, "stream": True, "thread": {"messages": [HELLO]}}
        for number in range(1, 3):
            await client.ask("POST /v1/threads/runs", json.dumps(body), until=b"HTTP/1.1 200 OK")
            await client.up_to(b"data: [DONE]\n\n\r\n0\r\n\r\n", times=number)
        await client.ask("GET /healthz", until=b'"viewers":0}')
        client.raw.close()


async def test_what_was_asked_on_a_stream_that_then_ends_is_not_left_waiting(tmp_path: Path) -> None:
    async with house(tmp_path) as room:
        client = await room.viewer()
        await asyncio.get_running_loop().sock_sendall(client.raw, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await room.http.delete(room.events.removesuffix("/events"))
        assert (await client.to_the_end()).endswith(b"\r\n0\r\n\r\n")


async def test_at_a_stop_nobody_waits_for_those_who_take_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as room:
        stuck = [await room.viewer(2048) for _ in range(20)]
        reading = [asyncio.create_task((await room.viewer()).to_the_end()) for _ in range(20)]
        await room.fill(20)
        async with asyncio.timeout(GRACE - 0.5):
            await room.server.stop()
        for read in await asyncio.gather(*reading):
            assert read.endswith(b"\r\n0\r\n\r\n")
        for client in stuck:
            assert not (await client.to_the_end()).endswith(b"\r\n0\r\n\r\n")
