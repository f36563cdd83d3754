"""The streams over real HTTP: who is let in, who is refused and how, who is there, and who harms nobody."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from livethread import testing
from livethread.sse import Decoder, Event

LIVE = {"accept": "text/event-stream"}
BAD_NAME = "Invalid 'name': expected 1 to 64 characters on one line, and no control characters."
BAD_USER = "Invalid 'user_id': expected 1 to 64 visible characters without blanks."
NO_TEXT = "not valid text. Expected UTF-8, percent-encoded."
BAD_CURSOR = "Invalid 'cursor': it must be one that this server has given out, as an event's id or in x-thread-cursor."


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server() as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url) as client:
        yield client


@pytest.fixture
def thread(client: httpx2.Client) -> str:
    id: str = client.post("/v1/threads").json()["id"]
    return id


class Watching:
    """One who watches a stream."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.events: list[Event] = []
        self._pieces = answer.iter_raw()
        self._decoder = Decoder()

    def until(self, type: str) -> Any:
        """Read on up to the next event of a type, and give its data."""
        while True:
            while self.events:
                event = self.events.pop(0)
                if event.type == type:
                    return json.loads(event.data)
            self.events += self._decoder.feed(next(self._pieces))

    def to_the_end(self) -> list[str]:
        """Read all there is, and give the types."""
        for piece in self._pieces:
            self.events += self._decoder.feed(piece)
        return [event.type for event in self.events if event.type != "thread.presence"]

    @property
    def last_id(self) -> str:
        return self._decoder.last_event_id


@contextmanager
def watching(client: httpx2.Client, thread: str, query: str = "", **headers: str) -> Iterator[Watching]:
    """Watch a thread; behind the block the connection is cut."""
    with client.stream("GET", f"/v1/threads/{thread}/events{query}", headers=LIVE | headers) as answer:
        assert answer.status_code == 200
        yield Watching(answer)


def refused(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """Status, message and param of an error in the envelope."""
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    return answer.status_code, error["message"], error["param"]


def say(client: httpx2.Client, thread: str, text: str) -> None:
    client.post(f"/v1/threads/{thread}/messages", json={"role": "user", "content": text}).raise_for_status()


def until(true: Callable[[], bool]) -> None:
    """Ask until something is so; each question is a call of the server, so this waits for it, not for a time."""
    for _ in range(20_000):
        if true():
            return
    raise AssertionError("it never came to be so")


def viewers(client: httpx2.Client) -> int:
    count: int = client.get("/healthz").json()["viewers"]
    return count


# -- who is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "message", "param"),
    [
        ("thread_gone/events", 404, "No thread found with id 'thread_gone'.", None),
        ("thread_%ED%A0%80/events", 404, "No thread found with id 'thread_\ufffd\ufffd\ufffd'.", None),
        ("x/events", 400, "Invalid 'thread_id': 'x'. Expected an ID that begins with 'thread'.", "thread_id"),
        ("thread_gone/runs/run_1/events", 404, "No thread found with id 'thread_gone'.", None),
        ("THREAD/runs/run_gone/events", 404, "No run found with id 'run_gone'.", None),
        ("THREAD/runs/x/events", 400, "Invalid 'run_id': 'x'. Expected an ID that begins with 'run'.", "run_id"),
    ],
)
def test_what_is_not_there_is_refused_before_any_stream_begins(
    client: httpx2.Client, thread: str, path: str, status: int, message: str, param: str | None
) -> None:
    answer = client.get(f"/v1/threads/{path.replace('THREAD', thread)}", headers=LIVE)
    assert refused(answer) == (status, message, param)


