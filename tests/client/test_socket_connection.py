"""Streams over Socket.IO: what is said over the socket, and what its breaks come to."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import Any

import pytest

from livethread import testing
from livethread.client import ApiError, Client, NotFound, Unreachable
from tests.client.conftest import FakeClock
from tests.client.scripted import answering, refuse
from tests.client.scripted_socket import Script, Session, playing

TAIL = {"verdict": "tail"}


def telling(*numbers: int, heard: list[Any]) -> Script:
    """A connection over which something is told to who subscribes."""

    async def script(session: Session) -> None:
        heard.append(await session.heard())
        await session.answer(TAIL)
        for number in numbers:
            await session.tell(number)
        if numbers:
            await session.heard()  # the first of them is acknowledged

    return script


def subscribing(cursor: str | None = None, thread_id: str = "thread_1") -> list[Any]:
    """What is said by who follows a thread."""
    return ["subscribe", {"thread_id": thread_id, "limit": 20} | ({} if cursor is None else {"cursor": cursor})]


async def told(url: str, clock: FakeClock, cursor: str | None = None, silence: float = 30) -> list[int]:
    """The numbers of the events that are told, until it is enough."""
    numbers = []
    async with Client(url, transport="socket.io", clock=clock, dice=random.Random(7), silence=silence) as client:
        with pytest.raises(ApiError, match=r"Enough\."):
            async for one in client.thread("thread_1").events(cursor=cursor):
                numbers.append(one.data["n"])
    return numbers


async def test_it_goes_on_behind_the_last_event_however_often_it_is_cut(clock: FakeClock) -> None:
    heard: list[Any] = []
    async with playing(telling(1, 2, heard=heard), telling(heard=heard), telling(3, heard=heard)) as url:
        assert await told(url, clock) == [1, 2, 3]
    assert heard == [subscribing(), subscribing("2"), subscribing("2")]
    slept = zip([0.25, 0.5, 0.25], clock.slept, strict=True)  # longer where nothing was told
    assert all(most / 2 <= seconds <= most for most, seconds in slept)


async def test_the_cursor_of_the_caller_is_the_first(clock: FakeClock) -> None:
    heard: list[Any] = []
    async with playing(telling(8, heard=heard)) as url:
        assert await told(url, clock, cursor="7") == [8]
    assert heard == [subscribing("7")]


async def test_presence_moves_no_cursor(clock: FakeClock) -> None:
    ids = []

    async def presence(session: Session) -> None:
        await session.heard()
        await session.answer(TAIL)
        for id in ("1", None):
            said: dict[str, Any] = {"thread_id": "thread_1", "id": id, "event": "thread.presence", "data": {}}
            await session.say("thread.event", said)
        await session.heard()

    async with playing(presence) as url, Client(url, transport="socket.io", clock=clock) as client:
        with pytest.raises(ApiError, match=r"Enough\."):
            async for one in client.thread("thread_1").events():
                ids.append(one.id)
    assert ids == ["1", "1"]


async def test_where_the_server_lets_go_it_is_asked_again_on_the_same_socket(clock: FakeClock) -> None:
    heard = []

    async def letting_go(session: Session) -> None:
        assert await session.heard() == subscribing(thread_id="thread_other")  # which keeps the socket
        await session.answer(TAIL)
        heard.append(await session.heard())
        await session.answer({"verdict": "snapshot"})
        await session.tell(1)
        assert (await session.heard())[0] == "ack"
        await session.say("unsubscribed", {"thread_id": "thread_1", "ended": False})
        for answer in ({"verdict": "error", "status": 503, "error": {"message": "Full."}}, TAIL):
            assert (await session.heard())[0] == "unsubscribe"
            await session.answer()
            heard.append(await session.heard())
            await session.answer(answer)
        await session.tell(2)
        await session.heard()

    async with playing(letting_go) as url, Client(url, transport="socket.io", clock=clock) as client:
        other = asyncio.create_task(anext(client.thread("thread_other").events()))
        await asyncio.sleep(0)
        numbers = []
        with pytest.raises(ApiError):
            async for one in client.thread("thread_1").events():
                numbers.append(one.data["n"])
        with pytest.raises(ApiError):
            await other
    assert numbers == [1, 2]
    assert heard == [subscribing(), subscribing("1"), subscribing("1")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refusal_is_told_at_once(clock: FakeClock, status: int) -> None:
    async def refusing(session: Session) -> None:
        await session.heard()
        error = {"message": "Never.", "type": "invalid_request_error", "param": "limit", "code": None}
        await session.answer({"verdict": "error", "status": status, "error": error})
        await session.heard()

    async with playing(refusing) as url, Client(url, transport="socket.io", clock=clock) as client:
        with pytest.raises(ApiError, match=r"Never\.") as refused:
            await anext(client.thread("thread_1").events())
    assert (refused.value.status, refused.value.param, clock.slept) == (status, "limit", [])


async def test_a_thread_that_is_gone_without_a_trace_ends_as_if_its_end_had_been_seen(clock: FakeClock) -> None:
    async def gone(session: Session) -> None:
        await session.heard()
        error = {"message": "No thread found with id 'thread_1'.", "type": "x", "param": None, "code": None}
        await session.answer({"verdict": "error", "status": 404, "error": error})
        await session.heard()

    async with (
        playing(telling(1, heard=[]), gone) as url,
        Client(url, transport="socket.io", clock=clock) as client,
    ):
        seen = [(one.type, one.id) async for one in client.thread("thread_1").events()]
    assert seen == [("thread.updated", "1"), ("thread.deleted", "1")]


async def test_a_connection_that_is_silent_is_given_up_and_a_ping_is_a_sign_of_life(clock: FakeClock) -> None:
    async def pinging(session: Session) -> None:
        await session.heard()
        await session.answer(TAIL)
        for _ in range(4):
            await asyncio.sleep(0.1)
            await session.send("2")
            while await session.packet() not in ("3", ""):
                pass
        await session.tell(1)
        await session.heard()
        silent.append(await session.heard())  # it says nothing, and so the client goes

    silent: list[Any] = []
    heard: list[Any] = []
    async with playing(pinging, telling(2, heard=heard)) as url:
        assert await told(url, clock, silence=0.25) == [1, 2]
    assert silent == [[]]
    assert heard == [subscribing("1")]


async def test_a_server_that_acknowledges_nothing_is_given_up_though_it_pings(clock: FakeClock) -> None:
    async def pinging(session: Session) -> None:
        assert await session.heard() == subscribing()
        for _ in range(8):
            await session.send("2")
            if await session.packet() != "3":
                return
            await asyncio.sleep(0.05)
        raise AssertionError("is waited for")

    heard: list[Any] = []
    async with playing(pinging, telling(1, heard=heard)) as url:
        assert await told(url, clock, silence=0.2) == [1]
    assert heard == [subscribing()]


async def test_a_connection_may_be_cut_before_anything_is_acknowledged(clock: FakeClock) -> None:
    async def cutting(session: Session) -> None:
        assert await session.heard() == subscribing()

    async with asyncio.timeout(10), playing(cutting, telling(1, heard=[])) as url:
        assert await told(url, clock) == [1]


async def test_a_server_that_was_there_is_waited_for() -> None:
    class Patient(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 3:
                raise TimeoutError("three times")

    async with playing(telling(1, heard=[])) as url:
        client = Client(url, transport="socket.io", clock=Patient())
        events = client.thread("thread_1").events()
        assert (await anext(events)).data["n"] == 1
    with pytest.raises(TimeoutError, match="three times"):
        await anext(events)
    await client.close()


async def test_what_is_no_server_of_ours_is_told_of_at_once(clock: FakeClock) -> None:
    async with Client("http://127.0.0.1:9", transport="socket.io", clock=clock) as client:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 cannot be reached"):
            await anext(client.thread("thread_1").events())
    async with answering(refuse(200)) as server, Client(server.url, transport="socket.io", clock=clock) as client:
        with pytest.raises(Unreachable, match="has no sockets"):
            await anext(client.thread("thread_1").events())

    async def babbling(session: Session) -> None:
        await session.send("42{")
        await session.heard()

    async with playing(babbling) as url, Client(url, transport="socket.io", clock=clock) as client:
        with pytest.raises(Unreachable, match="no JSON"):
            await anext(client.thread("thread_1").events())
    assert clock.slept == []


async def test_who_is_busy_acknowledges_nothing_that_is_not_taken(clock: FakeClock) -> None:
    acknowledged: asyncio.Queue[Any] = asyncio.Queue()

    async def script(session: Session) -> None:
        await session.heard()
        await session.answer(TAIL)
        for number in range(1, 41):
            await session.tell(number, size=1000)
        while heard := await session.heard():
            acknowledged.put_nowait(heard)

    async with (
        playing(script) as url,
        Client(url, transport="socket.io", clock=clock) as client,
        aclosing(client.thread("thread_1").events()) as events,
    ):
        await anext(events)
        assert await acknowledged.get() == ["ack", {"thread_id": "thread_1", "id": "1"}]  # the server is to wait
        for _ in range(38):
            await anext(events)
        assert [(await acknowledged.get())[1]["id"] for _ in range(2)] == ["16", "31"]
        assert acknowledged.empty()
        await anext(events)
        quiet = asyncio.create_task(anext(events))
        assert (await acknowledged.get())[1]["id"] == "40"
        quiet.cancel()
        await asyncio.wait([quiet])


async def test_many_threads_share_one_socket_which_is_closed_behind_the_last(clock: FakeClock) -> None:
    heard = []
    gone = asyncio.Event()

    async def script(session: Session) -> None:
        for number in (1, 2):
            event = await session.heard()
            heard.append(event)
            await session.answer(TAIL)
            await session.tell(number, event[1]["thread_id"])
            await session.heard()
        heard.append(await session.heard())
        await session.answer()
        heard.append(await session.heard())
        gone.set()

    async with playing(script) as url, Client(url, transport="socket.io", clock=clock) as client:
        async with aclosing(client.thread("thread_1").events()) as ones:
            assert (await anext(ones)).data["n"] == 1
            async with aclosing(client.thread("thread_2").events()) as others:
                assert (await anext(others)).data["n"] == 2
            await asyncio.sleep(0)
        await gone.wait()
    assert heard == [
        subscribing(),
        subscribing(thread_id="thread_2"),
        ["unsubscribe", {"thread_id": "thread_2"}],
        [],
    ]


async def test_who_follows_a_thread_again_hears_nothing_that_was_said_to_the_one_before(clock: FakeClock) -> None:
    async def script(session: Session) -> None:
        for _ in range(2):
            event = await session.heard()
            await session.answer(TAIL)
            await session.tell(1, event[1]["thread_id"])
            await session.heard()
        assert (await session.heard())[0] == "unsubscribe"
        await session.tell(2)
        await session.answer()
        assert await session.heard() == subscribing("1")
        await session.answer(TAIL)
        await session.tell(3)
        await session.heard()

    async with (
        playing(script) as url,
        Client(url, transport="socket.io", clock=clock) as client,
        aclosing(client.thread("thread_other").events()) as kept,
    ):
        await anext(kept)
        async with aclosing(client.thread("thread_1").events()) as first:
            await anext(first)
        async with aclosing(client.thread("thread_1").events(cursor="1")) as again:
            assert (await anext(again)).data["n"] == 3


async def test_a_thread_that_is_followed_twice_takes_another_socket(url: str) -> None:
    async with Client(url, transport="socket.io") as client:
        thread = await client.create_thread(["Hello"])
        async with aclosing(thread.events()) as ones, aclosing(thread.events()) as others:
            assert [(await anext(events)).type for events in (ones, others)] == ["thread.snapshot"] * 2


async def test_who_is_slow_is_told_all_the_same(url: str) -> None:
    """The server waits for what was acknowledged, and the caller for nothing."""
    async with Client(url, transport="socket.io") as client:
        thread = await client.create_thread()
        async with aclosing(thread.events()) as events:
            await anext(events)
            for number in range(20):
                await thread.post(f"{number} " + "木🌳" * 4000)
            seen = []
            async for one in events:
                if one.type == "thread.message.created":
                    seen.append(one.data["content"][0]["text"]["value"].split()[0])
                    if len(seen) == 20:
                        break
    assert seen == [str(number) for number in range(20)]


async def test_a_key_goes_along(clock: FakeClock) -> None:
    with testing.server(api_keys=("sesame",)) as url:
        async with Client(url, api_key="sesame", transport="socket.io", clock=clock) as client:
            with pytest.raises(NotFound):
                await anext(client.thread("thread_1").events())


def test_a_transport_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'carrier' is no transport; there are sse and socket\.io\."):
        Client("http://127.0.0.1:9", transport="carrier")  # type: ignore[arg-type]
