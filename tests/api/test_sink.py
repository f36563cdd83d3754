"""The two sinks: straight to a transport, and over plain ASGI, where a ``send`` is stepped by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest
from starlette.types import Message

from livethread.api.sink import LARGE, TRANSPORT, AsgiSink, DirectSink, disconnected, sink


class Server:
    """A hand-made ``send``: like uvicorn's it waits before it writes."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.gate: asyncio.Future[None] | None = None
        self.error: Exception | None = None
        self.turns = 0

    async def send(self, message: Message) -> None:
        assert (message["type"], message["more_body"]) == ("http.response.body", True)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate
        if self.error is not None:
            raise self.error
        self.sent.append(message["body"])


class Transport:
    """A connection's other end: it is full when it is told so, and has room again when it is told so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closing = False
        self.write_paused = False
        self.room = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def writelines(self, data: Iterable[bytes]) -> None:
        self.sent.extend(data)

    def get_write_buffer_size(self) -> int:
        return len(self.sent[-1]) if self.write_paused else 0

    def abort(self) -> None:
        self.closing = True
        self.room.set()

    def is_closing(self) -> bool:
        return self.closing

    async def drain(self) -> None:
        await self.room.wait()


class Connection:
    """A connection of our own server."""

    def __init__(self, transport: Transport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.flow = transport
        self.gone: Callable[[], None] | None = None

    def stream(self, gone: Callable[[], None]) -> None:
        self.gone = gone


def direct(transport: Transport) -> DirectSink:
    return DirectSink(Connection(transport))


def asgi(server: Server) -> AsgiSink:
    return AsgiSink(silent, server.send)


async def silent() -> Message:
    """A client that sends nothing and stays."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_transport_is_handed_chunks_and_those_who_are_handed_the_same_bytes_share_one() -> None:
    one, two = Transport(), Transport()
    data = b"event: done\ndata: [DONE]\n\n"
    assert [direct(transport).write(data) for transport in (one, two)] == [None, None]
    assert one.sent == [b"1a\r\n" + data + b"\r\n"]
    assert one.sent[0] is two.sent[0]


async def test_what_fills_a_transport_counts_as_sent_and_is_waited_for() -> None:
    transport = Transport()
    transport.write_paused = True
    wait = direct(transport).write(b"one")
    assert wait is not None
    waiting = asyncio.ensure_future(_finish(wait))
    for _ in range(5):
        await asyncio.sleep(0)
    assert (transport.sent, waiting.done()) == ([b"3\r\none\r\n"], False)
    transport.room.set()
    await waiting
    assert transport.sent == [b"3\r\none\r\n"]


async def test_a_transport_whose_peer_has_gone_is_handed_nothing() -> None:
    transport = Transport()
    transport.closing = True
    assert direct(transport).write(b"one") is None
    assert transport.sent == []


async def test_what_a_sweep_writes_past_it_is_what_it_writes_itself() -> None:
    transport = Transport()
    sink = direct(transport)
    sink.write(b"one")
    assert sink.transport is cast(asyncio.Transport, transport)
    assert transport.sent == [DirectSink.form("thread_any", b"one")]


async def test_a_sweep_that_has_filled_a_transport_waits_for_its_sink() -> None:
    transport = Transport()
    waiting = asyncio.ensure_future(_finish(direct(transport)))
    await asyncio.sleep(0)
    assert not waiting.done()
    transport.room.set()
    await waiting


async def test_what_is_large_is_not_copied_for_a_transport() -> None:
    one, two = Transport(), Transport()
    data = bytes(LARGE + 1)
    assert [direct(transport).write(data) for transport in (one, two)] == [None, None]
    assert one.sent == two.sent == [b"4001\r\n", data, b"\r\n"]
    assert one.sent[1] is two.sent[1] is data


async def test_of_a_client_that_goes_or_has_gone_its_watcher_hears() -> None:
    heard: list[str] = []
    transport = Transport()
    connection = Connection(transport)
    there = DirectSink(connection)
    there.watch(lambda: heard.append("there"))
    assert (there.gone, heard) == (False, [])
    assert connection.gone is not None
    connection.gone()
    transport.closing = True
    direct(transport).watch(lambda: heard.append("gone before"))
    assert heard == ["there", "gone before"]

    left = asyncio.Event()

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    over_asgi = AsgiSink(receive, Server().send)
    over_asgi.watch(lambda: heard.append("over asgi"))
    await asyncio.sleep(0)
    assert not over_asgi.gone
    left.set()
    while not over_asgi.gone:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard == ["there", "gone before", "over asgi"]


