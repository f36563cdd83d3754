from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from yarl import URL

from livethread.providers.chunks import ProviderError
from livethread.providers.http import client as client_module
from livethread.providers.http.answer import MOST_GATHERED, Broken
from livethread.providers.http.client import Client, NotTrusted
from tests.providers.turns import ask, provider
from tests.providers.upstream import CHUNKED, OPEN, Do, Step, Upstream, piece

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@asynccontextmanager
async def asking(*scripts: list[Step], stall: float = 30) -> AsyncIterator[tuple[Upstream, Client]]:
    async with Upstream(list(scripts)) as upstream:
        client = Client(URL(upstream.origin), connect_timeout=30, stall_timeout=stall)
        yield upstream, client
        client.close()


async def all_of(client: Client, upstream: Upstream, body: bytes | None = None) -> bytes:
    answer = await client.send(URL(upstream.url), {}, body)
    read = b""
    while data := await answer.read():
        read += data
    return read


async def test_a_request_says_what_it_must_and_of_headers_that_are_given_twice_the_last() -> None:
    async with asking([HELLO]) as (upstream, client):
        answer = await client.send(URL(f"{upstream.origin}/ä/b?c=d e"), {"x-Team": "red", "X-TEAM": "blå"}, b"{}")
        assert await answer.read() == b"hello"
        (asked,) = upstream.asked
        assert (asked.line, asked.body) == ("POST /%C3%A4/b?c=d+e HTTP/1.1", b"{}")
        expected = {"host": upstream.origin.removeprefix("http://"), "content-length": "2", "x-team": "bl\xc3\xa5"}
        assert asked.headers == expected


async def test_a_header_that_would_be_two_is_not_sent() -> None:
    async with asking([HELLO]) as (upstream, client):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            await client.send(URL(upstream.url), {"x-team": "red\r\nx-admin: yes"})
        assert upstream.connections == 0


async def test_one_connection_serves_one_request_after_the_other() -> None:
    async with asking([HELLO, Do.NEXT]) as (upstream, client):
        for _ in range(3):
            assert await all_of(client, upstream) == b"hello"
        assert (len(upstream.asked), upstream.connections) == (3, 1)
        await asyncio.gather(all_of(client, upstream), all_of(client, upstream))
        assert upstream.connections == 2


@pytest.mark.parametrize("more", [b"x", HELLO], ids=["a byte", "another answer"])
async def test_a_connection_that_says_more_than_it_was_asked_serves_no_other_request(more: bytes) -> None:
    async with asking([HELLO + more, Do.NEXT]) as (upstream, client):
        for _ in range(2):
            assert await all_of(client, upstream) == b"hello"
        assert upstream.connections == 2


async def test_a_kept_connection_that_says_something_is_given_up() -> None:
    more = asyncio.Event()
    async with asking([HELLO, more, b"x", Do.NEXT], [HELLO]) as (upstream, client):
        assert await all_of(client, upstream) == b"hello"
        more.set()
        while client._kept:
            await asyncio.sleep(0.001)
        assert await all_of(client, upstream) == b"hello"
        assert upstream.connections == 2


async def test_a_kept_connection_is_let_go_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "KEPT", 0)
    async with asking([HELLO, Do.NEXT]) as (upstream, client):
        assert await all_of(client, upstream) == b"hello"
        await asyncio.wait_for(upstream.left.wait(), 5)
        assert not client._kept


async def test_a_request_that_a_kept_connection_leaves_without_a_byte_is_sent_anew_once() -> None:
    async with asking([HELLO, Do.NEXT], [], [HELLO, Do.NEXT], [Do.RESET], []) as (upstream, client):
        for _ in range(2):
            assert await all_of(client, upstream, b"body") == b"hello"
        with pytest.raises(Broken):
            await all_of(client, upstream, b"body")
    assert (upstream.connections, [asked.body for asked in upstream.asked]) == (3, [b"body"] * 5)


async def test_a_request_that_was_answered_with_a_byte_is_not_sent_anew() -> None:
    async with asking([HELLO, Do.NEXT], [b"H"]) as (upstream, client):
        assert await all_of(client, upstream) == b"hello"
        with pytest.raises(Broken):
            await all_of(client, upstream)
        assert len(upstream.asked) == 2


