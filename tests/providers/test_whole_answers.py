"""Model APIs that cannot stream: their whole answers, and the way in which they are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from livethread.ids import Ids
from livethread.providers.chunks import (
    Chunk,
    Finish,
    Reasoning,
    Refusal,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from tests.providers.builtin.stopped_clock import StoppedClock
from tests.providers.turns import ask, failed, played, provider, sent
from tests.providers.upstream import CHUNKED, DONE, OPEN, Do, Step, Upstream, delta, piece, plain

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 1}}


def whole(finish: str | None = "stop", *, usage: Any = None, **message: Any) -> dict[str, Any]:
    """A ``chat.completion`` as most engines send it."""
    said = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def call(name: str, arguments: Any, id: str | None = None) -> dict[str, Any]:
    """A tool call of a whole answer; it has no index."""
    return {"type": "function", "function": {"name": name, "arguments": arguments}} | ({"id": id} if id else {})


async def told(body: Any, **settings: Any) -> list[Chunk]:
    """The chunks of an answer that comes whole, and was asked for so."""
    return await played(plain("200 OK", body), stream=False, **settings)


async def test_the_request_asks_for_no_stream() -> None:
    async with Upstream([[plain("200 OK", whole(content="x"))]]) as upstream:
        model = provider(upstream.url, stream=False)
        assert [chunk async for chunk in model.stream(ask())] == [Text("x"), Finish("stop")]
        await model.close()
    (asked,) = upstream.asked
    assert asked.json == {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": False}
    assert asked.headers["accept"] == "application/json"


async def test_a_whole_answer_is_told_in_the_order_of_a_stream() -> None:
    body = whole(
        "tool_calls",
        content="Let me look.",
        reasoning_content="Two cities.",
        tool_calls=[call("weather", '{"city":"Rome"}', "call_a"), call("weather", "{}", "call_b")],
        usage=USAGE,
    )
    assert await told(body) == [
        Reasoning("Two cities."),
        Text("Let me look."),
        ToolCallStart(0, "call_a", "weather"),
        ToolCallArguments(0, '{"city":"Rome"}'),
        ToolCallStart(1, "call_b", "weather"),
        ToolCallArguments(1, "{}"),
        Usage(5, 2, reasoning=1),
        Finish("tool_calls"),
    ]


@pytest.mark.parametrize(
    ("message", "chunks"),
    [
        ({"content": ""}, []),
        ({"content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]}, [Text("a b")]),
        ({"content": [{"type": "image_url", "image_url": {}}, "x", {"type": "text", "text": "b"}]}, [Text("b")]),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "b"},
                ]
            },
            [Reasoning("hm"), Text("b")],
        ),
        ({"reasoning": "hm", "content": "b"}, [Reasoning("hm"), Text("b")]),
        ({"reasoning": {"odd": 1}, "content": "b"}, [Text("b")]),
        ({"content": "<think>\nhm</think>\n\nb"}, [Reasoning("\nhm"), Text("b")]),
        ({"refusal": "I won't."}, [Refusal("I won't.")]),
        ({"content": "é\ud83d"}, [Text("é"), Text("\ufffd")]),
    ],
)  # fmt: skip
async def test_a_message_comes_in_many_shapes(message: Any, chunks: list[Chunk]) -> None:
    assert await told(whole(**message)) == [*chunks, Finish("stop")]


async def test_calls_of_the_old_field_count_where_there_are_no_others() -> None:
    ids = Ids(7)
    assert await told(whole("function_call", function_call={"name": "weather", "arguments": "{nope"})) == [
        ToolCallStart(0, ids.new("call"), "weather"),
        ToolCallArguments(0, "{nope"),
        Finish("tool_calls"),
    ]
    both = whole("stop", function_call={"name": "weather", "arguments": "{}"}, tool_calls=[call("time", {"a": 1}, "a")])
    assert await told(both) == [
        ToolCallStart(0, "a", "time"),
        ToolCallArguments(0, '{"a": 1}'),
        Finish("tool_calls"),
    ]


async def test_calls_with_one_id_for_all_or_none_are_kept_apart() -> None:
    ids = Ids(7)
    body = whole(tool_calls=[call("f", "", "same"), call("f", None, "same"), call("g", "{}")])
    assert await told(body) == [
        ToolCallStart(0, "same", "f"),
        ToolCallStart(1, ids.new("call"), "f"),
        ToolCallStart(2, ids.new("call"), "g"),
        ToolCallArguments(2, "{}"),
        Finish("tool_calls"),
    ]


@pytest.mark.parametrize(
    ("said", "meant"), [("length", "length"), ("content_filter", "content_filter"), ("eos", "stop")]
)
async def test_the_finish_reason_is_the_model_s_own(said: str, meant: Any) -> None:
    assert await told(whole(said, content="x")) == [Text("x"), Finish(meant)]


@pytest.mark.parametrize("finish", [None, ""])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_whole_answer_without_a_finish_reason_is_an_error(finish: str | None, stream: bool) -> None:
    chunks, error = await failed(plain("200 OK", whole(finish, content="half an ans")), stream=stream)
    assert (chunks, error.kind, error.retryable, error.partial) == ([], "bad_stream", True, False)
    assert "without a finish reason" in error.message


async def test_a_whole_answer_where_a_stream_was_asked_for_is_taken() -> None:
    assert await played(plain("200 OK", whole(content="x y"))) == [Text("x y"), Finish("stop")]


async def test_a_stream_where_a_whole_answer_was_asked_for_is_taken() -> None:
    assert await played(OPEN, delta(content="x"), delta("stop"), DONE, stream=False) == [Text("x"), Finish("stop")]


@pytest.mark.parametrize(
    "body",
    [b"{}", b"null", b"[]", b'"text"', b'{"choices":[]}', b'{"choices":[{"delta":{}}]}', b'{"response":"x"}'],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_other_json_is_no_answer(body: bytes, stream: bool) -> None:
    chunks, error = await failed(plain("200 OK", body), stream=stream)
    assert (chunks, error.kind, error.retryable, error.partial) == ([], "bad_stream", False, False)
    assert f"answered with application/json {'instead of a stream' if stream else 'that is no answer'}" in error.message


async def test_json_that_got_broken_may_come_whole_next_time() -> None:
    _, error = await failed(plain("200 OK", b"{malformed json: <<<chaos>>>"), stream=False)
    assert (error.kind, error.retryable) == ("bad_stream", True)
    assert "answered with JSON that is broken ('{malformed json: <<<chaos>>>'). Try again" in error.message


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"message": {"content": 7}, "finish_reason": "stop"}, "an answer of another shape"),
        ({"message": {"content": "x"}, "index": 1, "finish_reason": "stop"}, "an answer that says nothing"),
        ({"message": {"tool_calls": [{"function": {"arguments": "{}"}}]}, "finish_reason": "stop"}, "without a name"),
    ],
)
async def test_an_answer_of_another_shape_is_an_error(choice: Any, said: str) -> None:
    chunks, error = await failed(plain("200 OK", {"choices": [choice]}), stream=False)
    assert (chunks, error.kind, error.partial) == ([], "bad_stream", False)
    assert said in error.message


async def test_an_error_in_a_whole_answer_is_that_error() -> None:
    _, error = await failed(plain("200 OK", {"error": {"message": "No model loaded", "code": 503}}), stream=False)
    assert (error.kind, error.retryable) == ("overloaded", True)
    _, error = await failed(plain("200 OK", {"object": "error", "message": "Too long", "code": 400}), stream=False)
    assert (error.kind, error.retryable) == ("bad_request", False)
    _, error = await failed(plain("200 OK", whole("error", content="x")), stream=False)
    assert (error.kind, error.retryable) == ("upstream", True)


async def test_a_whole_answer_that_is_cut_is_a_broken_connection() -> None:
    cut = plain("200 OK", whole(content="x" * 1000))[:-20]
    _, error = await failed(cut, stream=False)
    assert (error.kind, error.retryable, error.partial) == ("connection", True, False)
    assert "in the middle of its answer" in error.message


async def test_an_endless_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livethread.providers.chat_completions.MAX_BYTES", 100)
    head = CHUNKED.replace(b"text/event-stream; charset=utf-8", b"application/json")
    _, error = await failed(head, piece(b"x" * 101), Do.HANG, stream=False)
    assert (error.kind, error.retryable) == ("bad_stream", False)


async def test_silence_says_what_to_raise_where_answers_take_as_long_as_they_take() -> None:
    _, error = await failed(Do.HANG, stream=False, stall_timeout=0.1)
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "sent nothing for 0.1 s" in error.message
    assert "raise stall_seconds" in error.message


async def test_a_whole_answer_is_told_word_by_word_in_the_time_that_is_passed_in() -> None:
    clock = StoppedClock()
    body = whole(content="Hello there,\n\nworld. ", refusal="No", usage=USAGE)
    assert await told(body, clock=clock, words_per_second=40) == [
        Text("Hello"),
        Text(" there,"),
        Text("\n\nworld."),
        Text(" "),
        Refusal("No"),
        Usage(5, 2, reasoning=1),
        Finish("stop"),
    ]
    assert clock.slept == [0.025] * 4


async def test_an_answer_is_read_to_its_end_before_it_is_told_and_the_telling_can_be_ended() -> None:
    clock = StoppedClock(frozen=True)
    script: list[Step] = [plain("200 OK", whole(content="one two")).replace(b"Connection: close\r\n", b""), Do.NEXT]
    async with Upstream([script]) as upstream:
        model = provider(upstream.url, stream=False, clock=clock, words_per_second=10)
        for _ in range(2):
            stream = model.stream(ask())
            assert await anext(stream) == Text("one")
            waiting = asyncio.create_task(anext(stream))
            while not clock.slept:
                await asyncio.sleep(0)
            clock.slept.clear()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert (len(upstream.asked), upstream.connections) == (2, 1)
        await model.close()


async def test_a_whole_answer_that_nobody_waits_for_is_let_go() -> None:
    async with Upstream([[Do.HANG]]) as upstream:
        model = provider(upstream.url, stream=False)
        waiting = asyncio.create_task(anext(model.stream(ask())))
        await upstream.requests(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(upstream.left.wait(), 5)
        await model.close()


async def test_everything_but_the_stream_is_asked_for_as_ever() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": True}}
    request = ask(response_format=schema, max_completion_tokens=9)
    streamed, whole = await sent(request), await sent(request, stream=False)
    assert {**streamed, "stream": False} == {**whole, "stream_options": {"include_usage": True}}
    assert json.dumps(whole["response_format"]) == json.dumps(schema)
