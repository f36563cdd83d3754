"""The stream that goes on wherever it was cut."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from livethread import testing
from livethread.client import ApiError, Client, NotFound, Unreachable
from livethread.client.client import Transport
from livethread.sse import KEEP_ALIVE, encode
from tests.client.conftest import FakeClock
from tests.client.scripted import Answer, answering, event, refuse, stream

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def raw(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """The address of a server that does this with each connection."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def told(url: str, clock: FakeClock, cursor: str | None = None, silence: float = 30) -> list[int]:
    """The numbers of the events that a scripted server sends, until it says that it is enough."""
    numbers = []
    async with Client(url, clock=clock, dice=random.Random(7), silence=silence) as client:
        with pytest.raises(ApiError, match=r"Enough\."):
            async for one in client.thread("thread_1").events(cursor=cursor):
                numbers.append(one.data["n"])
    return numbers


async def test_it_goes_on_behind_the_last_whole_event_however_it_was_cut(clock: FakeClock) -> None:
    half = event(4)[:-1]
    async with answering(
        stream(event(1), event(2)),
        stream(event(3), half, then="cut"),
        stream(KEEP_ALIVE, half, then="end"),
        stream(event(4)),
    ) as server:
        assert await told(server.url, clock) == [1, 2, 3, 4]
    assert server.cursors == [None, "2", "3", "3", "4"]


async def test_the_cursor_of_the_caller_is_the_first(clock: FakeClock) -> None:
    async with answering(stream(then="cut"), stream(event(8))) as server:
        assert await told(server.url, clock, cursor="7") == [8]
    assert server.cursors == ["7", "7", "8"]


