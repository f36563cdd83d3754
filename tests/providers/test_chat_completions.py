"""Chat Completions against an upstream that plays bytes: the dialect, its quirks and its faults."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from livethread.errors import SetupError
from livethread.ids import Ids
from livethread.providers.chat_answer import ChatAnswer
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ImagePart,
    PromptMessage,
    ProviderError,
    Reasoning,
    Refusal,
    Text,
    TextPart,
    ToolCall,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from livethread.providers.failures import ModelApi
from tests.providers.builtin.stopped_clock import StoppedClock
from tests.providers.turns import KEY, MINTED, TOOL, ask, failed, played, provider, read_to_the_error, sent
from tests.providers.upstream import CHUNKED, DONE, OPEN, Do, Step, Upstream, call, delta, event, piece, plain, usage

CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
NAMED = {"type": "function", "function": {"name": "clock"}}
FIVE_AND_TWO = {"prompt_tokens": 5, "completion_tokens": 2}


# ------------------------------------------------------------------------------------------- the request


async def test_the_least_request_says_only_what_it_must() -> None:
    async with Upstream([[OPEN, delta("stop", content="x")]]) as upstream:
        model = provider(upstream.url + "/", key=f"{KEY}\n", headers={"x-team": "red"})
        assert [c async for c in model.stream(ask())] == [Text("x"), Finish("stop")]
        await model.close()
    asked = upstream.asked[0]
    assert asked.line == "POST /v1/chat/completions HTTP/1.1"
    assert asked.json == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    expected = {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": "text/event-stream",
        "x-livethread-hop": "1",
        "x-team": "red",
    }
    assert {name: asked.headers.get(name) for name in expected} == expected


async def test_without_a_key_no_authorization_is_sent() -> None:
    async with Upstream([[OPEN, delta("stop")]]) as upstream:
        model = provider(upstream.url, key=None)
        assert [c async for c in model.stream(ask())] == [Finish("stop")]
        await model.close()
    assert "authorization" not in upstream.asked[0].headers


async def test_the_conversation_is_translated_message_by_message() -> None:
    request = ask(
        instructions="Be brief.",
        messages=(
            PromptMessage("user", (TextPart("a"), TextPart("b"))),
            PromptMessage(
                "user",
                (TextPart("see"), ImagePart("https://x/1.png"), ImagePart("data:image/png;base64,AA", "low")),
            ),
            PromptMessage("assistant", (), (ToolCall("call_1", "weather", '{"city":"Rome"}'),)),
            PromptMessage("tool", (TextPart("sunny \ud83d"),), tool_call_id="call_1"),
            PromptMessage("assistant", (TextPart("Sunny."),)),
        ),
    )
    assert (await sent(request))["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "ab"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "https://x/1.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny \ud83d"},
        {"role": "assistant", "content": "Sunny."},
    ]


async def test_settings_are_sent_only_when_they_are_set() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}
    body = await sent(
        ask(temperature=0.0, top_p=0.5, reasoning_effort="low", response_format=schema, max_completion_tokens=9)
    )
    assert {name: body[name] for name in body if name not in ("model", "messages", "stream", "stream_options")} == {
        "temperature": 0.0,
        "top_p": 0.5,
        "reasoning_effort": "low",
        "response_format": schema,
        "max_tokens": 9,
    }


async def test_tool_settings_are_sent_only_with_tools() -> None:
    without = await sent(ask(tool_choice="required", parallel_tool_calls=False))
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(without)
    default = await sent(ask(tools=(TOOL,)))
    assert (default["tools"], default["parallel_tool_calls"], "tool_choice" in default) == ([TOOL], True, False)
    chosen = await sent(ask(tools=(TOOL,), tool_choice="none", parallel_tool_calls=False))
    assert (chosen["tools"], chosen["tool_choice"], chosen["parallel_tool_calls"]) == ([TOOL], "none", False)


async def test_a_forced_call_is_the_only_one_that_an_engine_is_offered() -> None:
    body = await sent(ask(tools=(TOOL, CLOCK), tool_choice=NAMED))
    assert (body["tools"], body["tool_choice"]) == ([CLOCK], "required")


async def test_a_choice_that_names_no_tool_is_for_the_engine_to_judge() -> None:
    body = await sent(ask(tools=(TOOL,), tool_choice=NAMED))
    assert (body["tools"], body["tool_choice"]) == ([TOOL], NAMED)


async def test_openai_gets_its_own_name_of_the_limit_and_no_default_that_its_reasoning_models_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("livethread.providers.chat_completions._OPENAI_HOSTS", (".127.0.0.1",))
    body = await sent(ask(tools=(TOOL, CLOCK), max_completion_tokens=9, tool_choice=NAMED))
    assert (body["max_completion_tokens"], body["tools"], body["tool_choice"]) == (9, [TOOL, CLOCK], NAMED)
    assert not {"max_tokens", "parallel_tool_calls"} & set(body)
    assert (await sent(ask(tools=(TOOL,), parallel_tool_calls=False)))["parallel_tool_calls"] is False


async def test_the_query_of_the_address_is_kept_for_azure() -> None:
    async with Upstream([[OPEN, delta("stop")]]) as upstream:
        model = provider(f"{upstream.url}?api-version=2026-01-01")
        assert [c async for c in model.stream(ask())] == [Finish("stop")]
        await model.close()
    assert upstream.asked[0].line == "POST /v1/chat/completions?api-version=2026-01-01 HTTP/1.1"


@pytest.mark.parametrize("address", ["localhost:8080/v1", "ftp://x/v1", "", "http://", "http://[::1/v1"])
def test_an_address_that_is_not_http_is_refused_at_once(address: str) -> None:
    with pytest.raises(SetupError, match="must look like"):
        ChatCompletions(address, ids=Ids(), clock=StoppedClock())


# ------------------------------------------------------------------------------------- what a stream says


async def test_a_plain_answer() -> None:
    script = [
        OPEN,
        delta(role="assistant", content=""),
        delta(content="Hel"),
        delta(content="lo"),
        delta("stop"),
        usage(5, 2, prompt_tokens_details={"cached_tokens": 3}, completion_tokens_details={"reasoning_tokens": 1}),
        DONE,
    ]
    assert await played(*script) == [Text("Hel"), Text("lo"), Usage(5, 2, cached=3, reasoning=1), Finish("stop")]


async def test_a_finish_without_done_is_a_good_end() -> None:
    assert await played(OPEN, delta("length", content="x")) == [Text("x"), Finish("length")]


async def test_comments_and_an_open_line_after_done_are_fine() -> None:
    assert await played(OPEN, b": ping\n\n", delta(content="x"), b":\n", delta("stop"), DONE, Do.HANG) == [
        Text("x"),
        Finish("stop"),
    ]


async def test_an_engine_that_finishes_and_stays_silent_has_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livethread.providers.chat_completions._AFTER_FINISH_SECONDS", 0.05)
    assert await played(OPEN, delta("stop", content="x"), Do.HANG) == [Text("x"), Finish("stop")]


async def test_trouble_after_the_finish_spoils_nothing() -> None:
    assert await played(OPEN, delta("stop", content="x"), event(b"{not json")) == [Text("x"), Finish("stop")]
    assert await played(CHUNKED, piece(delta("stop", content="x"))) == [Text("x"), Finish("stop")]


@pytest.mark.parametrize(
    "script",
    [
        [usage(5, 0), delta(content="x"), usage(5, 2), delta("stop")],
        [delta("stop", content="x"), usage(5, 2), DONE],
        [event({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}], "usage": FIVE_AND_TWO})],
    ],
    ids=["early", "late", "with the finish"],
)
async def test_usage_comes_whenever_it_likes_and_the_later_report_wins(script: list[Step]) -> None:
    assert await played(OPEN, *script) == [Text("x"), Usage(5, 2), Finish("stop")]


@pytest.mark.parametrize(
    "report", [None, {}, [], 7, {"prompt_tokens": "many"}, {"prompt_tokens": [], "prompt_tokens_details": 3}]
)
async def test_usage_that_is_absent_or_nonsense_is_no_reason_to_fail(report: Any) -> None:
    chunks = await played(OPEN, delta(content="x"), event({"choices": [], "usage": report}), delta("stop"))
    assert [chunk for chunk in chunks if not isinstance(chunk, Usage)] == [Text("x"), Finish("stop")]
    assert all(chunk == Usage(0, 0) for chunk in chunks if isinstance(chunk, Usage))


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_reasoning_is_read_under_both_its_names(name: str) -> None:
    assert await played(OPEN, delta(**{name: "hm", "content": None}), delta("stop", content="x")) == [
        Reasoning("hm"),
        Text("x"),
        Finish("stop"),
    ]


async def test_reasoning_under_both_names_at_once_counts_once() -> None:
    assert await played(OPEN, delta("stop", reasoning_content="hm", reasoning="hm")) == [
        Reasoning("hm"),
        Finish("stop"),
    ]


async def test_a_refusal_is_kept_apart() -> None:
    assert await played(OPEN, delta(refusal="I "), delta("stop", refusal="won't")) == [
        Refusal("I "),
        Refusal("won't"),
        Finish("stop"),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("eos_token", "stop"),
        ("max_tokens", "length"), ("model_length", "length"), ("tool_calls", "stop"), ("function_call", "stop"),
    ],
)  # fmt: skip
async def test_finish_reasons_are_told_in_our_four_words(said: str, meant: Any) -> None:
    assert await played(OPEN, delta(said, content="x")) == [Text("x"), Finish(meant)]


async def test_an_empty_finish_reason_on_every_chunk_is_none() -> None:
    assert await played(OPEN, delta("", content="a"), delta("", content="b"), delta("stop")) == [
        Text("a"),
        Text("b"),
        Finish("stop"),
    ]


async def test_other_choices_and_unknown_fields_are_passed_over() -> None:
    strange = event({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "length"}], "x": [1]})
    assert await played(OPEN, strange, event({}), delta("stop", content="x")) == [Text("x"), Finish("stop")]


# ---------------------------------------------------------------------------------------------- tool calls


async def test_parallel_calls_are_kept_apart_by_their_index() -> None:
    script = [
        OPEN,
        call(0, "call_a", "weather", ""),
        call(1, "call_b", "time", ""),
        call(0, arguments='{"city"'),
        call(1, arguments="{}"),
        call(0, arguments=':"Rome"}'),
        delta("tool_calls"),
    ]
    assert await played(*script) == [
        ToolCallStart(0, "call_a", "weather"),
        ToolCallStart(1, "call_b", "time"),
        ToolCallArguments(0, '{"city"'),
        ToolCallArguments(1, "{}"),
        ToolCallArguments(0, ':"Rome"}'),
        Finish("tool_calls"),
    ]


async def test_a_name_repeated_in_every_delta_counts_once() -> None:
    script = [call(0, "call_a", "weather", text) for text in ("{", '"a":1', "}")]
    assert await played(OPEN, *script, delta("tool_calls")) == [
        ToolCallStart(0, "call_a", "weather"),
        ToolCallArguments(0, "{"),
        ToolCallArguments(0, '"a":1'),
        ToolCallArguments(0, "}"),
        Finish("tool_calls"),
    ]


async def test_a_new_id_in_every_delta_is_still_one_call() -> None:
    assert await played(OPEN, call(0, "x1", "weather"), call(0, "x2", None, "{}"), delta("stop")) == [
        ToolCallStart(0, "x1", "weather"),
        ToolCallArguments(0, "{}"),
        Finish("tool_calls"),
    ]


async def test_calls_that_are_all_numbered_zero_are_told_by_name_and_id() -> None:
    assert await played(OPEN, call(0, "a", "weather", "{}"), call(0, "b", "weather", "[]"), delta("stop")) == [
        ToolCallStart(0, "a", "weather"),
        ToolCallArguments(0, "{}"),
        ToolCallStart(1, "b", "weather"),
        ToolCallArguments(1, "[]"),
        Finish("tool_calls"),
    ]


async def test_calls_without_any_index_are_told_by_id_and_by_place() -> None:
    script = [
        call(None, "a", "weather", "{"),
        call(None, None, None, "}"),
        call(None, "b", "time"),
        call(None, "b", None, "{}"),
        call(None, "a", None, " "),
    ]
    assert await played(OPEN, *script, delta("tool_calls")) == [
        ToolCallStart(0, "a", "weather"),
        ToolCallArguments(0, "{"),
        ToolCallArguments(0, "}"),
        ToolCallStart(1, "b", "time"),
        ToolCallArguments(1, "{}"),
        ToolCallArguments(0, " "),
        Finish("tool_calls"),
    ]


async def test_whole_calls_without_index_and_id_get_ids_of_their_own() -> None:
    chunks = await played(OPEN, call(None, None, "weather", "{}"), call(None, None, "time", "{}"), delta("stop"))
    ids = Ids(7)
    assert chunks == [
        ToolCallStart(0, ids.new("call"), "weather"),
        ToolCallArguments(0, "{}"),
        ToolCallStart(1, ids.new("call"), "time"),
        ToolCallArguments(1, "{}"),
        Finish("tool_calls"),
    ]


async def test_an_id_used_twice_is_replaced_and_its_repeated_name_opens_no_further_call() -> None:
    script = [call(0, "same", "weather"), call(1, "same", "time", "{"), call(1, "same", "time", "}")]
    assert await played(OPEN, *script, delta("stop")) == [
        ToolCallStart(0, "same", "weather"),
        ToolCallStart(1, MINTED, "time"),
        ToolCallArguments(1, "{"),
        ToolCallArguments(1, "}"),
        Finish("tool_calls"),
    ]


async def test_arguments_that_come_before_the_name_wait_for_it() -> None:
    assert await played(OPEN, call(3, "a", None, "{"), call(3, None, "weather", "}"), delta("stop")) == [
        ToolCallStart(0, "a", "weather"),
        ToolCallArguments(0, "{}"),
        Finish("tool_calls"),
    ]


async def test_arguments_are_passed_through_valid_or_not_and_objects_become_text() -> None:
    assert await played(OPEN, call(0, "a", "f", "{nope"), call(1, "b", "g", {"é": 1}), delta("length")) == [
        ToolCallStart(0, "a", "f"),
        ToolCallArguments(0, "{nope"),
        ToolCallStart(1, "b", "g"),
        ToolCallArguments(1, '{"é": 1}'),
        Finish("length"),
    ]


async def test_a_call_that_never_gets_a_name_is_an_error() -> None:
    chunks, error = await failed(OPEN, delta(content="x"), call(0, "a", None, "{}"), delta("tool_calls"))
    assert chunks == [Text("x")]
    assert (error.kind, error.partial) == ("bad_stream", True)
    assert "tool call without a name" in error.message


# ------------------------------------------------------------------------------------------------ the text


async def test_half_a_surrogate_pair_waits_for_the_next_chunk() -> None:
    script = [
        event(rb'{"choices":[{"delta":{"content":"a\ud83d"}}]}'),
        event(rb'{"choices":[{"delta":{"content":"\ude00b"}}]}'),
    ]
    assert await played(OPEN, *script, delta("stop")) == [Text("a"), Text("😀b"), Finish("stop")]


async def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    script = [
        event(rb'{"choices":[{"delta":{"content":"a\ude00b\ud83dc"}}]}'),
        event(rb'{"choices":[{"delta":{"content":"\ud83d"}}]}'),
        event(rb'{"choices":[{"delta":{"content":"d"}}]}'),
        event(rb'{"choices":[{"delta":{"content":"e\ud83d"}}]}'),
    ]
    assert await played(OPEN, *script, delta("stop")) == [
        Text("a\ufffdb\ufffdc"),
        Text("\ufffdd"),
        Text("e"),
        Text("\ufffd"),
        Finish("stop"),
    ]


async def test_half_a_pair_in_arguments_waits_as_well() -> None:
    halves = [
        event(rb'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ud83d"}}]}}]}'),
        event(rb'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ude00"}}]}}]}'),
        event(rb'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\ud83d"}}]}}]}'),
    ]
    assert await played(OPEN, call(0, "a", "f"), *halves, delta("stop")) == [
        ToolCallStart(0, "a", "f"),
        ToolCallArguments(0, "😀"),
        ToolCallArguments(0, "\ufffd"),
        Finish("tool_calls"),
    ]


async def test_json_that_only_python_takes_is_taken() -> None:
    odd = event(rb'{"choices":[{"delta":{"content":"x\ud83d"},"logprob":NaN,"index":0.0}],"t":-Infinity}')
    assert await played(OPEN, odd, delta("stop")) == [Text("x"), Text("\ufffd"), Finish("stop")]


async def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert await played(OPEN, event(b'{"choices":[{"delta":{"content":"a\xff"}}]}'), delta("stop")) == [
        Text("a\ufffd"),
        Finish("stop"),
    ]


def test_the_same_bytes_in_single_pieces_make_the_same_chunks() -> None:
    stream = b"".join(
        [delta(content="é€😀"), event('{"choices":[{"delta":{"content":"é€😀"}}]}'.encode()),
         call(0, "a", "f", "{}"), delta("stop"), usage(1, 2), DONE]
    ).replace(b"\n", b"\r\n")  # fmt: skip
    whole, single = (ChatAnswer(Ids(7), ModelApi("u", (), "m")) for _ in range(2))
    expected = [*whole.feed(stream), *whole.end()]
    assert expected == [
        Text("é€😀"),
        Text("é€😀"),
        ToolCallStart(0, "a", "f"),
        ToolCallArguments(0, "{}"),
        Usage(1, 2),
        Finish("tool_calls"),
    ]
    bytewise = (chunk for byte in stream for chunk in single.feed(bytes([byte])))
    assert [*bytewise, *single.end()] == expected


# ------------------------------------------------------------------------------------ streams that go wrong


@pytest.mark.parametrize("end", [[], [DONE]], ids=["clean end", "done"])
@pytest.mark.parametrize("head", [OPEN, CHUNKED], ids=["until close", "chunked"])
async def test_an_answer_without_a_finish_is_an_error_whatever_http_says(head: bytes, end: list[bytes]) -> None:
    body = [delta(content="half"), *end]
    script = body if head is OPEN else [*map(piece, body), piece(b"")]
    chunks, error = await failed(head, *script)
    assert chunks == [Text("half")]
    assert (error.kind, error.partial, error.retryable) == ("bad_stream", True, True)
    assert "without a finish reason" in error.message


async def test_an_empty_stream_is_an_error_and_not_partial() -> None:
    chunks, error = await failed(OPEN, delta(role="assistant", content=""))
    assert (chunks, error.kind, error.partial) == ([], "bad_stream", False)


@pytest.mark.parametrize("cut", [Do.RESET, b""], ids=["reset", "cut chunk"])
async def test_a_connection_that_breaks_in_the_answer_is_told_from_one_that_ends(cut: Step) -> None:
    seen = asyncio.Event()
    async with Upstream([[CHUNKED, piece(delta(content="half")), seen, cut]]) as upstream:
        model = provider(upstream.url)
        chunks, error = await read_to_the_error(model.stream(ask()), seen)
        await model.close()
    assert chunks == [Text("half")]
    assert (error.kind, error.partial, error.retryable) == ("connection", True, True)
    assert "in the middle of its answer" in error.message


@pytest.mark.parametrize("script", [[Do.RESET], []], ids=["reset", "closed"])
async def test_a_connection_closed_without_an_answer_is_not_partial(script: list[Step]) -> None:
    _, error = await failed(*script)
    assert (error.kind, error.partial, error.retryable) == ("connection", False, True)
    assert "without an answer" in error.message


async def test_silence_before_the_answer_is_a_timeout() -> None:
    chunks, error = await failed(Do.HANG, stall_timeout=0.1)
    assert (chunks, error.kind, error.partial, error.retryable) == ([], "timeout", False, True)
    assert "nothing for 0.1 s" in error.message


async def test_silence_in_the_answer_is_a_timeout() -> None:
    chunks, error = await failed(OPEN, delta(content="half"), Do.HANG, stall_timeout=0.2)
    assert (chunks, error.kind, error.partial) == ([Text("half")], "timeout", True)


async def test_a_chunk_that_is_no_json_is_an_error_after_what_came_before_it() -> None:
    chunks, error = await failed(OPEN, delta(content="x") + event(b"{broken") + delta("stop"))
    assert (chunks, error.kind, error.partial) == ([Text("x")], "bad_stream", True)
    assert "{broken" in error.message


@pytest.mark.parametrize("body", [b"null", b"[]", b'{"choices":7}', b"[" * 100_000, b'"text"'])
async def test_a_chunk_of_another_shape_is_an_error(body: bytes) -> None:
    chunks, error = await failed(OPEN, event(body))
    assert (chunks, error.kind, error.partial) == ([], "bad_stream", False)


async def test_an_endless_event_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livethread.providers.chat_answer.MAX_BYTES", 1000)
    chunks, error = await failed(OPEN, delta(content="x") + b"data: " + b"y" * 1000, Do.HANG)
    assert (chunks, error.kind, error.partial) == ([Text("x")], "bad_stream", True)


@pytest.mark.parametrize(
    ("report", "kind", "retryable"),
    [
        (event({"error": {"message": "GPU fell over", "type": "server_error", "code": 500}}), "upstream", True),
        (event({"error": {"message": "GPU fell over", "code": 503}}), "overloaded", True),
        (event({"error": {"message": "GPU fell over", "code": "rate_limit_exceeded"}}), "rate_limit", True),
        (event({"error": {"message": "GPU fell over", "code": "insufficient_quota"}}), "rate_limit", False),
        (event({"error": {"message": "GPU fell over", "code": "context_length_exceeded"}}), "context_length", False),
        (event({"error": "GPU fell over"}), "upstream", True),
        (event({"object": "error", "message": "GPU fell over", "code": 400}), "bad_request", False),
        (b"event: error\n" + event({"message": "GPU fell over"}), "upstream", True),
    ],
)
async def test_an_error_reported_inside_a_stream_ends_it(report: bytes, kind: str, retryable: bool) -> None:
    chunks, error = await failed(OPEN, delta(content="x"), report, delta("stop"))
    assert (chunks, error.kind, error.partial, error.retryable) == ([Text("x")], kind, True, retryable)
    assert "GPU fell over" in error.message


@pytest.mark.parametrize("reason", ["error", "abort"])
async def test_a_finish_reason_that_is_an_error_is_one(reason: str) -> None:
    chunks, error = await failed(OPEN, delta(content="x"), delta(reason))
    assert (chunks, error.kind, error.partial) == ([Text("x")], "upstream", True)


# ----------------------------------------------------------------------------------------- refused requests


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        ("400 Bad Request", None, "bad_request", False),
        ("400 Bad Request", "context_length_exceeded", "context_length", False),
        ("401 Unauthorized", "invalid_api_key", "auth", False),
        ("402 Payment Required", None, "auth", False),
        ("403 Forbidden", None, "auth", False),
        ("404 Not Found", "model_not_found", "not_found", False),
        ("408 Request Timeout", None, "timeout", True),
        ("413 Too Large", "context_length_exceeded", "context_length", False),
        ("422 Unprocessable", None, "bad_request", False),
        ("429 Too Many Requests", "rate_limit_exceeded", "rate_limit", True),
        ("429 Too Many Requests", "insufficient_quota", "rate_limit", False),
        ("500 Oops", None, "upstream", True),
        ("501 Not Implemented", None, "upstream", False),
        ("502 Bad Gateway", None, "upstream", True),
        ("503 Service Unavailable", None, "overloaded", True),
        ("529 Overloaded", None, "overloaded", True),
    ],
)
async def test_a_status_tells_the_kind(status: str, code: str | None, kind: str, retryable: bool) -> None:
    body = {"error": {"message": "Told by the engine.", "type": "x", "param": None, "code": code}}
    chunks, error = await failed(plain(status, body))
    assert (chunks, error.kind, error.retryable, error.partial) == ([], kind, retryable, False)
    assert error.status == int(status[:3])
    assert f"({status[:3]}): Told by the engine. " in error.message


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 4096 tokens.",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 9 tokens > 8 maximum",
    ],
)
async def test_a_prompt_too_long_is_known_by_its_words_where_there_is_no_code(said: str) -> None:
    _, error = await failed(plain("400 Bad Request", {"error": {"message": said, "type": "invalid_request_error"}}))
    assert error.kind == "context_length"


async def test_an_unknown_model_is_named() -> None:
    _, error = await failed(plain("404 Not Found", b"404 page not found", "text/plain"))
    assert "does not know the model 'm' (404): 404 page not found." in error.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "2.5"}, 2.5),
        ({"Retry_After": "7", "retry_after_ms": "250"}, 0.25),
        ({"Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry_After": "Fri, 20 Nov 2026 10:01:30 GMT"}, 90.0),
        ({"Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry_After": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"Retry_After": "Fri, 20 Nov 2026 09:00:00 GMT"}, None),
        ({"Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry_After": "Fri, 20 Nov 2026 09:00:00"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "-3"}, None),
        ({}, None),
    ],
)
async def test_the_wait_that_was_asked_for_is_told(headers: dict[str, str], seconds: float | None) -> None:
    _, error = await failed(plain("429 Too Many Requests", {"error": {"message": "slow"}}, **headers))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "a b"}}, "a b."),
        ({"error": "a b"}, "a b."),
        ({"message": "a\n b."}, "a b."),
        ({"detail": [{"msg": "a b"}]}, '[{"msg": "a b"}].'),
        ([{"error": {"message": "a b"}}], "a b."),
        (b"a b", "a b."),
        (b"", "it gave no reason."),
        (b"<html><body>nginx</body></html>", "an HTML page"),
        (b"x" * 9000, "x" * 499 + "…."),
        (b"[" * 60_000, "[…."),
        (rb'{"error": "a \ud83d"}', "a ?."),
    ],
)
async def test_an_error_is_read_in_whatever_shape_it_comes(body: Any, said: str) -> None:
    _, error = await failed(plain("500 Oops", body))
    assert error.kind == "upstream"
    assert said in error.message


async def test_a_key_that_an_upstream_echoes_is_hidden() -> None:
    echo = {"error": {"message": f"Incorrect API key provided: {KEY}, header Bearer {KEY}, team {'t' * 8}"}}
    _, error = await failed(plain("401 Unauthorized", echo), headers={"x-team": "t" * 8})
    assert "[hidden]" in error.message
    assert "t" * 8 not in error.message
    _, error = await failed(OPEN, event(f"{{broken {KEY}".encode()))
    assert "[hidden]" in error.message


async def test_credentials_in_the_address_are_used_and_hidden() -> None:
    async with Upstream([[plain("401 Unauthorized", b"no: hunter22")]]) as upstream:
        model = provider(upstream.url.replace("://", "://bob:hunter22@"), key=None)
        with pytest.raises(ProviderError) as raised:
            await anext(model.stream(ask()))
        await model.close()
    assert upstream.asked[0].headers["authorization"] == "Basic Ym9iOmh1bnRlcjIy"
    assert "hunter22" not in raised.value.message
    assert "bob" not in raised.value.message


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    _, error = await failed(plain("308 Permanent Redirect", b"", Location="https://elsewhere.example/v1"))
    assert (error.kind, error.status) == ("not_found", 308)
    assert "https://elsewhere.example/v1" in error.message


async def test_an_html_page_says_so() -> None:
    _, error = await failed(plain("200 OK", b"<html>Welcome</html>", "text/html; charset=utf-8"))
    assert (error.kind, error.retryable, error.partial) == ("bad_stream", False, False)
    assert "an HTML page" in error.message


async def test_a_json_error_with_status_200_is_that_error() -> None:
    _, error = await failed(plain("200 OK", {"error": {"message": "No model loaded", "code": 503}}))
    assert error.kind == "overloaded"
    assert "No model loaded" in error.message


async def test_an_answer_that_is_no_http_is_an_error() -> None:
    _, error = await failed(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    assert (error.kind, error.retryable) == ("bad_stream", False)
    assert "does not speak HTTP" in error.message


# ---------------------------------------------------------------------------------------------- connections


async def unreachable(url: str, **settings: Any) -> ProviderError:
    model = provider(url, **settings)
    with pytest.raises(ProviderError) as raised:
        await anext(model.stream(ask()))
    await model.close()
    return raised.value


async def test_a_port_where_nothing_listens_is_said_to_be_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = await unreachable(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    assert (error.kind, error.retryable, error.partial) == ("connection", True, False)
    assert "nothing listens there" in error.message


async def test_a_host_that_does_not_exist_is_said_to_be_missing() -> None:
    error = await unreachable("http://no-such-host.invalid/v1")
    assert (error.kind, error.retryable, error.partial) == ("connection", True, False)
    assert "no such host" in error.message


async def test_a_plain_server_behind_https_is_a_tls_error() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(1) and plain("400 Bad Request", b"plain HTTP here"))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        error = await unreachable(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert (error.kind, error.retryable) == ("connection", False)
    assert "TLS certificate" in error.message


async def test_a_host_that_does_not_take_the_connection_is_a_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:  # the queue of a listener that never accepts is full after these
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        error = await unreachable(f"http://127.0.0.1:{full.getsockname()[1]}/v1", connect_timeout=0.1)
        for one in waiting:
            one.close()
    assert (error.kind, error.retryable) == ("timeout", True)
    assert "did not take the connection" in error.message


async def test_closing_the_iterator_closes_the_socket_at_once() -> None:
    async with Upstream([[OPEN, delta(content="x"), Do.HANG]]) as upstream:
        model = provider(upstream.url)
        stream = model.stream(ask())
        assert await anext(stream) == Text("x")
        assert not upstream.left.is_set()
        await stream.aclose()
        await asyncio.wait_for(upstream.left.wait(), 5)
        await model.close()


@pytest.mark.parametrize("head", [b"", OPEN], ids=["before the answer", "in the answer"])
async def test_cancelling_the_reader_closes_the_socket_at_once(head: bytes) -> None:
    script: list[Step] = [head, Do.HANG]
    async with Upstream([script]) as upstream:
        model = provider(upstream.url)

        async def read() -> None:
            async for _ in model.stream(ask()):
                pytest.fail("nothing was sent")

        task = asyncio.create_task(read())
        await upstream.requests(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(upstream.left.wait(), 5)
        await model.close()


async def test_a_connection_is_used_again_after_a_whole_answer() -> None:
    ends = [asyncio.Event() for _ in range(3)]
    # The end of the body comes in a packet of its own, after everything that counts was read.
    head = [CHUNKED, piece(delta("stop", content="x")), piece(DONE)]
    async with Upstream([[*head, end, piece(b""), Do.NEXT] for end in ends]) as upstream:
        model = provider(upstream.url)
        for end in ends:
            async for chunk in model.stream(ask()):
                if chunk == Finish("stop"):
                    end.set()
            assert end.is_set()
        assert (len(upstream.asked), upstream.connections) == (3, 1)
        await model.close()


async def test_a_connection_that_has_died_in_the_pool_is_replaced_unseen() -> None:
    # As llama.cpp does: it promises to keep the connection of a stream, and closes it.
    kept: list[Step] = [CHUNKED, piece(delta("stop", content="x")), piece(DONE), piece(b""), Do.NEXT]
    async with Upstream([kept, [], kept, [Do.RESET], kept]) as upstream:
        model = provider(upstream.url)
        for _ in range(3):
            assert [chunk async for chunk in model.stream(ask())] == [Text("x"), Finish("stop")]
        assert (len(upstream.asked), upstream.connections) == (5, 3)
        assert len({asked.body for asked in upstream.asked}) == 1
        await model.close()


async def test_a_new_connection_that_dies_unanswered_is_not_replaced() -> None:
    async with Upstream([[]]) as upstream:
        model = provider(upstream.url)
        with pytest.raises(ProviderError):
            await anext(model.stream(ask()))
        assert len(upstream.asked) == 1
        await model.close()


async def test_many_turns_run_at_once() -> None:
    go = asyncio.Event()
    async with Upstream([[OPEN, go, delta("stop", content="x")]]) as upstream:
        model = provider(upstream.url)

        async def turn() -> list[Chunk]:
            return [c async for c in model.stream(ask())]

        turns = [asyncio.create_task(turn()) for _ in range(150)]
        await upstream.requests(150)
        go.set()
        assert await asyncio.gather(*turns) == [[Text("x"), Finish("stop")]] * 150
        await model.close()


async def test_closing_the_provider_ends_its_streams_with_an_error() -> None:
    async with Upstream([[CHUNKED, piece(delta(content="x")), Do.HANG]]) as upstream:
        model = provider(upstream.url)
        stream = model.stream(ask())
        assert await anext(stream) == Text("x")
        await model.close()
        with pytest.raises(ProviderError) as raised:
            await anext(stream)
        assert (raised.value.kind, raised.value.partial) == ("connection", True)
        await asyncio.wait_for(upstream.left.wait(), 5)


# --------------------------------------------------------------------------------------------------- models


@pytest.fixture
def listing() -> Callable[..., Any]:
    async def models(*script: Step) -> list[str]:
        async with Upstream([list(script)]) as upstream:
            model = provider(upstream.url)
            try:
                return await model.models()
            finally:
                await model.close()
                assert upstream.asked[0].line == "GET /v1/models HTTP/1.1"
                assert upstream.asked[0].headers["x-livethread-hop"] == "1"

    return models


async def test_models_are_listed_by_name(listing: Callable[..., Any]) -> None:
    body = {"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b"}]}
    assert await listing(plain("200 OK", body)) == ["a", "b"]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"null", json.dumps({"data": ["a"]}).encode()])
async def test_a_list_of_models_that_is_none_is_an_error(listing: Callable[..., Any], body: bytes) -> None:
    with pytest.raises(ProviderError, match="GET /models") as raised:
        await listing(plain("200 OK", body))
    assert raised.value.kind == "bad_stream"


async def test_an_api_without_a_list_of_models_says_so(listing: Callable[..., Any]) -> None:
    with pytest.raises(ProviderError, match="has no list of models") as raised:
        await listing(plain("404 Not Found", b"nope"))
    assert raised.value.kind == "not_found"


async def test_a_list_that_is_cut_is_a_connection_error(listing: Callable[..., Any]) -> None:
    with pytest.raises(ProviderError) as raised:
        await listing(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
    assert raised.value.kind == "connection"
