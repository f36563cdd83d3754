"""A server that answers its streams and calls by a list, one entry for each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from livethread.sse import encode

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

SNAPSHOT = (
    '{"object":"thread.snapshot","thread":{"id":"thread_1","n":1},"messages":[],"has_more":false,"runs":[],'
    '"run_steps":[],"people":[],"cursor":"1.aaaa"}'
)


def stream(*events: bytes, then: str = "end") -> Answer:
    """Some bytes of a stream, and then its ``end``, a ``cut`` or ``silence``."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for event in events:
            await response.write(event)
        if then == "silence":
            await asyncio.Event().wait()
        if then == "cut":
            assert request.transport is not None
            request.transport.abort()
        return response

    return answer


def refuse(status: int, message: str = "", **headers: str) -> Answer:
    """A refusal, in the envelope if it says anything."""

    async def answer(request: web.Request) -> web.StreamResponse:
        headers_sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if not message:
            return web.Response(status=status, headers=headers_sent, text="<html>")
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return web.json_response({"error": error}, status=status, headers=headers_sent)

    return answer


def give(value: object) -> Answer:
    """An object."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(value)

    return answer


def event(number: int, type: str = "thread.updated") -> bytes:
    """One whole event; its id is its number."""
    return encode(type, f'{{"id":"thread_1","n":{number}}}', id=str(number))


class Asked:
    """What was asked of a scripted server.

    Args:
        server: itself.
    """

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.cursors: list[str | None] = []
        self.keys: list[str | None] = []
        self.queries: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return str(self.server.make_url("")).rstrip("/")


@asynccontextmanager
async def answering(*answers: Answer) -> AsyncIterator[Asked]:
    """A server with these answers; whoever asks once more is told 410."""
    left = list(answers)

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.cursors.append(request.headers.get("Last-Event-ID"))
        asked.keys.append(request.headers.get("Idempotency-Key"))
        asked.queries.append(request.query_string)
        return await (left.pop(0) if left else refuse(410, "Enough."))(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    server = TestServer(app, host="127.0.0.1")
    asked = Asked(server)
    async with server:
        yield asked
