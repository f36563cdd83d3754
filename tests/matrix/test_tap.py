from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.matrix.tap import Tap
from tests.matrix.wire import checked
from tests.sdk.contract import Exchange, events, faults

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b'event: thread.created\ndata: {"id":"thread_1"}\nid: 1.abcd\n\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def get(path: str) -> bytes:
    return f"GET /v1{path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


@contextmanager
def playing(*answers: bytes) -> Iterator[str]:
    """The address of a server that gives one answer to each piece it receives, and then ends the connection."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for answer in answers:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield "http://{}:{}".format(*listener.getsockname())
        server.join(10)
        assert not server.is_alive()


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def heard(*answers: bytes) -> tuple[Tap, bytes]:
    """The tap after one connection, and what its caller received."""
    told = b""
    with playing(*answers) as url, Tap(url) as tap, connected(tap.url) as caller:
        for number, answer in enumerate(answers):
            caller.sendall(get(f"/threads/thread_{number}?limit=1"))
            told += caller.recv(len(answer), socket.MSG_WAITALL)
        assert caller.recv(1) == b""
    return tap, told


def test_answers_pass_untouched_and_are_read_one_by_one() -> None:
    short = JSON + b"Content-Length: 2\r\n\r\n{}"
    long = JSON + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"[1,") + chunk(b"2]") + b"0\r\n\r\n"
    tap, told = heard(short, long)
    assert told == short + long
    assert tap.exchanges() == [
        Exchange("GET", "/threads/thread_0", 200, "application/json", bytearray(b"{}")),
        Exchange("GET", "/threads/thread_1", 200, "application/json", bytearray(b"[1,2]")),
    ]
    assert tap.left_out == 0


def test_a_json_answer_that_was_cut_is_left_out_and_counted() -> None:
    tap, _ = heard(JSON + b"Content-Length: 3\r\n\r\n{}")
    assert (tap.requests(), tap.exchanges(), tap.left_out) == (["GET /threads/thread_0"], [], 1)


def test_a_request_without_an_answer_is_counted() -> None:
    tap, _ = heard(b"")
    assert (tap.requests(), tap.exchanges(), tap.left_out) == (["GET /threads/thread_0"], [], 1)


def test_a_stream_that_was_cut_is_read_up_to_the_cut() -> None:
    tap, _ = heard(STREAM + chunk(EVENT + EVENT[:20]))
    (exchange,) = tap.exchanges()
    assert (exchange.cut, exchange.is_stream, events(exchange)) == (
        True,
        True,
        [("thread.created", '{"id":"thread_1"}')],
    )
    assert [fault.message for fault in faults(exchange)] == [
        f"'{name}' is a required property" for name in ("object", "created_at", "tool_resources", "metadata")
    ]


def test_a_stream_that_says_it_is_whole_must_have_an_end() -> None:
    tap, _ = heard(STREAM + chunk(EVENT) + b"0\r\n\r\n")
    with pytest.raises(AssertionError, match="ends without an end"):
        faults(tap.exchanges()[0])
    tap, _ = heard(STREAM + chunk(EVENT[:20]) + b"0\r\n\r\n")
    with pytest.raises(AssertionError, match="ends within an event"):
        faults(tap.exchanges()[0])


def test_a_caller_that_goes_away_goes_away_for_the_server_at_once() -> None:
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(65536):
                    pass
                gone.set()

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        with Tap("http://{}:{}".format(*listener.getsockname())) as tap:
            with connected(tap.url) as caller:
                caller.sendall(get("/threads/thread_1"))
            assert gone.wait(10)
        server.join(10)


def test_a_caller_that_does_not_read_slows_the_server_down() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Tap("http://{}:{}".format(*listener.getsockname())) as tap,
        connected(tap.url),
        listener.accept()[0] as server,
    ):
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                server.sendall(bytes(65536))


def test_a_server_that_is_not_there_is_not_there_behind_a_tap_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}".format(*listener.getsockname())
    with Tap(url) as tap, connected(tap.url) as caller:
        assert caller.recv(1) == b""


def test_what_the_contract_does_not_allow_fails_the_test() -> None:
    with (
        playing(JSON + b"Content-Length: 2\r\n\r\n{}") as url,
        pytest.raises(AssertionError, match="'created_at' is a required property"),
        checked(url) as tap,
        connected(tap.url) as caller,
    ):
        caller.sendall(get("/threads/thread_1"))
        assert caller.recv(65536)


def test_a_test_that_saw_nothing_fails() -> None:
    with pytest.raises(AssertionError, match="only 0 answers were seen"), checked("http://127.0.0.1:9"):
        pass
