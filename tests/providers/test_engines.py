"""Whole answers of engines as they were recorded, with the quirks of each; only names and lengths are ours."""

from __future__ import annotations

from typing import Any

from livethread.providers.chunks import (
    Finish,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from tests.providers.turns import TOOL, ask, failed, played
from tests.providers.upstream import CHUNKED, DONE, OPEN, delta, event, piece, plain, usage

TOOLS = ask(tools=(TOOL,))


def chunk(finish: str | None = None, *, delta: dict[str, Any], **more: Any) -> bytes:
    """An event with nothing in it but what is given."""
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


# llama.cpp's own server


async def test_llama_cpp_thinks_aloud_then_answers_and_reports_its_timings_with_the_usage() -> None:
    script = [
        chunk(delta={"role": "assistant", "content": None}),
        chunk(delta={"reasoning_content": "Hm."}),
        chunk(delta={"content": "Yes"}),
        chunk("stop", delta={}),
        usage(9, 2, prompt_tokens_details={"cached_tokens": 8}),
        event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}, "timings": {"prompt_ms": 1.5}}),
    ]
    assert await played(OPEN, *script, DONE) == [Reasoning("Hm."), Text("Yes"), Usage(9, 2), Finish("stop")]


async def test_llama_cpp_makes_parallel_calls_behind_its_text() -> None:
    def part(index: int, **fields: Any) -> bytes:
        return chunk(delta={"tool_calls": [{"index": index, **fields}]})

    script = [
        chunk(delta={"content": "the of"}),
        part(0, id="ZbA", type="function", function={"name": "weather", "arguments": "{"}),
        part(0, function={"arguments": '"city":"Rome"}'}),
        part(1, id="q3X", type="function", function={"name": "weather", "arguments": "{"}),
        part(1, function={"arguments": "}"}),
        chunk("tool_calls", delta={}),
    ]
    assert await played(OPEN, *script, request=TOOLS) == [
        Text("the of"),
        ToolCallStart(0, "ZbA", "weather"),
        ToolCallArguments(0, "{"),
        ToolCallArguments(0, '"city":"Rome"}'),
        ToolCallStart(1, "q3X", "weather"),
        ToolCallArguments(1, "{"),
        ToolCallArguments(1, "}"),
        Finish("tool_calls"),
    ]


# python -m llama_cpp.server


async def test_llama_cpp_python_repeats_name_and_id_in_two_fields_of_every_delta_and_writes_crlf() -> None:
    def part(arguments: str) -> bytes:
        function = {"name": "weather", "arguments": arguments}
        calls = [{"index": 0, "id": "call__0_weather_cmpl-1", "type": "function", "function": function}]
        return chunk(delta={"role": None, "content": None, "function_call": function, "tool_calls": calls})

    script = [
        chunk(delta={"role": "assistant", "content": None, "function_call": None, "tool_calls": None}),
        *map(part, ["{", '"city"', ': "Rome"', "}"]),
        b": ping - 2026-11-20 10:00:00.000000\n\n",
        chunk("tool_calls", delta={"role": None, "content": None}),
        DONE,
    ]
    assert await played(OPEN, *(sent.replace(b"\n", b"\r\n") for sent in script), request=TOOLS) == [
        ToolCallStart(0, "call__0_weather_cmpl-1", "weather"),
        ToolCallArguments(0, "{"),
        ToolCallArguments(0, '"city"'),
        ToolCallArguments(0, ': "Rome"'),
        ToolCallArguments(0, "}"),
        Finish("tool_calls"),
    ]


async def test_llama_cpp_python_cuts_a_stream_short_for_the_next_request() -> None:
    script = [chunk(delta={"role": "assistant"}), chunk(delta={"content": "the of"})]
    chunks, error = await failed(CHUNKED, *(piece(sent.replace(b"\n", b"\r\n")) for sent in script), piece(b""))
    assert (chunks, error.kind, error.retryable, error.partial) == ([Text("the of")], "bad_stream", True, True)


async def test_llama_cpp_python_drops_the_connection_where_it_would_have_to_choose_a_tool() -> None:
    chunks, error = await failed(CHUNKED, request=TOOLS)
    assert (chunks, error.kind, error.retryable, error.partial) == ([], "connection", True, False)
    assert error.message.endswith("set stream = false for it in livethread.toml.")


