"""A socket in a room that never reads: it costs no more than one write, the others nothing, and then it is cut off."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from livethread.api.stalled import LOOK_EVERY, PATIENCE
from livethread.serving import running
from livethread.settings import Settings
from tests.sockets.room_screens import speaker, stored, visiting

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

LONG = "終わり 🎉 word " * 300
KERNEL = 64 * 1024


def masked(text: str) -> bytes:
    """A text frame as a client sends it."""
    data, mask = text.encode(), os.urandom(4)
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + size + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


async def stuck(url: str, thread_id: str) -> socket.socket:
    """A client that has registered, and from then on reads nothing."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    host, port = url.removeprefix("http://").split(":")
    await loop.sock_connect(client, (host, int(port)))
    request = [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", f"host: {host}:{port}", "connection: Upgrade",
        "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==", "", "",
    ]  # fmt: skip
    await loop.sock_sendall(client, "\r\n".join(request).encode())
    assert (await loop.sock_recv(client, 12)).endswith(b" 101")  # frames that come before may be lost
    register = json.dumps({"user_id": "stuck", "name": "Stuck", "thread_id": thread_id, "stream": True})
    await loop.sock_sendall(client, masked("40") + masked(f'42["register",{register}]'))
    return client


async def test_a_socket_that_never_reads_costs_the_others_nothing_and_is_cut_off(tmp_path: Path) -> None:
    settings = Settings(port=0, data=tmp_path, words_per_second=0, local_engines=False)
    async with running(settings) as server, AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as api:
        thread = await api.beta.threads.create()
        assistant = await speaker(api, LONG)
        async with visiting(server.url, "Ann", thread_id=thread.id, assistant_id=assistant, stream=True) as ann:
            client = await stuck(server.url, thread.id)
            try:
                await ann.talker.first("join")
                for number in range(60):
                    await ann.say("More", f"ann-{number}")
                    await ann.until_shown(2 * number + 2)
                assert ann.screen == (await stored(api, thread.id))[: len(ann.screen)]
                waits = {
                    connection: connection.transport.get_write_buffer_size()
                    for connection in server.server_state.connections
                }
                connection = max(waits, key=lambda connection: waits[connection])
                assert 0 < waits[connection] <= KERNEL
                now = asyncio.get_running_loop().time()
                for seconds in (2 * LOOK_EVERY, 3 * LOOK_EVERY + PATIENCE):
                    server.stalled.look({connection}, now + seconds)
                assert await ann.talker.first("leave") == {"user_id": "stuck", "name": "Stuck"}
                assert connection not in server.server_state.connections
            finally:
                client.close()


async def test_a_client_that_its_hub_has_lost_comes_in_again_and_is_told_what_it_has_missed(tmp_path: Path) -> None:
    settings = Settings(port=0, data=tmp_path, words_per_second=0, local_engines=False)
    async with running(settings) as server, AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as api:
        thread = await api.beta.threads.create()
        there = {"thread_id": thread.id, "assistant_id": await speaker(api, "Meow.")}
        async with visiting(server.url, "Ann", **there) as ann, visiting(server.url, "Ben", **there) as ben:
            await ben.say("One", "ben-1")
            await ann.until_shown(2)
            hub = server.app.hubs.of(thread.id)
            (viewer,) = (viewer for viewer in hub._viewers if viewer.person and viewer.person.name == "Ann")
            hub.detach(viewer)  # as when something of it could not be read
            await ben.say("Two", "ben-2")
            for visitor in (ann, ben):
                await visitor.until_shown(4)
                assert visitor.screen == await stored(api, thread.id)
            assert ann.talker.all("welcome") == [None]
            assert ben.talker.all("leave") == []


async def test_when_the_log_turns_out_to_be_another_one_nothing_is_told_twice_and_nothing_lost(tmp_path: Path) -> None:
    settings = Settings(port=0, data=tmp_path, words_per_second=0, local_engines=False)
    async with running(settings) as server, AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any") as api:
        thread = await api.beta.threads.create()
        there = {"thread_id": thread.id, "assistant_id": await speaker(api, "Meow.")}
        async with (
            visiting(server.url, "Ann", **there) as ann,
            visiting(server.url, "Ben", stream=True, **there) as ben,
        ):
            for number in range(3):
                await ann.say("Hello", f"ann-{number}")
                server.app.hubs.of(thread.id)._begin_anew()  # as when it was restored behind our back
                for visitor in (ann, ben):
                    await visitor.until_shown(2 * number + 2)
                    assert visitor.screen == await stored(api, thread.id)
            assert ben.talker.all("welcome") == [None]
            assert ann.talker.all("leave") == []
