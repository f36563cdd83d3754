"""``POST /v1/chat/completions`` as bytes: what comes when, what ends it, and what is told where it goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import pytest

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.api.chat_shapes import ERROR, WHOLE, chunks, lines, text
from tests.providers.upstream import CHUNKED, DONE, OPEN, Do, Step, Upstream, delta, event, piece, plain, usage
from tests.sdk.process import serving

HELLO = [{"role": "user", "content": "Hello"}]
ASKED = {"model": "m", "messages": HELLO}
STREAMED = {**ASKED, "stream": True}
PATH = "/v1/chat/completions"
SCRIPT = [{"role": "system", "content": '{"turns": [[{"text": "{{message}}"}]]}'}]

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@asynccontextmanager
async def upstreamed(*scripts: list[Step], **settings: Any) -> AsyncIterator[tuple[Upstream, aiohttp.ClientSession]]:
    """A played model API, and a caller of the server before it."""
    async with Upstream([*scripts]) as upstream:
        named = UpstreamSettings("played", upstream.url, "sk-of-the-upstream", **settings.pop("upstream", {}))
        with testing.server(upstreams=(named,), **settings) as url:
            async with aiohttp.ClientSession(url) as web:
                yield upstream, web


async def posted(web: aiohttp.ClientSession, body: Any) -> tuple[int, dict[str, str], bytes]:
    async with web.post(PATH, json=body) as answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()


# -- what comes -----------------------------------------------------------------------------------


async def test_each_piece_is_sent_as_it_comes() -> None:
    more, end = asyncio.Event(), asyncio.Event()
    script: list[Step] = [
        CHUNKED, piece(delta(role="assistant", content="")), piece(delta(content="Hel")), more,
        piece(delta(content="lo 終🎉")), end, piece(delta("stop")), piece(usage(3, 2)), piece(DONE), piece(b""),
    ]  # fmt: skip
    async with upstreamed(script) as (_, web), web.post(PATH, json=STREAMED) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["x-request-id"].startswith("req_")
        assert "content-encoding" not in answer.headers
        first = await answer.content.readany()
        assert text(lines(first)) == "Hel"
        more.set()
        second = await answer.content.readany()
        assert text(lines(second)) == "lo 終🎉"
        end.set()
        whole = first + second + await answer.read()
    assert text(chunks(whole)) == "Hello 終🎉"


async def test_a_whole_answer_comes_when_the_model_has_ended() -> None:
    script: list[Step] = [OPEN, delta(content="Hel"), delta(content="lo"), delta("length"), usage(3, 2), DONE]
    async with upstreamed(script) as (_, web):
        status, headers, body = await posted(web, ASKED)
    assert (status, headers["content-type"]) == (200, "application/json")
    found = json.loads(body)
    WHOLE.validate(found)
    assert (found["model"], found["choices"][0]["message"]["content"], found["choices"][0]["finish_reason"]) == (
        "m", "Hello", "length",
    )  # fmt: skip
    assert found["usage"]["total_tokens"] == 5


async def test_a_whole_answer_is_not_told_at_a_pace() -> None:
    body = {"choices": [{"message": {"content": "word " * 100}, "finish_reason": "stop"}]}
    async with upstreamed([plain("200 OK", body)], upstream={"stream": False}, words_per_second=1) as (_, web):
        async with asyncio.timeout(5):
            status, _, answer = await posted(web, ASKED)
            assert (await posted(web, {**ASKED, "model": "builtin/guide"}))[0] == 200
    assert (status, json.loads(answer)["choices"][0]["message"]["content"]) == (200, "word " * 100)


async def test_connections_serve_one_request_after_the_other_on_both_sides() -> None:
    said: list[Step] = [CHUNKED, piece(delta(content="Hi")), piece(delta("stop")), piece(DONE), piece(b""), Do.NEXT]
    async with upstreamed(said) as (upstream, web):
        with _connected(str(web._base_url).rstrip("/")) as caller:
            reader = caller.makefile("rb")
            for body in (STREAMED, ASKED, {**STREAMED, "n": 2}, STREAMED):
                caller.sendall(_request(json.dumps(body).encode()))
                status, answer = await asyncio.get_running_loop().run_in_executor(None, _answer, reader)
                assert status == (400 if "n" in body else 200)
                assert answer.endswith(b"[DONE]\n\n") == (body is STREAMED)
        assert (len(upstream.asked), upstream.connections) == (3, 1)


async def test_the_model_api_is_asked_for_what_the_caller_asks_for() -> None:
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}, "strict": True}}
    body = {
        "model": "played/meta/llama:8b",
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "name": "ann", "content": [{"type": "text", "text": "終"}, IMAGE]},
            {"role": "assistant", "reasoning_content": "Hm.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "18 °C"},
            {"role": "system", "content": "In prose."},
        ],
        "stream": True, "tools": [weather], "tool_choice": "required", "parallel_tool_calls": False,
        "temperature": 0.5, "top_p": 1, "max_tokens": 20, "reasoning_effort": "low", "stop": ["\n"], "seed": 7,
        "logit_bias": {"5": -1}, "user": "u", "frequency_penalty": 0.1, "top_k": 40, "n": 1, "logprobs": False,
        "chat_template_kwargs": {"enable_thinking": False}, "service_tier": None,
    }  # fmt: skip
    async with upstreamed([OPEN, delta(content="Hi"), delta("stop"), DONE]) as (upstream, web):
        assert (await posted(web, body))[0] == 200
    (asked,) = upstream.asked
    assert asked.headers["authorization"] == "Bearer sk-of-the-upstream"
    assert asked.headers["x-livethread-hop"] == "1"
    assert asked.json == {
        "model": "meta/llama:8b",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "name": "ann", "content": [{"type": "text", "text": "終"}, IMAGE]},
            {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "18 °C"},
            {"role": "system", "content": "In prose."},
        ],
        "stream": True, "stream_options": {"include_usage": True}, "tools": [weather], "tool_choice": "required",
        "parallel_tool_calls": False, "temperature": 0.5, "top_p": 1, "max_tokens": 20, "reasoning_effort": "low",
        "stop": ["\n"], "seed": 7, "logit_bias": {"5": -1}, "user": "u", "frequency_penalty": 0.1, "top_k": 40,
        "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip


# -- what ends it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("stream", [False, True])
async def test_who_goes_away_ends_the_upstream_s_work(begun: bool, stream: bool) -> None:
    async with upstreamed([OPEN, *([delta(content="Hel")] if begun else []), Do.HANG]) as (upstream, web):
        asking = asyncio.ensure_future(web.post(PATH, json={**ASKED, "stream": stream}))
        await upstream.requests(1)
        if begun and stream:
            answer = await asking
            await answer.content.readany()
            answer.close()
        else:
            asking.cancel()
        async with asyncio.timeout(5):
            await upstream.left.wait()


async def test_the_upstream_is_read_no_faster_than_the_caller_reads() -> None:
    pieces, sent = [f"{number}{'x' * 4000} " for number in range(4_000)], 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OPEN)
            for text in pieces:
                writer.write(delta(content=text))
                await writer.drain()
                sent += 1
            writer.write(delta("stop") + DONE)
        writer.close()

    endless = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with endless:
        url = f"http://127.0.0.1:{endless.sockets[0].getsockname()[1]}/v1"
        with testing.server(upstreams=(UpstreamSettings("endless", url),)) as server, _connected(server) as caller:
            caller.sendall(_request(json.dumps(STREAMED).encode()))
            before = -1
            async with asyncio.timeout(20):
                while sent == 0 or sent != before:  # until nothing more is taken for a while
                    before = sent
                    await asyncio.sleep(0.3)
            held = sent
            with caller.makefile("rb") as reader:
                status, answer = await asyncio.get_running_loop().run_in_executor(None, _answer, reader)
    assert 0 < held < 3_000  # what the kernel takes, and little more
    *said, end = lines(answer)
    assert (status, text(said), end) == (200, "".join(pieces), "[DONE]")


async def test_a_server_that_stops_says_so_in_the_midst_of_an_answer() -> None:
    async with Upstream([[OPEN, delta(content="Hel"), Do.HANG], [OPEN, Do.HANG]]) as upstream:
        with contextlib.ExitStack() as server:
            url = server.enter_context(testing.server(upstreams=(UpstreamSettings("played", upstream.url),)))
            async with aiohttp.ClientSession(url) as web:
                begun = await web.post(PATH, json=STREAMED)
                first = await begun.content.readany()
                others = [asyncio.ensure_future(posted(web, body)) for body in (STREAMED, ASKED)]
                await upstream.requests(3)
                async with asyncio.timeout(5):
                    await asyncio.get_running_loop().run_in_executor(None, server.close)
                    rest = first + await begun.read()
                    refused = await asyncio.gather(*others)
    *_, last = lines(rest)
    assert last["error"]["code"] == "server_stopping"
    for status, headers, body in refused:
        assert (status, headers["retry-after"]) == (503, "1")
        assert json.loads(body)["error"]["code"] == "server_stopping"


async def test_a_signal_ends_a_server_in_the_midst_of_an_answer(tmp_path: Path) -> None:
    stalls = [{"role": "system", "content": '{"turns": [[{"text": "One moment"}, {"stall_ms": "forever"}]]}'}, *HELLO]
    async with aiohttp.ClientSession() as web:
        with serving(tmp_path, {"LIVETHREAD_WORDS_PER_SECOND": "0"}) as process:
            asked = {"model": "builtin/script", "messages": stalls, "stream": True}
            answer = await web.post(f"{process.url}{PATH}", json=asked)
            said = await answer.content.readany()
        *before, last = lines(said + await answer.read())
    assert (text(before), last["error"]["code"]) == ("One moment", "server_stopping")


# -- what goes wrong ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[str, int]]:
    """A server, and the port on which its model API is to be played; a silence of it is soon too long."""
    port = _closed_port()
    upstream = UpstreamSettings("played", f"http://127.0.0.1:{port}/v1", "sk-of-the-upstream")
    with testing.server(upstreams=(upstream,), stall_seconds=0.3) as url:
        yield url, port


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "status", "type", "param", "code", "again"),
    [
        ([plain("400 Bad Request", {"error": {"message": "no", "param": "stop"}})], 400, "invalid_request_error",
         "stop", None, None),
        ([plain("422 Unprocessable", {"detail": "no"})], 400, "invalid_request_error", None, None, None),
        ([plain("400 Bad Request", {"error": {"message": "long", "code": "context_length_exceeded"}})], 400,
         "invalid_request_error", "messages", "context_length_exceeded", None),
        ([plain("401 Unauthorized", {"error": {"message": "bad key"}})], 502, "server_error", None,
         "upstream_refused_access", "false"),
        ([plain("404 Not Found", {"error": {"message": "no such model"}})], 404, "invalid_request_error", "model",
         "model_not_found", None),
        ([plain("429 Too Many", {"error": {"message": "slow down"}}, Retry_After="7")], 429, "rate_limit_error", None,
         "rate_limit_exceeded", "7"),
        ([plain("429 Too Many", {"error": {"message": "no money", "code": "insufficient_quota"}})], 429,
         "rate_limit_error", None, "insufficient_quota", "false"),
        ([plain("500 Oops", {"error": {"message": "oops"}})], 502, "server_error", None, "upstream_error", None),
        ([plain("503 Busy", {"error": {"message": "busy"}}, Retry_After="2")], 503, "server_error", None,
         "upstream_overloaded", "2"),
        ([plain("200 OK", b"<html>", type="text/html")], 502, "server_error", None, "upstream_broke_off", "false"),
        ([plain("200 OK", {"choices": []})], 502, "server_error", None, "upstream_broke_off", "false"),
        ([plain("200 OK", b'{"choices":')], 502, "server_error", None, "upstream_broke_off", None),
        ([OPEN, event({"choices": []}), DONE], 502, "server_error", None, "upstream_broke_off", None),
        ([OPEN, delta(role="assistant"), DONE], 502, "server_error", None, "upstream_broke_off", None),
        ([OPEN, event(b"{not json")], 502, "server_error", None, "upstream_broke_off", None),
        ([OPEN, event({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})], 429, "rate_limit_error",
         None, "rate_limit_exceeded", None),
        ([Do.RESET], 502, "server_error", None, "upstream_unreachable", None),
        ([OPEN, Do.HANG], 504, "server_error", None, "upstream_timeout", None),
    ],
)  # fmt: skip
async def test_an_error_before_the_first_word_is_a_status(
    played: tuple[str, int], script: list[Step], status: int, type: str, param: str | None, code: str | None,
    again: str | None, stream: bool,
) -> None:  # fmt: skip
    url, port = played
    async with Upstream([script], port) as upstream, aiohttp.ClientSession(url) as web:
        found, headers, body = await posted(web, {**ASKED, "stream": stream})
    error = json.loads(body)
    ERROR.validate(error)
    assert (found, headers["content-type"]) == (status, "application/json")
    assert {key: error["error"][key] for key in ("type", "param", "code")} == {
        "type": type, "param": param, "code": code,
    }  # fmt: skip
    assert headers.get("retry-after", headers.get("x-should-retry")) == again
    assert error["error"]["message"].startswith("The model API at http://127.0.0.1:")
    assert "sk-of-the-upstream" not in error["error"]["message"]
    assert len(upstream.asked) == 1  # whoever asks is there, and can ask again


async def test_a_model_api_that_is_not_there_is_a_status(played: tuple[str, int]) -> None:
    async with aiohttp.ClientSession(played[0]) as web:
        status, _, body = await posted(web, STREAMED)
    assert (status, json.loads(body)["error"]["code"]) == (502, "upstream_unreachable")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([Do.RESET], "upstream_unreachable"),
        ([Do.HANG], "upstream_timeout"),
        ([DONE], "upstream_broke_off"),
        ([b"data: {oops\n\n"], "upstream_broke_off"),
        ([event({"error": {"message": "slow down", "code": "rate_limit_exceeded"}})], "rate_limit_exceeded"),
    ],
)
async def test_an_error_in_the_midst_of_an_answer_is_its_last_line(
    played: tuple[str, int], script: list[Step], code: str
) -> None:
    url, port = played
    said = asyncio.Event()
    async with (
        Upstream([[OPEN, delta(content="Hel"), said, *script]], port),
        aiohttp.ClientSession(url) as web,
        web.post(PATH, json=STREAMED) as answer,
    ):
        first = await answer.content.readany()
        said.set()
        *before, last = lines(first + await answer.read())
    assert (answer.status, text(before)) == (200, "Hel")
    ERROR.validate(last)
    assert last["error"]["code"] == code


async def test_images_for_a_model_that_takes_none_are_refused_by_their_param() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    async with upstreamed([Do.RESET], upstream={"images": False}) as (upstream, web):
        status, _, body = await posted(web, {**STREAMED, "messages": [{"role": "user", "content": [image]}]})
    error = json.loads(body)["error"]
    assert (status, error["param"], upstream.asked) == (400, "messages", [])
    assert error["message"].startswith("The model 'm' takes no images")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with testing.server(max_body=4_000_000) as url:
        yield url


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"Hello", 400, None),
        (b'{"model": "builtin/guide", "messages": [{"role": "us', 400, None),
        (b'{"model": "builtin/guide"}', 400, "messages"),
        (b"", 400, "model"),
        (b"[]", 400, None),
        (b"null", 400, None),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', 400, "messages[0].content"),
        (b'{"model": "builtin/guide", "messages": [{"role": "user", "content": "\xff"}]}', 400, None),
        (b'{"model": "builtin/guide", "messages": ' + b"[" * 200 + b"]" * 200 + b"}", 400, None),
        (b'{"model": "builtin/guide", "temperature": NaN, "messages": [{"role": "user", "content": "x"}]}', 400, None),
        (b'{"model": "no/such", "messages": [{"role": "user", "content": "Hello"}]}', 404, "model"),
        (b'{"model": "builtin/none", "messages": [{"role": "user", "content": "Hello"}]}', 404, "model"),
        (b'{"model": "builtin/script", "messages": [{"role": "user", "content": "Hello"}]}', 400, None),
        (json.dumps({**ASKED, "model": "x" * 1_000_000}).encode(), 400, "model"),
        (json.dumps({**ASKED, "model": "builtin/guide", "x": "y" * 4_000_000}).encode(), 413, None),
    ],
)  # fmt: skip
async def test_a_bad_body_is_refused_in_the_envelope(url: str, body: bytes, status: int, param: str | None) -> None:
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(url) as web, web.post(PATH, data=io.BytesIO(body), headers=headers) as answer:
        error = json.loads(await answer.read())
    ERROR.validate(error)
    assert (answer.status, error["error"]["param"]) == (status, param)
    assert len(error["error"]["message"]) < 1000


async def test_a_body_that_is_not_called_json_is_refused(url: str) -> None:
    async with aiohttp.ClientSession(url) as web, web.post(PATH, data=json.dumps(ASKED)) as answer:
        assert (answer.status, "application/json" in await answer.text()) == (400, True)


async def test_half_a_body_makes_nothing(url: str) -> None:
    with _connected(url) as caller:
        caller.sendall(_request(json.dumps(STREAMED).encode())[:-20])
    async with aiohttp.ClientSession(url) as web:
        assert (await posted(web, {**ASKED, "model": "builtin/guide"}))[0] == 200


async def test_a_million_letters_are_one_message(url: str) -> None:
    text = "".join(random.choice("終a🎉 ") for _ in range(400_000))
    body = {"model": "builtin/script", "messages": [*SCRIPT, {"role": "user", "content": text}]}
    data, headers = io.BytesIO(json.dumps(body).encode()), {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(url) as web, web.post(PATH, data=data, headers=headers) as answer:
        assert (await answer.json())["choices"][0]["message"]["content"] == text


async def test_nothing_of_it_is_kept(url: str) -> None:
    async with aiohttp.ClientSession(url) as web:
        assert (await posted(web, {**STREAMED, "model": "builtin/guide"}))[0] == 200
        assert (await (await web.get("/v1/threads")).json())["data"] == []


async def test_what_another_livethread_hands_on_is_refused(url: str) -> None:
    body = {**ASKED, "model": "builtin/guide"}
    hop = {"x-livethread-hop": "1"}
    async with aiohttp.ClientSession(url) as web, web.post(PATH, json=body, headers=hop) as answer:
        assert (answer.status, "comes from a Livethread server" in await answer.text()) == (400, True)


async def test_it_stands_in_the_documentation(url: str) -> None:
    async with aiohttp.ClientSession(url) as web:
        call = (await (await web.get("/openapi.json")).json())["paths"][PATH]["post"]
    assert set(call["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert call["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ChatCreate"}


async def test_with_keys_set_a_caller_must_send_one() -> None:
    with testing.server(api_keys=("sk-right-0123456789",)) as url:
        async with aiohttp.ClientSession(url) as web:
            assert (await posted(web, STREAMED))[0] == 401


def _request(body: bytes) -> bytes:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _answer(reader: BinaryIO) -> tuple[int, bytes]:
    """The status and the body of the next answer on a connection."""
    status = int(reader.readline().split()[1])
    head = b"".join(iter(reader.readline, b"\r\n")).lower()
    if length := re.search(rb"content-length: (\d+)", head):
        return status, reader.read(int(length[1]))
    body = bytearray()
    while size := int(reader.readline(), 16):
        body += reader.read(size)
        reader.readline()
    reader.readline()
    return status, bytes(body)


def _connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)))


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