async def test_a_connection_with_a_request_half_sent_serves_no_other() -> None:
    """An API that refuses a long prompt before it has read it."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HELLO)
        await over.wait()
        writer.close()

    connections: list[asyncio.StreamWriter] = []
    over = asyncio.Event()
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        client = Client(url, connect_timeout=30, stall_timeout=30)
        for _ in range(2):
            assert await (await client.send(url, {}, bytes(64 * 1024 * 1024))).read() == b"hello"
        assert len(connections) == 2
        client.close()
        over.set()


async def test_bytes_that_nobody_reads_hold_the_upstream_back_and_all_come() -> None:
    body = [piece(bytes([number]) * 65536) for number in range(256)]
    async with asking([CHUNKED, *body, piece(b"")]) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        while answer._size <= MOST_GATHERED:
            await asyncio.sleep(0.001)
        assert answer._size <= 2 * MOST_GATHERED + 65536
        read = b""
        while data := await answer.read():
            read += data
        assert read == b"".join(bytes([number]) * 65536 for number in range(256))


async def test_what_comes_while_it_is_awaited_is_offered_first() -> None:
    steps = [asyncio.Event() for _ in range(4)]
    async with asking([OPEN, b"a", steps[0], b"b", steps[1], b"c", steps[2], b"d"]) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        offered: list[bytes] = []

        def take(data: bytes) -> bool:
            offered.append(data)
            steps[len(offered)].set()
            return data not in b"cd"

        assert await answer.read() == b"a"
        answer.at_once = take
        steps[0].set()
        assert await answer.read() == b"c"
        assert (await answer.read(), offered) == (b"d", [b"b", b"c", b"d"])


async def test_what_comes_while_nobody_waits_is_not_offered() -> None:
    async with asking([OPEN, b"ab"]) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        answer.at_once = lambda data: pytest.fail("it was offered")
        while not answer._incoming.whole:
            await asyncio.sleep(0.001)
        assert (await answer.read(), await answer.read()) == (b"ab", b"")


async def test_an_error_of_whoever_it_is_offered_to_is_the_reader_s() -> None:
    go = asyncio.Event()
    async with asking([OPEN, go, b"x", Do.HANG]) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        answer.at_once = lambda data: bool(1 // 0)
        go.set()
        with pytest.raises(ZeroDivisionError):
            await answer.read()
        await asyncio.wait_for(upstream.left.wait(), 5)


async def test_silence_counts_only_while_somebody_waits() -> None:
    async with asking([OPEN, b"x", Do.HANG], stall=0.08) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        assert await answer.read() == b"x"
        for _ in range(20):
            answer._look()
        with pytest.raises(TimeoutError):
            await answer.read()
        await asyncio.wait_for(upstream.left.wait(), 5)


async def test_closing_an_answer_closes_its_socket_at_once() -> None:
    async with asking([OPEN, b"x", Do.HANG]) as (upstream, client):
        answer = await client.send(URL(upstream.url), {})
        answer.close()
        await asyncio.wait_for(upstream.left.wait(), 5)
        assert not client._open


async def test_the_next_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Upstream([[HELLO]]) as upstream:
        port = URL(upstream.origin).port or 0

        async def both(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            ]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
        client = Client(URL(f"http://two.example:{port}"), connect_timeout=30, stall_timeout=30)
        answer = await client.send(URL(f"http://two.example:{port}/"), {})
        assert await answer.read() == b"hello"
        client.close()


# ----------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
async def secure() -> AsyncIterator[tuple[str, list[asyncio.Event]]]:
    """The address of a server with a certificate that nobody has signed; when its clients have left."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    left: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left.append(asyncio.Event())
        gone = left[-1]
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(HELLO)
        except (OSError, asyncio.IncompleteReadError):
            gone.set()
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", left


async def test_a_certificate_that_is_trusted_is_good_and_its_connection_is_kept(
    secure: tuple[str, list[asyncio.Event]],
) -> None:
    url, left = secure
    trusted = ssl.create_default_context(cafile=SELF_SIGNED)
    client = Client(URL(url), connect_timeout=30, stall_timeout=30, trusted=trusted)
    for _ in range(3):
        answer = await client.send(URL(url), {})
        assert await answer.read() == b"hello"
    client.close()
    assert len(left) == 1
    await asyncio.wait_for(left[0].wait(), 5)


async def test_a_certificate_of_another_host_is_not_good(secure: tuple[str, list[asyncio.Event]]) -> None:
    url = URL(secure[0]).with_host("localhost")
    trusted = ssl.create_default_context(cafile=SELF_SIGNED)
    client = Client(url, connect_timeout=30, stall_timeout=30, trusted=trusted)
    with pytest.raises(NotTrusted, match="Hostname mismatch"):
        await client.send(url, {})


async def test_a_certificate_that_nobody_has_signed_is_told_in_a_sentence(
    secure: tuple[str, list[asyncio.Event]],
) -> None:
    model = provider(f"{secure[0]}/v1")
    with pytest.raises(ProviderError) as raised:
        await anext(model.stream(ask()))
    await model.close()
    assert (raised.value.kind, raised.value.retryable) == ("connection", False)
    assert raised.value.message.startswith(f"The model API at {secure[0]}/v1 has no TLS certificate to trust (")
    assert "self-signed certificate" in raised.value.message
    assert raised.value.message.endswith("). Check the address, or set SSL_CERT_FILE.")
