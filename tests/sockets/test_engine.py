"""What clients send that no client of Socket.IO would; the packets are written by hand."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from livethread.sockets.engine import MOST_AT_ONCE, MOST_UNFETCHED

UNREADABLE = "This cannot be read. Expected an event: a JSON array that begins with its name."


@pytest.fixture
async def web(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with asyncio.timeout(30), aiohttp.ClientSession(url) as web:
        yield web


async def connected(web: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A WebSocket in the default namespace."""
    socket = await web.ws_connect("/socket.io/?EIO=4&transport=websocket")
    assert (await socket.receive_str()).startswith("0{")
    await socket.send_str("40")
    assert (await socket.receive_str()).startswith("40{")
    return socket


async def polling(web: aiohttp.ClientSession) -> str:
    """The address at which a client polls, in the default namespace."""
    opened = await (await web.get("/socket.io/?EIO=4&transport=polling")).text()
    address = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened[1:])['sid']}"
    assert await (await web.post(address, data="40")).text() == "OK"
    assert (await (await web.get(address)).text()).startswith("40{")
    return address


async def error(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next event, which is an error."""
    name, said = json.loads((await socket.receive_str()).removeprefix("42"))
    assert name == "error"
    return dict(said)


@pytest.mark.parametrize(
    "packet",
    [
        '42["a"',
        "42[]",
        "42[7]",
        '42[["a"],1]',
        '42{"a":1}',
        '42["subscribe",' + "[" * 5000 + "]" * 5000 + "]",
        "47",
        '451-["a",{"_placeholder":true,"num":7}]',
        b"\x00\x01",
    ],
)
async def test_what_is_no_event_is_answered_and_the_socket_goes_on(
    web: aiohttp.ClientSession, packet: str | bytes
) -> None:
    socket = await connected(web)
    if isinstance(packet, bytes):
        await socket.send_bytes(packet)
    else:
        await socket.send_str(packet)
        if packet.startswith("45"):
            await socket.send_bytes(b"abc")
    assert (await error(socket))["message"] == UNREADABLE
    await socket.send_str('42["dance"]')
    assert (await error(socket))["event"] == "dance"
    await socket.close()


async def test_an_event_that_is_called_as_the_engine_calls_its_own_begins_nothing_anew(
    web: aiohttp.ClientSession,
) -> None:
    socket = await connected(web)
    await socket.send_str('42["connect",{"HTTP_AUTHORIZATION":"x"},{"token":"y"}]')
    await socket.send_str('42["dance"]')
    assert (await error(socket))["event"] == "dance"
    await socket.close()


async def test_another_namespace_is_refused_and_the_default_one_goes_on(web: aiohttp.ClientSession) -> None:
    socket = await connected(web)
    await socket.send_str("40/other,")
    assert await socket.receive_str() == '44/other,"Unable to connect"'
    await socket.send_str('42["dance"]')
    assert (await error(socket))["event"] == "dance"
    await socket.close()


@pytest.mark.parametrize("packet", ["zzz", "4" + "x" * MOST_AT_ONCE])
async def test_a_websocket_that_does_not_speak_the_protocol_is_closed(web: aiohttp.ClientSession, packet: str) -> None:
    socket = await connected(web)
    await socket.send_str(packet)
    assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    await socket.close()


async def test_a_poll_that_does_not_speak_the_protocol_ends_its_session_at_once(web: aiohttp.ClientSession) -> None:
    address = await polling(web)
    assert (await web.post(address, data="2")).status == 400  # a ping, which only servers send
    assert json.loads(await (await web.get(address)).text()) == f"Invalid session {address.rpartition('=')[2]}"


async def test_a_poll_that_comes_twice_ends_its_session_since_the_answer_to_the_first_was_lost(
    web: aiohttp.ClientSession,
) -> None:
    address = await polling(web)
    for mark in ("1", "2"):
        assert await (await web.post(address, data='42["dance"]')).text() == "OK"
        assert "Unknown event" in await (await web.get(f"{address}&t={mark}")).text()
    again = await web.get(f"{address}&t=2")
    assert (again.status, await again.json(content_type=None)) == (
        400,
        f"'Session is disconnected' {address.rpartition('=')[2]}",
    )


async def test_a_body_that_is_too_large_is_not_read_and_the_session_goes_on(web: aiohttp.ClientSession) -> None:
    address = await polling(web)
    answer = await web.post(address, data=io.BytesIO(b"4" * (MOST_AT_ONCE + 1)), expect100=True)
    assert (answer.status, await answer.text()) == (
        413,
        "A packet may have at most 2097152 bytes, and says in content-length how many it has.",
    )
    assert await (await web.post(address, data='42["dance"]')).text() == "OK"
    assert (await (await web.get(address)).text()).startswith('42["error",{"event": "dance"')


async def test_who_asks_for_acknowledgements_and_fetches_none_is_sent_away(web: aiohttp.ClientSession) -> None:
    address = await polling(web)
    body = "\x1e".join(['421["unsubscribe",{"thread_id":"thread_1"}]'] * 16)
    for _ in range(MOST_UNFETCHED // 16 + 10):
        await web.post(address, data=body)
    packets = (await (await web.get(address)).text()).split("\x1e")
    assert set(packets) == {"431[]", "41"}
    assert len(packets) < MOST_UNFETCHED + 10


async def test_a_body_of_unknown_length_is_not_read(web: aiohttp.ClientSession) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"40"

    answer = await web.post("/socket.io/?EIO=4&transport=polling&sid=x", data=body())
    assert answer.status == 413


@pytest.mark.parametrize("query", ["", "?EIO=3&transport=polling", "?EIO=4&transport=pigeon", "?EIO=4&sid=none"])
async def test_other_versions_and_unknown_sessions_are_refused(web: aiohttp.ClientSession, query: str) -> None:
    assert (await web.get(f"/socket.io/{query}")).status == 400


async def test_a_websocket_elsewhere_is_refused(web: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await web.ws_connect("/elsewhere")
    assert refused.value.status == 403


async def test_the_path_without_a_slash_at_its_end_is_the_same(web: aiohttp.ClientSession) -> None:
    assert (await (await web.get("/socket.io?EIO=4&transport=polling")).text()).startswith("0{")


async def test_who_leaves_in_the_midst_of_a_poll_is_let_go_of(web: aiohttp.ClientSession) -> None:
    thread = (await (await web.post("/v1/threads", json={})).json())["id"]
    address = await polling(web)
    await web.post(address, data=f'42["subscribe",{{"thread_id":"{thread}"}}]')
    assert "thread.snapshot" in await (await web.get(address)).text()
    waits = asyncio.create_task(web.get(address))
    while (await (await web.get("/healthz")).json())["viewers"] != 1:
        await asyncio.sleep(0)
    assert await (await web.post(address, data="41")).text() == "OK"
    while (await (await web.get("/healthz")).json())["viewers"] != 0:
        await asyncio.sleep(0)
    await web.post(address, data="1")
    assert (await waits).status in (200, 400)