async def test_an_event_without_an_id_moves_no_cursor(clock: FakeClock) -> None:
    typing = encode("thread.typing", '{"n": 0}')
    async with answering(stream(event(1), typing, then="cut")) as server:
        assert await told(server.url, clock) == [1, 0]
    assert server.cursors == [None, "1"]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_server_that_cannot_serve_now_is_asked_again(clock: FakeClock, status: int) -> None:
    async with answering(refuse(status), refuse(status, "Later."), stream(event(1))) as server:
        assert await told(server.url, clock) == [1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refusal_is_told_at_once(clock: FakeClock, status: int) -> None:
    async with (
        answering(stream(event(1)), refuse(status, "Never.")) as server,
        Client(server.url, clock=clock) as client,
    ):
        with pytest.raises(ApiError, match=r"Never\.") as refused:
            async for _ in client.thread("thread_1").events():
                pass
    assert refused.value.status == status
    assert len(server.cursors) == 2


async def test_pauses_grow_while_nothing_comes_and_are_short_again_when_something_does(clock: FakeClock) -> None:
    nothing: list[Answer] = [stream()] * 5
    async with answering(*nothing, stream(event(1)), *nothing) as server:
        await told(server.url, clock)
    for slept in (clock.slept[:5], clock.slept[6:]):
        assert [most / 2 <= seconds <= most for most, seconds in zip([0.25, 0.5, 1, 2, 4], slept, strict=True)]
        assert slept == sorted(slept)
    assert clock.slept[5] <= 0.25


async def test_a_server_says_how_long_to_stay_away(clock: FakeClock) -> None:
    full = encode("error", '{"error": {"message": "Full."}}', retry=15_000)
    async with answering(stream(event(1), full), refuse(503, Retry_After="7"), stream(event(2))) as server:
        assert await told(server.url, clock) == [1, 2]
    assert server.cursors == [None, "1", "1", "2"]
    assert 15 <= clock.slept[0] <= 15 * 1.25
    assert 7 <= clock.slept[1] <= 7 * 1.25


async def test_a_connection_that_is_silent_is_given_up(clock: FakeClock) -> None:
    async with answering(stream(event(1), then="silence"), stream(event(2))) as server:
        assert await told(server.url, clock, silence=0.1) == [1, 2]
    assert server.cursors == [None, "1", "2"]


async def test_a_server_that_never_was_there_is_told_of_at_once(clock: FakeClock) -> None:
    async with Client("http://127.0.0.1:9", clock=clock) as client:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 cannot be reached"):
            await anext(client.thread("thread_1").events())
    async with answering(refuse(200)) as server, Client(server.url, clock=clock) as client:
        with pytest.raises(Unreachable, match="no stream of events"):
            await anext(client.thread("thread_1").events())
    assert clock.slept == []


async def test_an_event_that_is_no_json_is_an_error_and_no_endless_loop(clock: FakeClock) -> None:
    async with answering(stream(b"data: {\n\n")) as server, Client(server.url, clock=clock) as client:
        with pytest.raises(Unreachable, match="no JSON"):
            await anext(client.thread("thread_1").events())


async def test_a_thread_that_is_deleted_ends_its_stream(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await client.create_thread(["Hello"])
        seen = []
        async for one in thread.events():
            seen.append(one.type)
            if one.type == "thread.snapshot":
                await thread.delete()
        resumed = [one async for one in thread.events(cursor=one.id)]
    assert [type for type in seen if type != "thread.presence"] == ["thread.snapshot", "thread.deleted"]
    assert resumed == []


async def test_a_thread_that_is_gone_without_a_trace_ends_as_if_its_end_had_been_seen(clock: FakeClock) -> None:
    gone = refuse(404, "No thread found with id 'thread_1'.")
    async with answering(stream(event(1)), gone) as server, Client(server.url, clock=clock) as client:
        seen = [(one.type, one.data, one.id) async for one in client.thread("thread_1").events()]
    assert seen[1:] == [("thread.deleted", {"id": "thread_1", "object": "thread.deleted", "deleted": True}, "1")]


async def test_a_thread_that_never_was_is_an_error(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        with pytest.raises(NotFound, match="No thread found with id 'thread_none'"):
            await anext(client.thread("thread_none").events())
        with pytest.raises(NotFound):
            client.thread("../assistants")


async def test_a_wrong_key_is_an_error_and_the_right_one_is_none(transport: Transport) -> None:
    with testing.server(api_keys=("sesame",)) as url:
        async with Client(url, api_key="sesame", transport=transport) as client:
            thread = await client.create_thread()
            first = await anext(thread.events())
        async with Client(url, api_key="simsim", transport=transport) as client:
            with pytest.raises(ApiError) as refused:
                await anext(client.thread(thread.id).events())
    assert first.type == "thread.snapshot"
    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")


async def test_leaving_the_loop_closes_the_connection() -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + event(1))
        assert await reader.read() == b""
        gone.set()
        writer.close()

    async with raw(answer) as url, Client(url) as client:
        async with aclosing(client.thread("thread_1").events()) as events:
            await anext(events)
        await gone.wait()
        gone.clear()
        async for _ in client.thread("thread_1").events():
            break
        await gone.wait()


async def test_closing_the_client_ends_its_streams(url: str, transport: Transport) -> None:
    client = Client(url, transport=transport)
    thread = await client.create_thread()
    standing = thread.events()
    await anext(standing)
    seen = asyncio.Event()

    async def watch() -> None:
        async for _ in thread.events():
            seen.set()

    watching = asyncio.create_task(watch())
    await seen.wait()
    await client.close()
    await watching
    assert [one async for one in standing if one.type != "thread.presence"] == []
    with pytest.raises(Unreachable, match="has been closed"):
        await thread.read()


@pytest.mark.parametrize("at", [0, 1, 9, 40, 82, 85])
async def test_an_answer_may_be_cut_in_its_head(clock: FakeClock, at: int) -> None:
    heads = [(HEAD + event(1))[:at], HEAD + event(2), b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(heads.pop(0))
        writer.close()

    numbers = []
    async with raw(answer) as url, Client(url, clock=clock) as client:
        with pytest.raises(ApiError) as refused:
            async for one in client.thread("thread_1").events():
                numbers.append(one.data["n"])
    assert (numbers, refused.value.status) == ([2], 410)


async def test_who_is_busy_reads_nothing(clock: FakeClock) -> None:
    """A server that sends 40 MB gets no further than the buffers between, until its reader goes on."""
    sent = 0
    piece = encode("thread.updated", '{"n": "' + "x" * 65_000 + '"}', id="1")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for _ in range(600):
            writer.write(piece)
            await writer.drain()
            sent += 1
        writer.close()

    async with raw(answer) as url, Client(url, clock=clock) as client:
        events = client.thread("thread_1").events()
        await anext(events)
        while True:  # until the server is stuck
            before = sent
            await asyncio.sleep(0.1)
            if sent == before:
                break
        assert sent < 300
        for _ in range(599):
            await anext(events)
        await events.aclose()
    assert sent == 600
