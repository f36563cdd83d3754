"""Node: a version that loses patience, or its connection, and tries again by itself does no harm.

The newer versions say how often they have tried (``x-stainless-retry-count``), 4.29 does not.
"""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

from livethread import testing
from tests.matrix.nodes import each_version, ran
from tests.matrix.wire import checked
from tests.sdk.orders import BEGUN, SAID, order_of

CUT = {"newest": ["TypeError", "terminated"]}
"""What a loop over a stream throws that is cut: no class of the SDK's, but what the platform's own fetch says; the
older ones bring a fetch of theirs."""
HELLO = ["user", "completed", "Hello"]
ECHO = ["assistant", "completed", "You said: Hello"]
SUNNY = ["assistant", "completed", "It is sunny in Rome."]

Manner = Literal["silent", "broken", "cut"]
"""How the first request ends: nobody answers until its caller gives up; the connection breaks; its stream does."""


class Troubled(threading.Thread):
    """Hands connections on to a server; the first request gets there, and its answer does not come back.

    Args:
        url: the server's.
        database: its database, which is held until the first caller has gone: so no answer can be written before.
            Unless a stream shall be cut, which has to begin.
        manner: how the first request ends.
    """

    def __init__(self, url: str, database: Path, manner: Manner) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._database = database
        self._manner = manner
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self._listener.getsockname())

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join(10)
        assert not self.is_alive()

    def run(self) -> None:
        with suppress(OSError):  # the listener is closed
            (self._cut if self._manner == "cut" else self._lose)(self._listener.accept()[0])
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._hand_on, args=(caller,), daemon=True).start()

    def _lose(self, caller: socket.socket) -> None:
        with caller, closing(sqlite3.connect(self._database)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with socket.create_connection(self._server) as server:
                server.sendall(_request(caller))
                if self._manner == "silent":
                    assert caller.recv(1) == b""

    def _cut(self, caller: socket.socket) -> None:
        heard = b""
        with caller, socket.create_connection(self._server) as server:
            server.sendall(_request(caller))
            while b"event: thread.message.delta\n" not in heard or not heard.endswith(b"\r\n"):
                piece = server.recv(65536)
                assert piece, "the server said nothing"
                heard += piece
                caller.sendall(piece)

    def _hand_on(self, caller: socket.socket) -> None:
        with caller, socket.create_connection(self._server) as server:
            asking = threading.Thread(target=_copy, args=(caller, server), daemon=True)
            asking.start()
            _copy(server, caller)
            asking.join(10)


def _request(caller: socket.socket) -> bytes:
    """One request with its body, whole."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        piece = caller.recv(65536)
        assert piece, "the caller went before it had asked"
        data += piece
    length = re.search(rb"(?i)content-length: (\d+)", data[:end])
    missing = end + 4 + (int(length[1]) if length else 0) - len(data)
    return data + (caller.recv(missing, socket.MSG_WAITALL) if missing > 0 else b"")


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


def tried(version: str, call: str, url: str, data: Path, manner: Manner) -> Any:
    """What a call comes to whose first request meets trouble; what came through is held against the contract."""
    with checked(url) as tap, closing(Troubled(url, data / "livethread.db", manner)) as troubled:
        troubled.start()
        told = ran(version, "patience", tap.url, call, troubled.url).value
    if "types" in told:
        told["types"] = order_of(told["types"])
    return told


DONE_ONCE = {
    "message": {"role": "user", "runs": 0, "texts": [["user", "completed", "Once"]]},
    "run": {"status": "queued", "runs": 1, "texts": [HELLO, ECHO]},
    "stream": {"types": f"{BEGUN} {SAID} R.completed", "runs": 1, "texts": [HELLO, ECHO]},
    "answer": {"refusal": None, "runs": 1, "texts": [HELLO, SUNNY]},
}
"""What each call comes to in the end."""


@each_version
def test_a_run_is_made_once_although_its_maker_lost_patience(version: str, url: str, data: Path) -> None:
    assert tried(version, "run", url, data, "silent") == DONE_ONCE["run"]


@pytest.mark.matrix
@each_version
@pytest.mark.parametrize("call", DONE_ONCE)
@pytest.mark.parametrize("manner", ["silent", "broken"])
def test_what_is_sent_again_is_done_once(version: str, url: str, data: Path, call: str, manner: Manner) -> None:
    assert tried(version, call, url, data, manner) == DONE_ONCE[call]


@pytest.mark.matrix
@each_version
def test_a_stream_that_is_silent_for_longer_than_the_time_out_goes_on(version: str, url: str) -> None:
    with checked(url) as tap:
        told = ran(version, "patience", tap.url, "silence", tap.url).value
    assert (order_of(told["types"]), told["runs"]) == (f"{BEGUN} {SAID} R.completed", 1)
    assert told["texts"] == [HELLO, ["assistant", "completed", "One moment"]]


@pytest.mark.matrix
@each_version
def test_a_stream_that_is_cut_is_no_second_run_and_the_first_goes_on(version: str, url: str, data: Path) -> None:
    told = tried(version, "cut", url, data, "cut")
    heard = told.pop("heard")
    assert heard
    assert "Before the pause".startswith(heard)
    assert told == {
        "thrown": CUT.get(version, ["Error", "Premature close"]),
        "runs": 1,
        "texts": [HELLO, ["assistant", "completed", "Before the pause and behind it."]],
    }
