"""Where the events of a thread go over a socket: straight to its transport, unless each has to be counted."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from livethread.live.position import Position, View
from livethread.live.viewer import Viewer
from livethread.sockets.live import Followed, _Sink
from livethread.sse import KEEP_ALIVE, encode
from tests.sockets.test_outlet import Client, Connection

EVENT = encode("thread.updated", "{}", id="2.abcd")


def connected() -> tuple[Connection, _Sink]:
    """A sink over a WebSocket that may be written to straight."""
    connection = Connection()
    sink = _Sink(Client(connection).outlet, "thread_1")
    sink.write(EVENT)
    return connection, sink


async def test_what_a_sweep_writes_past_it_is_what_it_writes_itself() -> None:
    connection, sink = connected()
    assert sink.transport is connection  # type: ignore[comparison-overlap]
    assert connection.written == [_Sink.form("thread_1", EVENT)]


async def test_of_a_keep_alive_there_is_nothing_to_write() -> None:
    assert _Sink.form("thread_1", KEEP_ALIVE) == b""


async def test_who_polls_has_no_transport_until_the_upgrade_and_until_all_was_fetched() -> None:
    client = Client()
    sink = _Sink(client.outlet, "thread_1")
    sink.write(EVENT)
    connection = client.connection = Connection()
    client.socket.upgraded = True
    sink.write(EVENT)
    assert sink.transport is None
    assert len(client.poll()) == 2
    sink.write(EVENT)
    assert sink.transport is connection
    assert len(connection.written) == 1


async def test_who_acknowledges_has_no_transport_to_pass_it_by_from_then_on() -> None:
    connection, sink = connected()
    sink.acknowledge("2.abcd")
    assert sink.transport is None
    sink.write(EVENT)
    assert len(connection.written) == 2
    assert sink.transport is None


async def test_a_sweep_has_to_ask_the_sink_of_who_acknowledges_also_one_that_is_under_way() -> None:
    connection = Connection()
    outlet = Client(connection).outlet
    followed, sink = Followed(outlet), _Sink(outlet, "thread_1")
    viewer = Viewer(sink, View(), Position(2, "abcd", []), 20)
    followed.take("thread_1", viewer, sink, ExitStack())
    sink.write(EVENT)
    viewer.find_transport()
    assert viewer.transport is connection  # type: ignore[comparison-overlap]
    followed.acknowledge("thread_1", "2.abcd")
    assert viewer.transport is None


async def test_a_sweep_that_has_filled_a_transport_waits_for_its_sink() -> None:
    connection, sink = connected()
    waiting = asyncio.ensure_future(asyncio.wait_for(sink, 10))
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.room.set()
    await waiting
