from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from engineio.payload import Payload

from livethread.sockets.outlet import AT_ONCE, HEAP, Outlet
from livethread.sockets.packets import Bundle, event


class Connection:
    """A WebSocket whose transport takes what it may."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write_paused = False
        self.transport = self
        self.room = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 1 if self.write_paused else 0

    async def drain(self) -> None:
        await self.room.wait()


class Client:
    """Engine.IO's side of a socket, with a client that polls when it is told to.

    Args:
        connection: its WebSocket, once it has been upgraded.
    """

    def __init__(self, connection: Connection | None = None) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.socket = SimpleNamespace(sid="s", upgraded=connection is not None, closed=False, queue=self.queue)
        self.connection = connection
        self.outlet = Outlet(self.socket, lambda _: self.connection)  # type: ignore[arg-type, return-value]

    def poll(self) -> list[str]:
        """What one answer to a poll carries."""
        packets = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        payload: str = Payload(packets=packets).encode()
        return payload.split("\x1e") if payload else []


def numbered(count: int, first: int = 0) -> Bundle:
    return Bundle([event("n", b"%d" % number) for number in range(first, first + count)])


def texts(count: int, first: int = 0) -> list[str]:
    return [packet.decode() for packet in numbered(count, first).packets]


async def test_a_client_that_polls_is_handed_a_few_packets_at_a_time() -> None:
    client = Client()
    wait = client.outlet.write(numbered(AT_ONCE + 3))
    assert wait is not None
    fetched = asyncio.ensure_future(wait)
    assert client.poll() == texts(AT_ONCE)
    await asyncio.sleep(0)
    assert not fetched.done()
    assert client.poll() == texts(3, AT_ONCE)
    await fetched
    assert client.queue.empty()


async def test_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    client = Client()
    first, second = (asyncio.ensure_future(client.outlet.write(numbered(1, at)) or asyncio.sleep(0)) for at in (0, 1))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert not second.done()
    assert client.poll() == texts(2)
    await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_socket_that_is_closed_keeps_nothing() -> None:
    client = Client()
    client.socket.closed = True
    assert client.outlet.write(numbered(1)) is None
    assert client.queue.empty()


async def test_a_websocket_of_our_own_is_written_to_at_once() -> None:
    connection = Connection()
    client = Client(connection)
    bundle = numbered(20)
    assert client.outlet.write(bundle) is None
    assert connection.written == [bundle.frames]
    assert client.queue.empty()


async def test_a_websocket_that_is_full_is_waited_for() -> None:
    connection = Connection()
    client = Client(connection)
    connection.write_paused = True
    wait = client.outlet.write(numbered(1))
    assert wait is not None
    waiting = asyncio.ensure_future(wait)
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.room.set()
    await waiting


async def test_nothing_overtakes_what_was_queued_before_an_upgrade() -> None:
    client = Client()
    client.outlet.write(numbered(2))
    client.connection = Connection()
    client.socket.upgraded = True
    client.outlet.write(numbered(1, 2))
    assert client.connection.written == []
    assert client.poll() == texts(3)
    client.outlet.write(numbered(1, 3))
    assert client.connection.written == [numbered(1, 3).frames]


async def test_who_says_much_and_fetches_nothing_is_heard_no_more() -> None:
    client = Client()
    for number in range(AT_ONCE + HEAP):
        await client.outlet.answer(numbered(1, number))
    answering = asyncio.ensure_future(client.outlet.answer(numbered(1)))
    await asyncio.sleep(0)
    assert not answering.done()
    while client.poll():
        pass
    await answering


async def test_who_says_much_over_a_websocket_and_reads_nothing_is_heard_no_more() -> None:
    connection = Connection()
    client = Client(connection)
    await client.outlet.answer(numbered(1))
    connection.write_paused = True
    answering = asyncio.ensure_future(client.outlet.answer(numbered(1)))
    await asyncio.sleep(0)
    assert not answering.done()
    connection.room.set()
    await answering


async def test_a_poll_that_waits_is_ended_behind_the_last_words() -> None:
    client = Client()
    client.outlet.close()
    client.outlet.write(numbered(1))
    await asyncio.sleep(0)
    assert [client.queue.get_nowait() is None for _ in range(client.queue.qsize())] == [False, True]
