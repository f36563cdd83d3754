"""Engines on this machine: what counts as one, and that looking takes no time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from livethread import testing
from livethread.providers.local_engines import FoundEngine, LocalEngine, find_engines
from tests.providers.upstream import Do, Upstream

LLAMA = {"id": "llama3.3", "object": "model", "owned_by": "library"}


def answer(body: Any, status: str = "200 OK", more: str = "") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {len(data)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + data


@asynccontextmanager
async def listening(*scripts: Sequence[bytes | Do]) -> AsyncIterator[list[tuple[LocalEngine, Upstream]]]:
    """An engine for each script, in that order."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(Upstream([list(script)])) for script in scripts]
        yield [
            (LocalEngine(f"engine{number}", f"Engine {number}", int(server.origin.rpartition(":")[2])), server)
            for number, server in enumerate(servers)
        ]


async def test_an_engine_is_what_answers_with_a_list_of_models() -> None:
    lists = [
        {"object": "list", "data": [LLAMA, {"id": "qwen3"}]},
        {"object": "list", "data": None},
    ]
    async with listening(*([answer(body)] for body in lists)) as engines:
        (first, server), (second, _) = engines
        assert await find_engines([first, second]) == [
            FoundEngine(first, ("llama3.3", "qwen3")),
            FoundEngine(second, ()),
        ]
        (asked,) = server.asked
        assert asked.line == "GET /v1/models HTTP/1.1"
        assert asked.headers["x-livethread-hop"] == "1"
        assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    "script",
    [
        [answer({"object": "list", "data": [{"id": "builtin/guide", "owned_by": "livethread"}]})],
        [answer({"data": [LLAMA]})],
        [answer({"object": "list"})],
        [answer({"object": "list", "data": [{"name": "x"}]})],
        [answer({"object": "list", "data": [{"id": 3}]})],
        [answer({"object": "list", "data": ["llama"]})],
        [answer({"object": "list", "data": [{"id": "\x1b[2J"}]})],
        [answer({"object": "list", "data": 3})],
        [answer([])],
        [answer(b"<html>")],
        [answer(b"[" * 100_000)],
        [answer(b'{"object": "list", "data": [], "x": "' + b"x" * 2_000_000 + b'"}')],
        [answer({"object": "list", "data": [LLAMA]}, "404 Not Found")],
        [answer({"object": "list", "data": [LLAMA]}, "302 Found", "Location: http://127.0.0.1:9/\r\n")],
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [Do.RESET],
        [],
    ],
    ids=range(17),
)
async def test_anything_else_is_none(script: Sequence[bytes | Do]) -> None:
    async with listening(script) as engines:
        assert await find_engines(engine for engine, _ in engines) == []


async def test_nothing_listens_and_nothing_is_found() -> None:
    async with listening([]) as engines:
        gone = engines[0][0]
    assert await find_engines([gone]) == []
    assert await find_engines([]) == []


async def test_one_that_hangs_is_given_up_and_keeps_no_other_from_being_found() -> None:
    async with listening([Do.HANG], [answer({"object": "list", "data": [LLAMA]})]) as engines:
        (silent, server), (good, _) = engines
        begun = asyncio.get_running_loop().time()
        assert await find_engines([silent, good], seconds=0.2) == [FoundEngine(good, ("llama3.3",))]
        assert asyncio.get_running_loop().time() - begun < 5
        await server.left.wait()


async def test_another_livethread_is_no_engine() -> None:
    with testing.server() as url:
        port = int(url.rpartition(":")[2])
        assert await find_engines([LocalEngine("vllm", "vLLM", port)]) == []