BAD_QUERIES: list[tuple[str, str, str]] = [
    *((f"limit={limit}", "Invalid 'limit': expected a whole number from 1 to 100.", "limit")
      for limit in ("0", "101", "-1", "1.5", "", "many", "9" * 5000, "%D9%A1", "%00", "1%ff")),
    *((f"cursor={cursor}", BAD_CURSOR, "cursor") for cursor in ("", "x", "1.aaaa~", "%ff", "%00", "z" * 5000)),
    *((f"snapshot={snapshot}", "Invalid 'snapshot': expected 'full' or 'none'.", "snapshot")
      for snapshot in ("", "no", "%ff", "none%00")),
    *((f"user_id=u&name={name}", BAD_NAME, "name")
      for name in ("", "%20%09", "a%00b", "a%0Ab", "%1b[31m", "x%C2%85x", "a%E2%80%A8b", "x" * 65)),
    *((f"user_id=u&name={name}", f"Invalid 'name': {NO_TEXT}", "name") for name in ("%ff", "%ED%A0%80", "%C3")),
    *((f"name=Ann&user_id={id}", BAD_USER, "user_id")
      for id in ("", "a%20b", "+u", "%00", "a%E2%80%8Bb", "x" * 65)),
    ("name=Ann&user_id=%ED%B0%80", f"Invalid 'user_id': {NO_TEXT}", "user_id"),
    ("name=Ann", "Missing required parameter: 'user_id'. "
     "Who says who they are gives both a 'name' and a 'user_id'.", "user_id"),
    ("user_id=u", "Missing required parameter: 'name'. "
     "Who says who they are gives both a 'name' and a 'user_id'.", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "message", "param"), BAD_QUERIES, ids=range(len(BAD_QUERIES)))
def test_a_query_that_makes_no_sense_is_refused_with_its_parameter(
    client: httpx2.Client, thread: str, query: str, message: str, param: str
) -> None:
    for path in (thread, "thread_gone"):
        assert refused(client.get(f"/v1/threads/{path}/events?{query}", headers=LIVE)) == (400, message, param)


@pytest.mark.parametrize("query", ["?%ff=1&limit=1", "?limit=0&limit=1", "?&&=&limit=1", "?nobody=knows&limit=1"])
def test_what_nobody_knows_in_a_query_is_ignored_and_the_last_of_a_kind_counts(
    client: httpx2.Client, thread: str, query: str
) -> None:
    for text in ("one", "two"):
        say(client, thread, text)
    with watching(client, thread, query) as viewer:
        assert len(viewer.until("thread.snapshot")["messages"]) == 1


@pytest.mark.parametrize("id", ["x", "~", "1.aaaa", "9" * 1000])
def test_a_last_event_id_that_is_good_for_nothing_is_no_error(client: httpx2.Client, thread: str, id: str) -> None:
    with watching(client, thread, **{"last-event-id": id}) as viewer:
        assert viewer.until("thread.snapshot")["messages"] == []


# -- a thread that goes ------------------------------------------------------------------------


def test_a_thread_that_is_deleted_ends_its_stream_and_who_comes_back_is_sent_away_for_good(
    client: httpx2.Client, thread: str
) -> None:
    with watching(client, thread, "?name=Ann&user_id=u1") as viewer:
        viewer.until("thread.presence")
        client.delete(f"/v1/threads/{thread}").raise_for_status()
        assert viewer.to_the_end() == ["thread.deleted"]
    path = f"/v1/threads/{thread}/events"
    assert client.get(path, headers=LIVE | {"last-event-id": viewer.last_id}).status_code == 204
    assert client.get(f"{path}?cursor={viewer.last_id}").status_code == 204
    gone = (404, f"No thread found with id '{thread}'.", None)
    assert refused(client.get(path, headers=LIVE)) == gone
    assert refused(client.get(path, headers=LIVE | {"last-event-id": "x"})) == gone
    assert refused(client.post(f"/v1/threads/{thread}/typing", json={"user_id": "u1", "typing": True})) == gone


