from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import socketio
from openai import AsyncOpenAI

from livethread import testing
from livethread.domain.fold import Fold
from tests.sockets.talking import Talker, talking

pytestmark = pytest.mark.filterwarnings("ignore:deprecated$:DeprecationWarning")

WORDS = " ".join(f"word{number}," for number in range(400)) + " 終わり 🎉"


@pytest.fixture(params=["websocket", "polling"])
def transport(request: pytest.FixtureRequest) -> str:
    """Every way that a Socket.IO client may come."""
    return str(request.param)


class Reader:
    """What a client makes of the events of a thread.

    Args:
        talker: who is told them.
        thread_id: the thread.
    """

    def __init__(self, talker: Talker, thread_id: str) -> None:
        self.talker = talker
        self.thread_id = thread_id
        self.fold = Fold()
        self._taken = 0

    def read(self) -> Fold:
        """The fold of all that was told up to now."""
        events = [said for said in self.talker.all("thread.event") if said["thread_id"] == self.thread_id]
        for said in events[self._taken :]:
            self.fold.take(said["event"], said["data"], said["id"])
        self._taken = len(events)
        return self.fold

    async def until_ended(self, runs: int = 1) -> Fold:
        """Wait until so many runs have ended."""
        await self.talker.until(lambda: sum(run["status"] == "completed" for run in self.read().runs) >= runs)
        return self.fold


async def speaker(api: AsyncOpenAI, text: str = WORDS, **turn: Any) -> str:
    """The id of an assistant that says a text."""
    script = {"turns": [[{"text": text, **turn}]]}
    made = await api.beta.assistants.create(model="builtin/script", instructions=json.dumps(script))
    return made.id


async def stored(api: AsyncOpenAI, thread_id: str) -> list[Any]:
    """The messages of a thread as REST has them, newest first."""
    return [message.to_dict() async for message in api.beta.threads.messages.list(thread_id)]


