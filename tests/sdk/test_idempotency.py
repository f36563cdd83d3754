"""An SDK that loses patience, or its connection, sends its POST again: nothing is done twice, and no event is lost."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from livethread import testing
from tests.sdk.orders import ANSWERED, BEGUN, SAID, broken_rules, order
from tests.sdk.recorder import Recorder
from tests.sdk.scenes import ONE_CALL, PAUSE, SILENCE, asked, outputs, player, polled, script, started, texts, until

PATIENCE = 0.2
"""Seconds that the first attempt waits for an answer."""


class Impatient(httpx2.HTTPTransport):
    """Gives up the first POST while the server, whose database is held until then, is still at it."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database
        self.counts: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            self.counts.append(request.headers["x-stainless-retry-count"])
        if self.counts != ["0"]:
            return super().handle_request(request)
        request.extensions["timeout"] = {"connect": 5, "write": 5, "pool": 5, "read": PATIENCE}
        with closing(sqlite3.connect(self._database)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            return super().handle_request(request)


class Proxy:
    """Hands bytes on between a caller and the server; of the first answer it hands on none, and breaks off.

    Args:
        url: the server's.
        swallows: how many bytes of that answer it takes before it does.
    """

    def __init__(self, url: str, swallows: int) -> None:
        self._server = (httpx2.URL(url).host, httpx2.URL(url).port or 80)
        self._swallows = swallows
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._listener.getsockname())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        first = True
        with suppress(OSError):  # the listener is closed
            while True:
                caller, _ = self._listener.accept()
                thread = threading.Thread(target=self._swallow if first else self._hand_on, args=(caller,), daemon=True)
                self._threads.append(thread)
                thread.start()
                first = False

    def _swallow(self, caller: socket.socket) -> None:
        with caller, self._connected() as server:
            asking = threading.Thread(target=self._copy, args=(caller, server), daemon=True)
            asking.start()
            taken = 0
            while taken < self._swallows:
                taken += len(server.recv(min(4096, self._swallows - taken)))
            server.shutdown(socket.SHUT_RDWR)
            caller.shutdown(socket.SHUT_RDWR)
            asking.join(10)

    def _hand_on(self, caller: socket.socket) -> None:
        with caller, self._connected() as server:
            asking = threading.Thread(target=self._copy, args=(caller, server), daemon=True)
            asking.start()
            self._copy(server, caller)
            asking.join(10)

    def _connected(self) -> socket.socket:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.connect(self._server)
        return server

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of them has gone: so shall the other
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    with testing.server(data=data) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[OpenAI]:
    """An SDK with all the patience there is."""
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def hasty(url: str, data: Path) -> Iterator[OpenAI]:
    """An SDK whose first POST is given up and sent again, once."""
    transport = Impatient(data / "livethread.db")
    http = httpx2.Client(transport=transport)
    with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=2, http_client=http) as hasty:
        yield hasty
    assert transport.counts == ["0", "1"]


@contextmanager
def cut(url: str, swallows: int) -> Iterator[OpenAI]:
    """An SDK that hears nothing of its first answer."""
    with closing(Proxy(url, swallows)) as proxy, OpenAI(base_url=f"{proxy.url}/v1", api_key="any") as client:
        yield client


def runs_of(client: OpenAI, thread_id: str) -> list[str]:
    return [run.id for run in client.beta.threads.runs.list(thread_id)]


def threads_of(client: OpenAI) -> list[str]:
    page = httpx2.get(f"{client.base_url}threads", params={"limit": 100}).json()
    return [thread["id"] for thread in page["data"]]


def waiting(client: OpenAI) -> Run:
    run = polled(client, started(client, ONE_CALL))
    assert run.status == "requires_action"
    return run


def test_a_message_is_posted_once(client: OpenAI, hasty: OpenAI) -> None:
    thread = client.beta.threads.create()
    message = hasty.beta.threads.messages.create(thread.id, role="user", content="ok")
    assert [listed.id for listed in client.beta.threads.messages.list(thread.id)] == [message.id]


def test_equal_messages_in_a_row_are_two(client: OpenAI) -> None:
    thread = client.beta.threads.create()
    posted = [client.beta.threads.messages.create(thread.id, role="user", content="ok").id for _ in range(2)]
    assert [listed.id for listed in client.beta.threads.messages.list(thread.id, order="asc")] == posted


def test_an_answer_that_arrived_is_not_given_to_a_later_retry(client: OpenAI) -> None:
    thread, assistant = asked(client), player(client, script("echo"))
    headers = {"X-Stainless-Retry-Count": "1"}
    said = [
        client.beta.threads.messages.create(thread.id, role="user", content="ok", extra_headers=headers).id
        for _ in range(2)
    ]
    assert len(set(said)) == 2
    for _ in range(2):
        for _event in client.beta.threads.runs.create(
            thread.id, assistant_id=assistant.id, stream=True, extra_headers=headers
        ):
            pass
    assert len(runs_of(client, thread.id)) == 2


