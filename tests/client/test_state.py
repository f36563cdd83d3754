"""The state that is always current."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from livethread import testing
from livethread.client import ApiError, Client, NotFound, State
from livethread.client.client import Transport
from livethread.sse import encode
from tests.client.conftest import FakeClock, player
from tests.client.scripted import SNAPSHOT, answering, refuse, stream

SLOWLY = "turns:\n- - {text: 'One two three four five six seven eight nine ten. ', delay_ms: 3, repeat: 4}"


async def until(states: AsyncGenerator[State, None], wanted: Callable[[State], bool]) -> State:
    """The first state that is as wanted."""
    async for state in states:
        if wanted(state):
            return state
    raise AssertionError("the stream has ended")


def value(message: dict[str, object]) -> str:
    content = message["content"]
    assert isinstance(content, list)
    return str(content[0]["text"]["value"])


async def test_an_answer_grows_in_the_message_list_until_it_is_whole(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await client.create_thread()
        await thread.turn("Count.", [await player(client, SLOWLY)])
        texts = []
        async for messages in thread.messages():
            texts.append([value(message) for message in messages])
            if len(messages) == 2 and messages[0]["status"] == "completed":
                break
    whole = "One two three four five six seven eight nine ten. " * 4
    assert texts[-1] == [whole, "Count."]
    answers = [shown[0] for shown in texts if len(shown) == 2]
    assert len(answers) > 5
    assert all(whole.startswith(answer) for answer in answers)
    assert [len(answer) for answer in answers] == sorted(len(answer) for answer in answers)


async def test_the_message_list_is_shown_only_when_a_message_has_changed(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await client.create_thread(["Hello"])
        async with aclosing(thread.messages()) as lists:
            first = await anext(lists)
            await client.call("POST", f"/threads/{thread.id}", {"metadata": {"a": "b"}})
            await thread.post("Bye")
            second = await anext(lists)
    assert [value(message) for message in second] == ["Bye", "Hello"]
    assert second[1] is first[0]


async def test_states_are_left_out_while_the_caller_is_busy(clock: FakeClock) -> None:
    events = [
        encode("thread.snapshot", SNAPSHOT, id="1.aaaa"),
        *(encode("thread.updated", f'{{"id":"thread_1","n":{number}}}', id=f"{number}.aaaa") for number in range(2, 9)),
    ]
    async with answering(stream(*events), refuse(410, "Enough.")) as server, Client(server.url, clock=clock) as client:
        states: list[State] = []
        with pytest.raises(ApiError, match="Enough"):
            async for state in client.thread("thread_1").states():
                states.append(state)
                while len(server.cursors) < 2:
                    await asyncio.sleep(0)
    assert len(states) <= 3
    assert states[-1].thread == {"id": "thread_1", "n": 8}


async def test_a_state_says_whether_the_connection_stands() -> None:
    first = encode("thread.snapshot", SNAPSHOT, id="1.aaaa")
    again = asyncio.Event()

    class Waiting(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await again.wait()

    async with (
        answering(stream(first), stream(first, then="silence")) as server,
        Client(server.url, clock=Waiting()) as client,
        aclosing(client.thread("thread_1").states()) as states,
    ):
        lost = await until(states, lambda state: not state.connected)
        again.set()
        assert await until(states, lambda state: state.connected) == replace(lost, connected=True)


async def test_an_event_that_changes_nothing_makes_no_state() -> None:
    goes_on = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(encode("thread.snapshot", SNAPSHOT, id="1.aaaa"))
        await goes_on.wait()
        await response.write(encode("thread.of_tomorrow", "{}"))
        for _ in range(200):  # time enough for it to be read
            await asyncio.sleep(0)
        await response.write(encode("thread.updated", '{"id":"thread_1","n":2}', id="2.aaaa"))
        await asyncio.Event().wait()
        return response

    async with (
        answering(answer) as server,
        Client(server.url) as client,
        aclosing(client.thread("thread_1").states()) as states,
    ):
        await anext(states)
        goes_on.set()
        assert (await anext(states)).thread == {"id": "thread_1", "n": 2}


async def test_a_deleted_thread_ends_with_nothing_in_it(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        thread = await client.create_thread(["Hello"])
        last: State | None = None
        async for state in thread.states():
            if last is None:
                await thread.delete()
            last = state
    assert last is not None
    assert (last.thread, last.messages, last.people) == (None, (), ())


async def test_what_ends_the_stream_is_raised(url: str, transport: Transport) -> None:
    async with Client(url, transport=transport) as client:
        with pytest.raises(NotFound):
            await anext(client.thread("thread_none").states())


async def test_people_see_each_other_come_and_type(url: str, transport: Transport) -> None:
    async with (
        Client(url, name="Ann", transport=transport) as one,
        Client(url, name="Bob B", user_id="b", transport=transport) as other,
    ):
        thread = await one.create_thread()
        theirs = other.thread(thread.id)
        async with aclosing(thread.states()) as states, aclosing(theirs.states()) as their_states:
            await anext(their_states)
            both = await until(states, lambda state: len(state.people) == 2)
            await theirs.typing()
            typing = await until(states, lambda state: any(person["typing"] for person in state.people))
            message = await theirs.post("Hello")
    ann = {"user_id": "Ann", "name": "Ann", "typing": False}
    bob = {"user_id": "b", "name": "Bob B", "typing": False}
    assert sorted(both.people, key=lambda person: str(person["name"])) == [ann, bob]
    assert [person["name"] for person in typing.people if person["typing"]] == ["Bob B"]
    assert message["metadata"] == {"name": "Bob B", "user_id": "b"}


async def test_a_server_that_restarts_is_met_again_where_it_was_left(
    tmp_path: Path, clock: FakeClock, transport: Transport
) -> None:
    with testing.server(data=tmp_path) as url:
        client = Client(url, clock=clock, transport=transport)
        thread = await client.create_thread(["Hello"])
        states = thread.states()
        await until(states, lambda state: len(state.messages) == 1)
    held = await until(states, lambda state: not state.connected)
    with testing.server(data=tmp_path, port=int(url.rpartition(":")[2])):
        await until(states, lambda state: state.connected)
        await thread.post("Bye")
        now = await until(states, lambda state: len(state.messages) == 2)
        await states.aclose()
        await client.close()
    assert [value(message) for message in now.messages] == ["Bye", "Hello"]
    assert now.messages[1] is held.messages[0]  # it has gone on, and not begun again