@pytest.fixture
async def api(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as api:
        yield api


def deltas(talker: Talker) -> int:
    """How many pieces of text it was told."""
    return sum(said["event"] == "thread.message.delta" for said in talker.all("thread.event"))


async def test_a_socket_is_told_every_token_from_a_snapshot_on(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread = await api.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    async with talking(url, transport) as talker:
        assert await talker.ask("subscribe", {"thread_id": thread.id}) == {"verdict": "snapshot"}
        await api.beta.threads.runs.create(thread.id, assistant_id=await speaker(api, words_per_second=2000))
        fold = await Reader(talker, thread.id).until_ended()
    assert list(fold.messages) == await stored(api, thread.id)
    assert talker.all("thread.event")[0]["event"] == "thread.snapshot"
    assert deltas(talker) > 1
    assert talker.all("error") == []


async def test_a_socket_goes_on_from_a_cursor(url: str, api: AsyncOpenAI, transport: str) -> None:
    thread = await api.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    async with talking(url, transport) as first:
        await first.ask("subscribe", {"thread_id": thread.id})
        reader = Reader(first, thread.id)
        await api.beta.threads.runs.create(thread.id, assistant_id=await speaker(api, words_per_second=500))
        await first.until(
            lambda: sum(said["event"] == "thread.message.delta" for said in first.all("thread.event")) > 5
        )
        held = reader.read()
        cursor = held.cursor
    async with talking(url, transport) as second:
        asked = {"thread_id": thread.id, "cursor": cursor}
        assert await second.ask("subscribe", asked) == {"verdict": "tail"}
        reader = Reader(second, thread.id)
        reader.fold = held
        await reader.until_ended()
    assert list(held.messages) == await stored(api, thread.id)
    assert "thread.snapshot" not in [said["event"] for said in second.all("thread.event")]


async def test_one_socket_follows_many_threads_and_leaves_each_by_itself(url: str, api: AsyncOpenAI) -> None:
    threads = [await api.beta.threads.create() for _ in range(3)]
    async with talking(url) as talker:
        for thread in threads:
            assert (await talker.ask("subscribe", {"thread_id": thread.id}))["verdict"] == "snapshot"
        await talker.ask("unsubscribe", {"thread_id": threads[1].id})
        for thread in threads:
            await api.beta.threads.messages.create(thread.id, role="user", content=f"To {thread.id}")
        readers = [Reader(talker, thread.id) for thread in threads]
        await talker.until(lambda: all(readers[at].read().messages for at in (0, 2)))
    assert [[message["content"][0]["text"]["value"] for message in reader.read().messages] for reader in readers] == [
        [f"To {threads[0].id}"],
        [],
        [f"To {threads[2].id}"],
    ]


async def test_to_follow_a_thread_again_is_to_follow_it_once(url: str, api: AsyncOpenAI) -> None:
    thread = await api.beta.threads.create()
    async with talking(url) as talker:
        await talker.ask("subscribe", {"thread_id": thread.id})
        await talker.ask("subscribe", {"thread_id": thread.id})
        said = await api.beta.threads.messages.create(thread.id, role="user", content="Once")
        reader = Reader(talker, thread.id)
        await talker.until(lambda: reader.read().messages)
        await talker.ask("unsubscribe", {"thread_id": thread.id})
    created = [told for told in talker.all("thread.event") if told["event"] == "thread.message.created"]
    assert [told["data"]["id"] for told in created] == [said.id]


async def test_people_on_sockets_are_people(url: str, api: AsyncOpenAI) -> None:
    thread = await api.beta.threads.create()
    async with talking(url) as ann:
        await ann.ask("subscribe", {"thread_id": thread.id, "name": "Ann", "user_id": "user_ann"})
        async with talking(url, "polling") as ben:
            await ben.ask("subscribe", {"thread_id": thread.id, "name": "Ben", "user_id": "user_ben"})
            reader = Reader(ann, thread.id)
            await ann.until(lambda: len(reader.read().people) == 2)
    assert [person["name"] for person in reader.fold.people] == ["Ann", "Ben"]


async def test_a_deleted_thread_lets_go_of_its_sockets(url: str, api: AsyncOpenAI) -> None:
    thread = await api.beta.threads.create()
    async with talking(url) as talker:
        await talker.ask("subscribe", {"thread_id": thread.id})
        await talker.first("thread.event")
        await api.beta.threads.delete(thread.id)
        assert await talker.first("unsubscribed") == {"thread_id": thread.id, "ended": True}
        last = talker.all("thread.event")[-1]
        assert last["event"] == "thread.deleted"
        asked = {"thread_id": thread.id, "cursor": last["id"]}
        assert await talker.ask("subscribe", asked) == {"verdict": "tail", "ended": True}


async def test_who_acknowledges_is_not_told_far_ahead(url: str, api: AsyncOpenAI) -> None:
    thread = await api.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    long = "\n".join(WORDS for _ in range(60))
    async with talking(url) as talker:
        await talker.ask("subscribe", {"thread_id": thread.id})
        snapshot = await talker.first("thread.event")
        await talker.ask("ack", {"thread_id": thread.id, "id": snapshot["id"]})
        run = await api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=await speaker(api, long))
        assert run.status == "completed"
        reader = Reader(talker, thread.id)
        await talker.until(lambda: reader.read().runs)
        assert reader.read().runs[0]["status"] != "completed"
        while reader.read().runs[0]["status"] != "completed":
            told = len(talker.told)
            last = next(said["id"] for said in reversed(talker.all("thread.event")) if said["id"])
            await talker.ask("ack", {"thread_id": thread.id, "id": last})
            await talker.until(lambda told=told: len(talker.told) > told)  # type: ignore[misc]
    assert list(reader.fold.messages) == await stored(api, thread.id)


@pytest.mark.parametrize(
    ("name", "said", "param", "sentence"),
    [
        ("subscribe", None, None, "Invalid type: expected an object, but got null instead."),
        ("subscribe", {}, "thread_id", "Missing required parameter: 'thread_id'."),
        ("subscribe", {"thread_id": 7}, "thread_id", "Invalid type for 'thread_id': expected a string"),
        ("subscribe", {"thread_id": "room"}, "thread_id", "Invalid 'thread_id': 'room'. Expected an ID"),
        ("subscribe", {"thread_id": "thread_none"}, None, "No thread found with id 'thread_none'."),
        ("subscribe", {"thread_id": "thread_1", "cursor": "?"}, "cursor", "Invalid 'cursor': it must be a cursor"),
        ("subscribe", {"thread_id": "thread_1", "name": "Ann"}, "user_id", "Missing required parameter: 'user_id'."),
        ("subscribe", {"thread_id": "thread_1", "name": "\n"}, "name", "Invalid 'name': expected 1 to 64"),
        ("subscribe", {"thread_id": "thread_1", "limit": 0}, "limit", "Invalid 'limit': integer below minimum value"),
        ("subscribe", b"\x00\xff", None, "Invalid type: expected an object"),
        ("subscribe", {"thread_id": b"\x00"}, "thread_id", "Invalid type for 'thread_id': expected a string"),
        ("subscribe", {"thread_id": "thread_1", "name": "\ud800"}, "name", "Invalid 'name': not valid text."),
        ("unsubscribe", [], None, "Invalid type: expected an object, but got an array instead."),
        ("ack", {"thread_id": "thread_1"}, "id", "Missing required parameter: 'id'."),
        ("dance", {}, None, "Unknown event 'dance'."),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    url: str, transport: str, name: str, said: Any, param: str | None, sentence: str
) -> None:
    async with talking(url, transport) as talker:
        answer = await talker.ask(name, said)
        error = answer["error"]
        assert (answer["verdict"], error["param"]) == ("error", param)
        assert error["message"].startswith(sentence)
        assert await talker.first("error") == {"event": name, **error}
        assert (await talker.ask("dance", {}))["verdict"] == "error"  # the socket goes on


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    """A server that wants a key."""
    with testing.server(api_keys=("sk-right",)) as url:
        yield url


async def test_a_client_without_a_key_is_refused(locked: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with talking(locked):
            raise AssertionError("connected")


@pytest.mark.parametrize("given", [{"auth": {"token": "sk-right"}}, {"headers": {"Authorization": "Bearer sk-right"}}])
async def test_a_key_comes_with_the_connection_or_in_a_header(
    locked: str, given: dict[str, Any], transport: str
) -> None:
    async with talking(locked, transport, **given) as talker:
        assert (await talker.ask("dance", {}))["verdict"] == "error"


async def test_a_page_of_a_foreign_origin_cannot_connect(url: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):  # its polls are refused as any POST of its is
        async with talking(url, headers={"Origin": "https://evil.example"}):
            raise AssertionError("connected")


async def test_nor_can_one_whose_name_was_made_to_point_here(url: str, transport: str) -> None:
    made = {"Origin": "http://evil.example", "Host": "evil.example"}
    with pytest.raises(socketio.exceptions.ConnectionError):
        async with talking(url, transport, headers=made):
            raise AssertionError("connected")


async def test_a_page_of_this_machine_can(url: str, transport: str) -> None:
    async with talking(url, transport, headers={"Origin": "http://localhost:5173"}) as talker:
        assert (await talker.ask("dance", {}))["verdict"] == "error"


async def test_at_a_stop_sockets_are_sent_away_and_nothing_waits(transport: str) -> None:
    gone = asyncio.Event()
    with testing.server() as url:
        client = socketio.AsyncClient(reconnection=False)
        client.on("disconnect", lambda *_: gone.set())
        await client.connect(url, transports=[transport])
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any") as api:
            thread = await api.beta.threads.create()
        assert (await client.call("subscribe", {"thread_id": thread.id}))["verdict"] == "snapshot"
    async with asyncio.timeout(10):
        await gone.wait()