def test_who_was_away_while_its_thread_was_deleted_is_told_and_then_sent_away(
    client: httpx2.Client, thread: str
) -> None:
    with watching(client, thread) as viewer:
        viewer.until("thread.snapshot")
    client.delete(f"/v1/threads/{thread}").raise_for_status()
    with watching(client, thread, **{"last-event-id": viewer.last_id}) as again:
        assert again.to_the_end() == ["thread.deleted"]
    answer = client.get(f"/v1/threads/{thread}/events", headers={"last-event-id": again.last_id})
    assert answer.status_code == 204


# -- who is there ------------------------------------------------------------------------------


def test_people_see_each_other_and_who_types(client: httpx2.Client, thread: str) -> None:
    ann, bo = ({"user_id": id, "name": name} for id, name in (("u1", "Ann 👩‍🚀"), ("u2", "漢")))
    with watching(client, thread, "?name=+Ann%20%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80+&user_id=u1") as first:
        assert first.until("thread.snapshot")["people"] == [{**ann, "typing": False}]
        people = [{**ann, "typing": False}]
        assert first.until("thread.presence") == {"people": people, "viewers": 1, "joined": [ann], "left": []}
        with watching(client, thread, "?name=%E6%BC%A2&user_id=u2") as second:
            people.append({**bo, "typing": False})
            told = {"people": people, "viewers": 2, "joined": [bo], "left": []}
            assert first.until("thread.presence") == second.until("thread.presence") == told
            typing = client.post(f"/v1/threads/{thread}/typing", json={"user_id": "u2", "typing": True}).json()
            assert typing == first.until("thread.typing") == second.until("thread.typing") == {**bo, "typing": True}
            with watching(client, thread) as third:
                assert third.until("thread.snapshot")["people"][1] == {**bo, "typing": True}


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        ({"user_id": "u9", "typing": True}, "Nobody with the user_id 'u9' looks at this thread. "
         "Open its stream with ?name=…&user_id=… first.", "user_id"),
        ({"typing": True}, "Missing required parameter: 'user_id'.", "user_id"),
        ({"user_id": "u1"}, "Missing required parameter: 'typing'.", "typing"),
        ({"user_id": "u1", "typing": "yes"},
         "Invalid type for 'typing': expected a boolean, but got a string instead.", "typing"),
        ({"user_id": "a b", "typing": True}, BAD_USER, "user_id"),
    ],
    ids=range(5),
)  # fmt: skip
def test_typing_that_makes_no_sense_is_refused(
    client: httpx2.Client, thread: str, body: Any, message: str, param: str
) -> None:
    assert refused(client.post(f"/v1/threads/{thread}/typing", json=body)) == (400, message, param)


def test_nobody_types_in_a_thread_that_is_not_there(client: httpx2.Client) -> None:
    answer = client.post("/v1/threads/thread_gone/typing", json={"user_id": "u1", "typing": True})
    assert refused(answer) == (404, "No thread found with id 'thread_gone'.", None)


# -- how many are let in -----------------------------------------------------------------------


def test_who_is_one_too_many_is_asked_to_come_back_and_the_others_go_on() -> None:
    with testing.server(max_viewers=3, max_viewers_per_thread=2) as url, httpx2.Client(base_url=url) as client:
        thread, other, third = (client.post("/v1/threads").json()["id"] for _ in range(3))
        hint = "Try again in 15 seconds; who runs the server can raise"
        here = f"This thread has its 2 viewers already. {hint} max_viewers_per_thread."
        anywhere = f"This server has its 3 viewers already. {hint} max_viewers."
        with watching(client, thread) as first, watching(client, other) as elsewhere:
            with watching(client, thread) as second:
                for path, message in ((thread, anywhere), (third, anywhere), (f"{thread}/runs/run_1", anywhere)):
                    answer = client.get(f"/v1/threads/{path}/events")
                    assert refused(answer) == (503, message, None)
                    assert answer.headers["retry-after"] == "15"
                elsewhere.answer.close()
                until(lambda: viewers(client) == 2)
                answer = client.get(f"/v1/threads/{thread}/events", headers=LIVE)
                assert (answer.status_code, answer.headers["connection"]) == (200, "close")
                assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
                assert b"id:" not in answer.content.replace(b'_id":', b"")
                (event,) = Decoder().feed(answer.content)
                error = {"message": here, "type": "server_error", "param": None, "code": "too_many_viewers"}
                assert (event.type, event.id, event.retry) == ("error", "", 15_000)
                assert json.loads(event.data) == {"error": error, **error}
                say(client, thread, "still here")
                for viewer in (first, second):
                    viewer.until("thread.message.created")
            until(lambda: viewers(client) == 1)
            with watching(client, thread) as again:
                assert len(again.until("thread.snapshot")["messages"]) == 1


