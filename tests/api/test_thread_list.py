"""The list of threads over real HTTP: its pages while threads move, and its stream."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.types import Message

from livethread import testing
from livethread.app import Livethread
from livethread.settings import Settings
from livethread.sse import Decoder, Event
from tests.api.test_streams import DOINGS, LIVE, refused, say, until, viewers


@pytest.fixture
def url() -> Iterator[str]:
    with testing.server(max_viewers=3, max_viewers_per_thread=1) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def steady() -> Iterator[httpx2.Client]:
    """A caller of a server on which nothing is changed."""
    with testing.server() as url, httpx2.Client(base_url=url) as client:
        yield client


def opened(client: httpx2.Client, **body: Any) -> str:
    id: str = client.post("/v1/threads", json=body).json()["id"]
    return id


def page(client: httpx2.Client, **query: Any) -> tuple[list[str], bool]:
    """The ids of a page, and whether there are more."""
    listing = client.get("/v1/threads", params=query).json()
    return [item["id"] for item in listing["data"]], listing["has_more"]


class Watching:
    """One who watches the list."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._pieces = answer.iter_raw()
        self._decoder = Decoder()
        self._events: list[Event] = []
        self.first = next(self._pieces)
        self._decoder.feed(self.first)

    def next(self) -> tuple[str, Any]:
        """The next event: its type and object."""
        while not self._events:
            self._events += self._decoder.feed(next(self._pieces))
        event = self._events.pop(0)
        assert (event.id, event.retry) == ("", None)
        return event.type, json.loads(event.data)

    def to_the_end(self) -> list[Event]:
        """All that is still to come."""
        return [*self._events, *(event for piece in self._pieces for event in self._decoder.feed(piece))]