def test_a_thread_is_made_once(client: OpenAI, hasty: OpenAI) -> None:
    before = threads_of(client)
    thread = hasty.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    assert set(threads_of(client)) == {*before, thread.id}


def test_a_run_is_made_once_also_where_a_busy_thread_refuses_another(client: OpenAI, hasty: OpenAI) -> None:
    thread, assistant = asked(client, metadata={"thread_policy": "reject"}), player(client, SILENCE)
    run = hasty.beta.threads.runs.create(
        thread.id, assistant_id=assistant.id, additional_messages=[{"role": "user", "content": "And?"}]
    )
    assert runs_of(client, thread.id) == [run.id]
    assert [said for _, _, said in texts(client, thread.id)] == ["Hello", "And?"]
    client.beta.threads.delete(thread.id)


def test_a_retried_run_does_not_interrupt_itself(client: OpenAI, hasty: OpenAI) -> None:
    thread, assistant = asked(client), player(client, script("echo"))
    run = hasty.beta.threads.runs.create(
        thread.id, assistant_id=assistant.id, extra_body={"thread_policy": "interrupt"}
    )
    assert polled(client, run).status == "completed"
    assert runs_of(client, thread.id) == [run.id]


def test_a_streamed_run_is_made_once_and_streamed_whole(client: OpenAI, hasty: OpenAI) -> None:
    thread, assistant = asked(client), player(client, script("echo"))
    with hasty.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
        events = list(stream)
    assert (order(events), broken_rules(events)) == (f"{BEGUN} {SAID} R.completed", [])
    assert len(runs_of(client, thread.id)) == 1
    assert texts(client, thread.id)[1:] == [("assistant", "completed", "You said: Hello")]


def test_the_stream_helper_calls_back_as_ever(client: OpenAI, hasty: OpenAI) -> None:
    thread, assistant, handler = asked(client), player(client, script("echo")), Recorder()
    with hasty.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, event_handler=handler
    ) as stream:
        stream.until_done()
    assert (order(handler.events), handler.calls[-1]) == (f"{BEGUN} {SAID} R.completed", ("end",))
    assert runs_of(client, thread.id) == [handler.get_final_run().id]


def test_create_and_run_makes_one_thread_and_streams_it_from_its_beginning(client: OpenAI, hasty: OpenAI) -> None:
    assistant, before = player(client, script("echo")), threads_of(client)
    with hasty.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello"}]}, stream=True
    ) as stream:
        events = list(stream)
    assert order(events) == f"T.created {BEGUN} {SAID} R.completed"
    (thread_id,) = set(threads_of(client)) - set(before)
    assert len(runs_of(client, thread_id)) == 1


def test_outputs_are_taken_once_and_the_rest_is_streamed_whole(client: OpenAI, hasty: OpenAI) -> None:
    run = waiting(client)
    with hasty.beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=run.thread_id, tool_outputs=outputs(run), stream=True
    ) as stream:
        events = list(stream)
    assert (order(events), broken_rules(events)) == (f"{ANSWERED} {SAID} R.completed", [])
    assert texts(client, run.thread_id)[1:] == [("assistant", "completed", "It is sunny in Rome.")]


def test_a_cancel_is_answered_as_the_first_was(client: OpenAI, hasty: OpenAI) -> None:
    run = until(client, started(client, SILENCE), "in_progress")
    assert hasty.beta.threads.runs.cancel(run.id, thread_id=run.thread_id).status == "cancelling"
    assert until(client, run, "cancelled").id == run.id


def test_an_answer_that_was_cut_in_its_middle_is_given_again(client: OpenAI, url: str) -> None:
    thread = client.beta.threads.create()
    content: Any = [{"type": "text", "text": "long " * 50_000}] * 8
    with cut(url, swallows=1000) as behind:
        message = behind.beta.threads.messages.create(thread.id, role="user", content=content)
    assert [listed.id for listed in client.beta.threads.messages.list(thread.id)] == [message.id]


def test_a_stream_that_was_cut_is_given_again_from_its_first_event(client: OpenAI, url: str) -> None:
    thread, assistant = asked(client), player(client, PAUSE)
    with cut(url, swallows=1000) as behind:
        events = list(behind.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True))
    assert (order(events), broken_rules(events)) == (f"{BEGUN} {SAID} R.completed", [])
    assert len(runs_of(client, thread.id)) == 1


@pytest.mark.parametrize("swallows", [1, 1000])
def test_a_key_helps_where_the_whole_answer_was_written_and_lost(client: OpenAI, url: str, swallows: int) -> None:
    thread, assistant = asked(client), player(client, script("echo"))
    key = {"Idempotency-Key": f"once {swallows}"}
    with cut(url, swallows) as behind:
        run = behind.beta.threads.runs.create(thread.id, assistant_id=assistant.id, extra_headers=key)
        assert runs_of(client, thread.id) == [run.id]
        again = behind.beta.threads.runs.create(thread.id, assistant_id=assistant.id, extra_headers=key)
    assert again == run