def test_who_creates_a_run_and_streams_it_is_always_let_in() -> None:
    with testing.server(max_viewers=1) as url, httpx2.Client(base_url=url) as client:
        assistant = client.get("/v1/assistants").json()["data"][0]["id"]
        thread = client.post("/v1/threads").json()["id"]
        with watching(client, thread) as viewer:
            body = {"assistant_id": assistant, "stream": True}
            streamed = client.post(f"/v1/threads/{thread}/runs", json=body)
            assert streamed.content.endswith(b"event: done\ndata: [DONE]\n\n")
            run = viewer.until("thread.run.completed")["id"]
            assert refused(client.get(f"/v1/threads/{thread}/runs/{run}/events"))[0] == 503
        until(lambda: viewers(client) == 0)
        answer = client.get(f"/v1/threads/{thread}/runs/{run}/events")
        assert answer.content.endswith(b"event: done\ndata: [DONE]\n\n")


# -- who harms nobody --------------------------------------------------------------------------


def opened(url: str, thread: str) -> socket.socket:
    """A connection that has been sent the beginning of a stream."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
    connection.sendall(f"GET /v1/threads/{thread}/events HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    read = b""
    while b"thread.snapshot" not in read:
        read += connection.recv(65536)
    return connection


def resets(connection: socket.socket) -> None:
    connection.sendall(b"POST \0")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


DOINGS: dict[str, Callable[[socket.socket], None]] = {
    "closes": lambda connection: None,
    "resets": resets,
    "half-closes": lambda connection: connection.shutdown(socket.SHUT_WR),
    "sends garbage": lambda connection: connection.sendall(b"\0\xff garbage \r\n\r\n" * 10_000),
    "asks for more and closes": lambda connection: connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100),
}  # fmt: skip


def noticed(client: httpx2.Client, thread: str) -> int:
    """How many look on behind one more write to each: some are only found to have gone when they are written to."""
    say(client, thread, "and on")
    return viewers(client)


@pytest.mark.parametrize("doing", DOINGS)
def test_a_client_that_misbehaves_on_its_stream_harms_nobody(
    url: str, client: httpx2.Client, thread: str, doing: str
) -> None:
    until(lambda: viewers(client) == 0)
    with watching(client, thread) as good:
        good.until("thread.snapshot")
        with opened(url, thread) as bad:
            assert viewers(client) == 2
            DOINGS[doing](bad)
            say(client, thread, "meanwhile")
            assert good.until("thread.message.created")["content"][0]["text"]["value"] == "meanwhile"
        until(lambda: noticed(client, thread) == 1)
        assert good.until("thread.message.created")["content"][0]["text"]["value"] == "and on"


def test_a_body_that_never_ends_on_a_stream_harms_nobody(url: str, client: httpx2.Client, thread: str) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = f"GET /v1/threads/{thread}/events HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {10**12}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 1_000_000)
        read = b""
        while b"thread.snapshot" not in read:
            read += connection.recv(65536)
        connection.sendall(b"x" * 1_000_000)
        say(client, thread, "meanwhile")
        while b"meanwhile" not in read:
            read += connection.recv(65536)
    until(lambda: viewers(client) == 0)