@contextmanager
def watching(client: httpx2.Client, query: str = "", **headers: str) -> Iterator[Watching]:
    """Watch the list; behind the block the connection is cut."""
    with client.stream("GET", f"/v1/threads/events{query}", headers=LIVE | headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        viewer = Watching(answer)  # who lets go of it closes the connection
        yield viewer


# -- the list ----------------------------------------------------------------------------------


def test_a_thread_comes_up_when_something_is_said_in_it_and_not_when_it_is_renamed(client: httpx2.Client) -> None:
    ids = [opened(client) for _ in range(3)]
    assert page(client) == (ids[::-1], False)
    say(client, ids[0], "up")
    client.post(f"/v1/threads/{ids[1]}", json={"metadata": {"title": "Mine"}}).raise_for_status()
    assert page(client) == ([ids[0], ids[2], ids[1]], False)
    items = client.get("/v1/threads").json()["data"]
    assert [(item["title"], item["last_message"] and item["last_message"]["text"]) for item in items] == [
        ("up", "up"), (None, None), ("Mine", None),
    ]  # fmt: skip


def test_a_page_begins_where_its_cursor_stands_now(client: httpx2.Client) -> None:
    ids = [opened(client) for _ in range(5)][::-1]
    assert page(client, limit=2) == (ids[:2], True)
    say(client, ids[3], "up")  # what comes up is told by the stream; the pages behind lose nothing else
    assert page(client, limit=2, after=ids[1]) == ([ids[2], ids[4]], False)
    say(client, ids[1], "up")  # a cursor that comes up begins again from there, and misses nothing
    assert page(client, limit=9, after=ids[1]) == ([ids[3], ids[0], ids[2], ids[4]], False)
    assert page(client, limit=9, before=ids[2], order="desc") == ([ids[1], ids[3], ids[0]], False)
    assert page(client, limit=2, order="asc") == ([ids[4], ids[2]], True)


@pytest.mark.parametrize(
    ("query", "param", "message"),
    [
        *((f"limit={limit}", "limit", None) for limit in ("0", "101", "-1", "9" * 400, "many", "")),
        ("order=up", "order", None),
        *((f"{side}={id}", side, f"No thread found with id '{id}'.")
          for side in ("after", "before") for id in ("thread_gone", "msg_1", "x" * 128)),
        ("after=%00", "after", "No thread found with id '\0'."),
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused_with_its_parameter(
    steady: httpx2.Client, query: str, param: str, message: str | None
) -> None:
    answer = refused(steady.get(f"/v1/threads?{query}"))
    assert answer == (400, message or answer[1], param)


def test_a_thread_that_was_deleted_is_no_cursor(client: httpx2.Client) -> None:
    kept, gone = opened(client), opened(client)
    client.delete(f"/v1/threads/{gone}").raise_for_status()
    assert page(client) == ([kept], False)
    assert refused(client.get("/v1/threads", params={"after": gone}))[::2] == (400, "after")


# -- its stream --------------------------------------------------------------------------------


def test_all_who_watch_are_told_of_a_thread_as_the_list_has_it(client: httpx2.Client) -> None:
    with watching(client) as first, watching(client, "?limit=x&cursor=y", **{"last-event-id": "z"}) as second:
        assert (first.first, second.first) == (b":\n", b":\n")
        thread = opened(client, messages=[{"role": "user", "content": "Hello"}])
        (item,) = client.get("/v1/threads").json()["data"]
        assert (item["id"], item["title"], item["last_message"]["text"]) == (thread, "Hello", "Hello")
        assert first.next() == second.next() == ("thread.listed", item)
        client.delete(f"/v1/threads/{thread}").raise_for_status()
        gone = {"id": thread, "object": "thread.deleted", "deleted": True}
        assert first.next() == second.next() == ("thread.deleted", gone)


def test_what_changes_often_is_told_once_a_second_with_its_newest_state(client: httpx2.Client) -> None:
    with watching(client) as viewer:
        thread = opened(client)
        assert viewer.next()[1]["last_message"] is None
        told = time.monotonic()
        for number in range(20):
            say(client, thread, f"{number}")
        seen: list[str] = []
        while seen[-1:] != ["19"]:
            seen.append(viewer.next()[1]["last_message"]["text"])
        assert len(seen) <= (time.monotonic() - told) / 0.9
        assert seen == sorted(set(seen), key=int)
        other = opened(client)
        assert viewer.next()[1]["id"] == other


def test_an_answer_is_told_when_it_has_ended(client: httpx2.Client) -> None:
    assistant = client.get("/v1/assistants").json()["data"][0]["id"]
    thread = opened(client, messages=[{"role": "user", "content": "Hi"}])
    with watching(client) as viewer:
        body = {"assistant_id": assistant, "stream": True}
        client.post(f"/v1/threads/{thread}/runs", json=body).raise_for_status()
        type, item = viewer.next()
        (answer,) = client.get(f"/v1/threads/{thread}/messages", params={"limit": 1}).json()["data"]
        assert (type, item["title"]) == ("thread.listed", "Hi")
        assert item["last_message"] == {
            "text": answer["content"][0]["text"]["value"][:200],
            "author": {"role": "assistant", "assistant_id": assistant, "name": None, "user_id": None},
            "created_at": answer["created_at"],
        }


def test_who_comes_back_reads_the_list_and_hears_of_what_follows(client: httpx2.Client) -> None:
    with watching(client) as viewer:
        thread = opened(client)
        viewer.next()
    say(client, thread, "while it was away")
    with watching(client) as again:
        assert client.get("/v1/threads").json()["data"][0]["last_message"]["text"] == "while it was away"
        other = opened(client)
        assert again.next()[1]["id"] == other


def test_the_list_has_places_of_its_own_up_to_those_of_the_server(client: httpx2.Client) -> None:
    with watching(client), watching(client), watching(client):
        until(lambda: viewers(client) == 3)
        status, message, param = refused(client.get("/v1/threads/events"))
        assert (status, message.partition(".")[0], param) == (503, "This server has its 3 viewers already", None)
        answer = client.get("/v1/threads/events", headers=LIVE)
        (event,) = Decoder().feed(answer.content)
        assert (answer.status_code, event.type, event.retry) == (200, "error", 15_000)
    until(lambda: viewers(client) == 0)
    with watching(client) as again:
        assert again.first == b":\n"


@pytest.mark.parametrize("doing", DOINGS)
def test_a_client_that_misbehaves_on_the_list_harms_nobody(url: str, client: httpx2.Client, doing: str) -> None:
    parts = urlsplit(url)
    with watching(client) as good:
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as bad:
            bad.sendall(f"GET /v1/threads/events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            read = b""
            while b":\n" not in read.partition(b"\r\n\r\n")[2]:
                read += bad.recv(65536)
            DOINGS[doing](bad)
            thread = opened(client)
            assert good.next()[1]["id"] == thread

        def noticed() -> int:  # some are only found to have gone when they are written to
            opened(client)
            return viewers(client)

        until(lambda: noticed() == 1)


def test_a_client_that_reads_nothing_holds_nobody_up(url: str, client: httpx2.Client) -> None:
    parts = urlsplit(url)
    metadata = {f"key {number}": "漢" * 512 for number in range(16)}
    with watching(client) as good, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((parts.hostname, parts.port))
        slow.settimeout(10)
        slow.sendall(f"GET /v1/threads/events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        until(lambda: viewers(client) == 2)
        ids = [opened(client, metadata=metadata) for _ in range(150)]  # 7 MB of ASCII: more than any buffer
        assert [good.next()[1]["id"] for _ in ids] == ids
        client.post(f"/v1/threads/{ids[-1]}", json={"metadata": {"title": "the last"}}).raise_for_status()
        read = b""
        while b'"the last"' not in read:
            read = read[-65536:] + slow.recv(65536)


def test_a_server_that_stops_ends_the_stream() -> None:
    with httpx2.Client() as client, ExitStack() as serving:
        url = serving.enter_context(testing.server())
        with client.stream("GET", f"{url}/v1/threads/events", headers=LIVE) as answer:
            viewer = Watching(answer)
            serving.close()
            assert viewer.to_the_end() == []


async def test_below_any_other_server_it_is_sent_as_asgi_has_it_until_its_viewer_goes_or_the_app_stops(
    tmp_path: Path,
) -> None:
    app = Livethread(Settings(data=tmp_path, local_engines=False, words_per_second=0))
    await app.start()
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    path = {"path": "/v1/threads/events", "root_path": "", "query_string": b""}
    scope = {"type": "http", "method": "GET", "headers": [], **path}
    answers: list[asyncio.Queue[Any]] = [asyncio.Queue() for _ in range(2)]
    serving = [asyncio.create_task(app(scope, receive, answer.put)) for answer in answers]
    for answer in answers:
        assert (await answer.get())["status"] == 200
        assert await answer.get() == {"type": "http.response.body", "body": b":\n", "more_body": True}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://livethread") as client:
        thread = (await client.post("/v1/threads")).json()
    for answer in answers:
        (event,) = Decoder().feed((await answer.get())["body"])
        told = thread | {"title": None, "last_message": None, "active_at": thread["created_at"]}
        assert (event.type, json.loads(event.data)) == ("thread.listed", told)
    gone.set()
    await asyncio.gather(*serving)
    assert (app.thread_list.viewers, [answer.empty() for answer in answers]) == (0, [True, True])
    gone.clear()
    late = asyncio.create_task(app(scope, receive, answers[0].put))
    while (await answers[0].get()).get("body") != b":\n":
        pass
    await app.stop()
    assert await answers[0].get() == {"type": "http.response.body", "body": b"", "more_body": False}
    await late


def test_events_is_no_thread(steady: httpx2.Client) -> None:
    wrong = "Invalid 'thread_id': 'events'. Expected an ID that begins with 'thread'."
    calls: list[Callable[[], httpx2.Response]] = [
        lambda: steady.post("/v1/threads/events", json={}),
        lambda: steady.delete("/v1/threads/events"),
        lambda: steady.get("/v1/threads/events/events"),
    ]
    assert [refused(call()) for call in calls] == [(400, wrong, "thread_id")] * 3