async def test_llama_cpp_python_fails_on_a_schema() -> None:
    said = "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text'\"}]"
    body = {"error": {"message": said, "type": "internal_server_error", "param": None, "code": None}}
    request = ask(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}}})
    _, error = await failed(plain("500 Oops", body), request=request)
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert "{'type': 'json_object'}" in error.message


# transformers serve


async def test_transformers_sends_dirty_text_and_a_usage_that_nobody_has_asked_for() -> None:
    script = [
        event({"choices": [{"delta": {"role": "assistant"}, "index": 0}], "system_fingerprint": "", "usage": None}),
        event({"choices": [{"delta": {"content": "\ufffd\ufffd a"}, "index": 0}]}),
        event({"choices": [{"delta": {"content": " \ufffd"}, "index": 0}]}),
        event(
            {
                "choices": [{"delta": {}, "finish_reason": "length", "index": 0}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
            }
        ),
    ]
    assert await played(OPEN, *script) == [
        Text("\ufffd\ufffd a"),
        Text(" \ufffd"),
        Usage(3, 4),
        Finish("length"),
    ]


# others


async def test_ollama_sends_whole_calls_and_says_stop_after_them() -> None:
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"a":1}'}}
    script = [
        chunk(delta={"role": "assistant", "content": "", "reasoning": "Hm."}),
        chunk(delta={"role": "assistant", "content": "", "tool_calls": [call]}),
        chunk("stop", delta={"role": "assistant", "content": ""}),
        usage(5, 2),
        DONE,
    ]
    assert await played(OPEN, *script, request=TOOLS) == [
        Reasoning("Hm."),
        ToolCallStart(0, "call_1", "weather"),
        ToolCallArguments(0, '{"a":1}'),
        Usage(5, 2),
        Finish("tool_calls"),
    ]


async def test_openrouter_comments_while_it_waits_and_reports_an_error_along_with_a_choice() -> None:
    comment = b": OPENROUTER PROCESSING\n\n"
    broken = chunk("error", delta={"content": ""}, error={"code": 502, "message": "Upstream idle timeout exceeded"})
    chunks, error = await failed(OPEN, comment, comment, chunk(delta={"content": "Hel"}), broken)
    assert (chunks, error.kind, error.retryable, error.partial) == ([Text("Hel")], "upstream", True, True)
    assert "Upstream idle timeout exceeded." in error.message


async def test_vllm_ends_a_stream_with_an_error_and_done() -> None:
    report = event({"error": {"message": "EngineCore died", "type": "InternalServerError", "param": None, "code": 500}})
    chunks, error = await failed(OPEN, delta(content="Hel"), report, DONE)
    assert (chunks, error.kind, error.retryable, error.partial) == ([Text("Hel")], "upstream", True, True)


async def test_mistral_tells_its_reasoning_in_parts_of_the_content() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    script = [chunk(delta={"content": [thinking]}), chunk(delta={"content": [{"type": "text", "text": "Yes"}]})]
    assert await played(OPEN, *script, chunk("stop", delta={"content": ""})) == [
        Reasoning("Hm."),
        Text("Yes"),
        Finish("stop"),
    ]


async def test_a_proxy_that_repeats_the_whole_message_at_the_end_doubles_nothing() -> None:
    last = {"index": 0, "delta": {}, "message": {"role": "assistant", "content": "Yes"}, "finish_reason": "stop"}
    assert await played(OPEN, delta(content="Yes"), event({"choices": [last]})) == [Text("Yes"), Finish("stop")]


async def test_calls_of_the_old_field_are_read_where_there_are_no_others() -> None:
    script = [
        chunk(delta={"function_call": {"name": "weather", "arguments": ""}}),
        chunk(delta={"function_call": {"arguments": "{}"}}),
        chunk("function_call", delta={}),
    ]
    start, *rest = await played(OPEN, *script, request=TOOLS)
    assert isinstance(start, ToolCallStart)
    assert (start.index, start.name) == (0, "weather")
    assert rest == [ToolCallArguments(0, "{}"), Finish("tool_calls")]
