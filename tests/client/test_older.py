"""Older messages, loaded into what is looked at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from aiohttp import web

from livethread.client import ApiError, Client, State, Thread
from livethread.client.client import Transport
from livethread.client.sync import Client as SyncClient
from livethread.domain.content import text_block
from livethread.domain.fold import Object
from livethread.sse import encode
from tests.client.scripted import SNAPSHOT, Answer, answering, give, refuse
from tests.client.test_state import until, value


async def everything(client: Client, thread: Thread) -> list[Object]:
    """All messages of a thread as REST has them, newest first."""
    found: list[Object] = []
    while True:
        behind = {"after": found[-1]["id"]} if found else {}
        page = await client.call("GET", f"/threads/{thread.id}/messages", query={"limit": "100", **behind})
        found += page["data"]
        if not page["has_more"]:
            return found


async def long(client: Client, length: int) -> Thread:
    """A thread with so many messages, "1" and so on."""
    thread = await client.create_thread()
    for number in range(length):
        await thread.post(str(number + 1))
    return thread


def message(number: int) -> Object:
    return {"id": f"msg_{number}", "status": "completed", "run_id": None, "content": [text_block(str(number))]}


def snapshot(*numbers: int, cursor: str) -> bytes:
    """Of a thread with older messages than these."""
    data = {**json.loads(SNAPSHOT), "messages": [message(n) for n in numbers], "has_more": True, "cursor": cursor}
    return encode("thread.snapshot", json.dumps(data), id=cursor)


async def shown(states: AsyncGenerator[State, None], *texts: str) -> State:
    return await until(states, lambda state: [value(message) for message in state.messages] == list(texts))


async def test_they_come_a_page_at_a_time_until_there_are_none(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await long(client, 104)
        async with aclosing(thread.states(limit=3)) as states:
            assert (await anext(states)).has_more
            assert await thread.older()
            seen = await anext(states)
            assert ([value(message) for message in seen.messages], seen.has_more) == (
                [str(number) for number in range(104, 1, -1)],
                True,
            )
            assert not await thread.older()
            seen = await anext(states)
            assert (list(seen.messages), seen.has_more) == (await everything(client, thread), False)
            assert not await thread.older()


async def test_they_come_to_everybody_who_looks_on(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await long(client, 5)
        async with aclosing(thread.states(limit=1)) as few, aclosing(thread.states(limit=100)) as all:
            await anext(few)
            whole = await anext(all)
            assert not await thread.older()
            assert (await anext(few)).messages == whole.messages


async def test_what_happens_while_they_are_on_their_way_is_not_undone(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await long(client, 6)
        stored = await everything(client, thread)
        async with aclosing(thread.states(limit=1)) as states:
            await anext(states)
            await asyncio.gather(
                thread.older(),
                client.call("DELETE", f"/threads/{thread.id}/messages/{stored[3]['id']}"),
                client.call("POST", f"/threads/{thread.id}/messages/{stored[4]['id']}", {"metadata": {"pin": "1"}}),
                thread.post("7"),
            )
            now = await everything(client, thread)
            await until(states, lambda state: list(state.messages) == now)


async def test_who_ask_at_once_share_one_request_and_a_snapshot_makes_it_void() -> None:
    asked, again = asyncio.Event(), asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(snapshot(3, cursor="1.aaaa"))
        await asked.wait()
        await response.write(snapshot(6, 5, cursor="9.bbbb"))
        again.set()
        await asyncio.Event().wait()
        return response

    def page(number: int) -> Answer:
        async def answer(request: web.Request) -> web.StreamResponse:
            asked.set()
            await seen.wait()
            return web.json_response({"data": [message(number)], "has_more": True})

        return answer

    seen = asyncio.Event()
    async with (
        answering(stream, page(2), page(4)) as server,
        Client(server.url) as client,
        aclosing((thread := client.thread("thread_1")).states()) as states,
    ):
        await shown(states, "3")
        both = asyncio.gather(thread.older(), thread.older())
        await shown(states, "6", "5")
        seen.set()
        assert list(await both) == [True, True]
        await shown(states, "6", "5", "4")
    assert server.queries[1:] == ["limit=100&after=msg_3", "limit=100&after=msg_5"]


async def test_a_refusal_is_told_and_the_next_attempt_is_a_new_one() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(snapshot(3, cursor="1.aaaa"))
        await asyncio.Event().wait()
        return response

    async with (
        answering(stream, refuse(403, "Not you."), give({"data": [message(2)], "has_more": False})) as server,
        Client(server.url) as client,
        aclosing((thread := client.thread("thread_1")).states()) as states,
    ):
        await anext(states)
        with pytest.raises(ApiError, match="Not you"):
            await thread.older()
        assert not await thread.older()
        await shown(states, "3", "2")


async def test_where_nobody_looks_on_it_says_what_to_do(url: str) -> None:
    async with Client(url) as client:
        thread = await client.create_thread(["1"])
        with pytest.raises(ValueError, match=r"loop over messages\(\) or states\(\)"):
            await thread.older()
        async with aclosing(thread.states()) as states:
            await anext(states)
            assert not await thread.older()
        with pytest.raises(ValueError, match="Nobody looks on"):
            await thread.older()


def test_the_client_without_async_has_them_too(url: str) -> None:
    with SyncClient(url) as client:
        thread = client.create_thread(["1", "2", "3"])
        for messages in thread.messages(limit=1):
            if len(messages) == 3:
                break
            assert not thread.older()
    assert [value(message) for message in messages] == ["3", "2", "1"]
