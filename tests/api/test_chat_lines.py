"""What a model says, as the lines of a stream and as one object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.api.chat_lines import Lines, error_line
from livethread.api.chat_object import Whole
from livethread.errors import ApiError
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
from tests.api.chat_shapes import ERROR, WHOLE, chunks, lines, text

ID = "chatcmpl-" + "a" * 29
CALLS: list[Chunk] = [
    ToolCallStart(0, "call_a", "clock"),
    ToolCallStart(1, "call_b", "weather"),
    ToolCallArguments(1, '{"city":'),
    ToolCallArguments(1, ' "Łódź"}'),
]


def streamed(*said: Chunk, **more: Any) -> list[Any]:
    made = Lines(ID, 1, "gpu/m", **more)
    return chunks(b"".join(map(made.of, said)))


def deltas(*said: Chunk, **more: Any) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in streamed(*said, **more)]


def gathered(*said: Chunk, one_call: bool = False) -> Any:
    whole = Whole(one_call=one_call)
    for chunk in said:
        whole.take(chunk)
    found = whole.object(ID, 1, "gpu/m")
    WHOLE.validate(found)
    return found


def test_every_line_of_an_answer_is_as_published() -> None:
    head = {"id": ID, "object": "chat.completion.chunk", "created": 1, "model": "gpu/m", "system_fingerprint": None}

    def choices(delta: Any, finish: str | None = None) -> Any:
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]

    assert streamed(Text("Hel"), Text("lo"), Usage(3, 2), Finish("stop")) == [
        {**head, "choices": choices({"role": "assistant", "content": ""})},
        {**head, "choices": choices({"content": "Hel"})},
        {**head, "choices": choices({"content": "lo"})},
        {**head, "choices": choices({}, "stop")},
    ]
    spent = {
        "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    assert streamed(Text("Hi"), Usage(3, 2, cached=1), Finish("stop"), usage=True) == [
        {**head, "choices": choices({"role": "assistant", "content": ""}), "usage": None},
        {**head, "choices": choices({"content": "Hi"}), "usage": None},
        {**head, "choices": choices({}, "stop"), "usage": None},
        {**head, "choices": [], "usage": spent},
    ]


@pytest.mark.parametrize("said", ['"\\\n\r\0\x7f', "終わり", "🎉", "\u2028", "data: [DONE]\n\n"])
def test_any_text_is_one_line_of_ascii(said: str) -> None:
    assert text(streamed(Text(said), Text(said), Finish("stop"))) == said + said
    assert gathered(Text(said), Finish("stop"))["choices"][0]["message"]["content"] == said


def test_the_model_s_name_is_json_too() -> None:
    made = Lines(ID, 1, '"{}"\n終', usage=True)
    assert {chunk["model"] for chunk in chunks(made.of(Text("a")) + made.text("b") + made.of(Finish("stop")))} == {
        '"{}"\n終'
    }


def test_calls_come_by_index_and_none_is_without_arguments() -> None:
    assert deltas(*CALLS, Finish("tool_calls")) == [
        {"role": "assistant", "content": None},
        {"tool_calls": [{"index": 0, "id": "call_a", "type": "function",
                         "function": {"name": "clock", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "call_b", "type": "function",
                         "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": '{"city":'}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": ' "Łódź"}'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {},
    ]  # fmt: skip
    (choice,) = gathered(*CALLS, Finish("tool_calls"))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant", "content": None, "refusal": None,
        "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
            {"id": "call_b", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Łódź"}'}},
        ],
    }  # fmt: skip


def test_where_parallel_calls_are_forbidden_only_the_first_counts() -> None:
    first = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "clock", "arguments": ""}}
    assert deltas(*CALLS, Finish("tool_calls"), one_call=True) == [
        {"role": "assistant", "content": None},
        {"tool_calls": [first]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {},
    ]
    (choice,) = gathered(*CALLS, Finish("tool_calls"), one_call=True)["choices"]
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["call_a"]


def test_reasoning_and_refusals_have_fields_of_their_own() -> None:
    said: list[Chunk] = [Reasoning("Hm"), Reasoning("…"), Refusal("No"), Refusal("."), Finish("content_filter")]
    assert deltas(*said) == [
        {"role": "assistant", "content": None},
        {"reasoning_content": "Hm"},
        {"reasoning_content": "…"},
        {"refusal": "No"},
        {"refusal": "."},
        {},
    ]
    assert gathered(*said)["choices"][0] == {
        "index": 0, "logprobs": None, "finish_reason": "content_filter",
        "message": {"role": "assistant", "content": None, "refusal": "No.", "reasoning_content": "Hm…"},
    }  # fmt: skip


def test_an_answer_that_says_nothing_is_empty_text() -> None:
    assert deltas(Finish("length")) == [{"role": "assistant", "content": ""}, {}]
    assert gathered(Finish("length"))["choices"][0]["message"] == {"role": "assistant", "content": "", "refusal": None}


def test_usage_that_nobody_told_is_not_made_up() -> None:
    assert "usage" not in gathered(Text("Hi"), Finish("stop"))
    assert [chunk["usage"] for chunk in streamed(Text("Hi"), Finish("stop"), usage=True)] == [None] * 3


def test_an_error_is_a_line_that_can_be_read_alone() -> None:
    error = ApiError("It broke\noff. 終", param="messages", code="upstream_broke_off")
    (line,) = lines(error_line(error))
    ERROR.validate(line)
    assert line == {"error": json.loads(json.dumps(error.described))}
