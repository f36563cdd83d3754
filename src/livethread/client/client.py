"""A server, as a program sees it that uses it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self

from livethread.client.connection import Connection
from livethread.client.socket_connection import SocketConnection
from livethread.client.thread import Content, Thread
from livethread.clock import Clock, SystemClock
from livethread.domain.fold import Object
from livethread.domain.people import Person
from livethread.errors import NotFound
from livethread.ids import is_id

URL: Final = "http://127.0.0.1:8000"
"""Where a server is that was started without further ado."""

SILENCE: Final = 45.0
"""Seconds: the server sends something every 15, so three of its signs of life have got lost."""

Transport = Literal["sse", "socket.io"]
"""What streams come over."""

_TRANSPORTS: Final[Mapping[str, type[Connection]]] = {"sse": Connection, "socket.io": SocketConnection}


class Client:
    """A server, and who speaks to it. Use it as a context, or `close` it.

    Args:
        url: of the server, with or without ``/v1``.
        api_key: one of the server's ``LIVETHREAD_API_KEYS``, if it has any.
        name: who looks on and writes: others see that person come, go and type. Without it viewers are only counted.
        user_id: two clients with one are one person; made of the name, unless given.
        transport: what streams come over: ``sse``, a connection each, or ``socket.io``, one socket for all threads.
        silence: seconds without a sign of life after which a stream is opened anew.
        clock: time, for the pauses between attempts.
        dice: chance, for the same.

    Raises:
        ValueError: the url or the transport is none, or there is a user_id without a name.
    """

    def __init__(
        self,
        url: str = URL,
        *,
        api_key: str | None = None,
        name: str | None = None,
        user_id: str | None = None,
        transport: Transport = "sse",
        silence: float = SILENCE,
        clock: Clock | None = None,
        dice: random.Random | None = None,
    ) -> None:
        if user_id is not None and name is None:
            raise ValueError("A user_id comes with a name; give both.")
        if transport not in _TRANSPORTS:
            raise ValueError(f"'{transport}' is no transport; there are {' and '.join(_TRANSPORTS)}.")
        self.person = None if name is None else Person(user_id or "-".join(name.split()), name)
        """Who looks on and writes."""
        self._connection = _TRANSPORTS[transport](
            url, api_key, silence=silence, clock=clock or SystemClock(), dice=dice or random.Random()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; streams end."""
        await self._connection.close()

    def thread(self, id: str) -> Thread:
        """A thread that exists; nothing is sent.

        Raises:
            NotFound: no thread can have such an id.
        """
        if not is_id(id):
            raise NotFound("thread", id)
        return Thread(self._connection, id, self.person)

    async def create_thread(
        self,
        messages: Sequence[Content | Object] = (),
        *,
        metadata: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Thread:
        """Create a thread.

        Args:
            messages: what stands in it from the first: texts of a user, or the API's bodies of messages.
            metadata: of the thread.
            key: an ``Idempotency-Key`` of your own.

        Raises:
            ApiError: it is refused.
            Unreachable: nobody answers.
        """
        bodies = [one if isinstance(one, dict) else {"role": "user", "content": one} for one in messages]
        created = await self.call("POST", "/threads", {"messages": bodies, "metadata": dict(metadata or {})}, key=key)
        return self.thread(created["id"])

    async def assistants(self) -> list[Object]:
        """All assistants, newest first.

        Raises:
            ApiError: it is refused.
            Unreachable: nobody answers.
        """
        found: list[Object] = []
        while True:
            behind = {"after": found[-1]["id"]} if found else {}
            page = await self.call("GET", "/assistants", query={"limit": "100", **behind})
            found += page["data"]
            if not page["has_more"]:
                return found

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Any:
        """Any other call of the API, sent again while nobody answers.

        Args:
            method: of HTTP.
            path: behind ``/v1``, such as ``/assistants``.
            body: JSON, if any.
            query: parameters, if any.
            key: an ``Idempotency-Key`` of your own; a POST has one in any case.

        Returns:
            The answer's JSON.

        Raises:
            ApiError: it is refused; `NotFound` where something does not exist.
            Unreachable: nobody answers.
        """
        return await self._connection.call(method, path, body, query, key)
