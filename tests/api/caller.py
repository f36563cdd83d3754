"""Callers of the app whose connections are in the hands of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message

from livethread.sse import Decoder


class Caller:
    """One POST straight to the app, whose connection breaks when the test says so.

    Args:
        gone: whether it has before anything was answered. What is written then is lost without a word.
    """

    def __init__(
        self, app: ASGIApp, path: str, body: Any, headers: dict[str, str] | None = None, *, gone: bool = False
    ) -> None:
        self._app = app
        self._request: Message = {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}
        self._scope = {
            "type": "http", "method": "POST", "path": path, "query_string": b"", "root_path": "",
            "headers": [
                (b"content-type", b"application/json"),
                *((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()),
            ],
        }  # fmt: skip
        self.gone, self.taken = asyncio.Event(), asyncio.Event()
        self.taken.set()
        if gone:
            self.gone.set()
        self.body = b""
        self.on_body: Callable[[], None] = _nothing
        self.on_end: Callable[[], None] = _nothing

    @property
    def id(self) -> str:
        """Of the object that it was answered with."""
        id: str = json.loads(self.body)["id"]
        return id

    async def called(self) -> Caller:
        await self._app(self._scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        if self._request["type"] != "http.disconnect":
            request, self._request = self._request, {"type": "http.disconnect"}
            return request
        await self.gone.wait()
        return self._request

    async def _send(self, message: Message) -> None:
        if self.body:  # like uvicorn's it waits before it writes
            await self.taken.wait()
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            return
        self.body += message["body"]
        if message["body"]:
            self.on_body()
        if not message.get("more_body", False):
            self.on_end()


class Streaming(Caller):
    """A POST whose answer is a stream, from its first events on.

    Args:
        count: how many events there are when the block begins.
    """

    def __init__(self, app: ASGIApp, path: str, body: Any, count: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(app, path, body, headers)
        self._count = count

    async def __aenter__(self) -> Streaming:
        self.calling = asyncio.ensure_future(self.called())
        while len(self.types) < self._count:
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.calling

    @property
    def types(self) -> list[str]:
        return [type for type, _ in self._events]

    @property
    def id(self) -> str:
        """Of the run."""
        id: str = next(data["id"] for type, data in self._events if type == "thread.run.created")
        return id

    @property
    def thread_id(self) -> str:
        id: str = next(data["thread_id"] for type, data in self._events if type == "thread.run.created")
        return id

    @property
    def _events(self) -> list[tuple[str, Any]]:
        events = Decoder().feed(self.body)
        return [(event.type, json.loads(event.data) if event.type != "done" else None) for event in events]


def _nothing() -> None:
    """Nobody wants to know."""