async def test_nobody_watches_any_more_when_told_so() -> None:
    tasks = len(asyncio.all_tasks())
    watched = asgi(Server())
    watched.watch(lambda: None)
    assert len(asyncio.all_tasks()) == tasks + 1
    watched.unwatch()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks


async def test_the_connection_of_a_client_that_takes_nothing_is_cut_at_the_end() -> None:
    taking, full = Transport(), Transport()
    full.write_paused = True
    assert all([direct(taking).leave(), direct(full).leave(), asgi(Server()).leave()])
    assert [taking.closing, full.closing] == [False, True]


async def test_a_wait_for_a_transport_that_nobody_awaits_is_dropped_silently() -> None:
    transport = Transport()
    transport.write_paused = True
    wait: Any = direct(transport).write(b"one")
    del wait
    await asyncio.sleep(0)


def test_a_connection_of_our_own_server_is_written_to_directly_any_other_by_its_send() -> None:
    transport, server = Transport(), Server()
    ours = {"type": "http", "extensions": {TRANSPORT: {"connection": Connection(transport)}}}
    assert type(sink(ours, silent, server.send)) is DirectSink
    for scope in ({"type": "http"}, {"type": "http", "extensions": {"http.response.debug": {}}}):
        assert type(sink(scope, silent, server.send)) is AsgiSink


async def middleware(server: Server, message: Message) -> None:
    """A ``send`` around a ``send``."""
    await server.send(message)


async def test_a_connection_that_takes_bytes_at_once_needs_no_task() -> None:
    server = Server()
    tasks = len(asyncio.all_tasks())
    assert asgi(server).write(b"one") is None
    assert server.sent == [b"one"]
    assert len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_suspended_write_is_carried_on_to_its_end_and_happens_once(turns: int) -> None:
    server = Server()
    server.gate, server.turns = asyncio.get_running_loop().create_future(), turns
    sink = AsgiSink(silent, lambda message: middleware(server, message))
    wait = sink.write(b"one")
    assert wait is not None
    waiting = asyncio.ensure_future(_finish(wait))
    for _ in range(5):
        await asyncio.sleep(0)
    assert (server.sent, waiting.done()) == ([], False)
    server.gate.set_result(None)
    await waiting
    assert server.sent == [b"one"]
    server.gate, server.turns = None, 0
    assert sink.write(b"two") is None
    assert server.sent == [b"one", b"two"]


async def test_a_write_that_was_resumed_before_it_is_awaited_is_carried_on_too() -> None:
    server = Server()
    server.gate = asyncio.get_running_loop().create_future()
    wait = asgi(server).write(b"one")
    assert wait is not None
    server.gate.set_result(None)
    await wait
    assert server.sent == [b"one"]


@pytest.mark.parametrize("late", [False, True])
async def test_a_peer_that_has_gone_is_no_error(late: bool) -> None:
    server = Server()
    server.error, server.turns = ConnectionResetError(), int(late)
    wait = asgi(server).write(b"one")
    assert (wait is not None) is late
    if wait is not None:
        await wait


async def test_any_other_error_is_the_callers() -> None:
    server = Server()
    server.error = RuntimeError("response already completed")
    with pytest.raises(RuntimeError, match="already completed"):
        asgi(server).write(b"one")
    server.turns = 1
    wait = asgi(server).write(b"one")
    assert wait is not None
    with pytest.raises(RuntimeError, match="already completed"):
        await wait


async def test_who_is_cancelled_while_waiting_cancels_the_write_and_what_it_waits_for() -> None:
    server = Server()
    server.gate = asyncio.get_running_loop().create_future()
    wait = asgi(server).write(b"one")
    assert wait is not None
    waiting = asyncio.ensure_future(_finish(wait))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert server.gate.cancelled()
    assert server.sent == []


async def test_a_suspended_write_that_nobody_awaits_any_more_is_dropped_silently() -> None:
    server = Server()
    server.gate = asyncio.get_running_loop().create_future()
    wait: Any = asgi(server).write(b"one")
    del wait
    server.gate.set_result(None)
    await asyncio.sleep(0)
    assert server.sent == []


async def test_only_a_disconnect_is_a_disconnect() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
        {"type": "never read"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    await disconnected(receive)
    assert messages == [{"type": "never read"}]


async def _finish(wait: Any) -> None:
    await wait
