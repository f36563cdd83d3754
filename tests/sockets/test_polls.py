from __future__ import annotations

from engineio import AsyncServer
from engineio.async_socket import AsyncSocket

from livethread.sockets.polls import Polls


def test_a_poll_with_the_mark_of_the_one_before_repeats_it() -> None:
    polls, server = Polls(), AsyncServer(async_mode="asgi")
    one, other = AsyncSocket(server, "1"), AsyncSocket(server, "2")
    asked = [(one, b"sid=1&t=a"), (other, b"sid=2&t=a"), (one, b"sid=1&t=b"), (one, b"sid=1&t=b"), (one, b"t=a&sid=1")]
    assert [polls.repeats(socket, query) for socket, query in asked] == [False, False, False, True, False]


def test_a_client_that_marks_no_poll_is_believed() -> None:
    polls, socket = Polls(), AsyncSocket(AsyncServer(async_mode="asgi"), "1")
    assert [polls.repeats(socket, b"sid=1") for _ in range(2)] == [False, False]
