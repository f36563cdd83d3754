from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain.steps import function_call
from livethread.domain.usage import Usage as RunUsage
from livethread.engine.reply import Reply, last_error
from livethread.providers.chunks import (
    Chunk,
    ErrorKind,
    Finish,
    ProviderError,
    Reasoning,
    Request,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)


def reply(*chunks: Chunk) -> Reply:
    taken = Reply()
    for chunk in chunks:
        taken.take(chunk)
    return taken


def test_nothing_taken_is_nothing() -> None:
    empty = reply(Reasoning("hm"))
    assert (empty.finish, empty.usage, empty.calls) == (None, None, [])


def test_calls_stand_in_the_order_of_their_index_with_their_arguments_joined() -> None:
    taken = reply(
        ToolCallStart(1, "call_b", "g"),
        ToolCallStart(0, "call_a", "f"),
        ToolCallArguments(1, '{"x":'),
        ToolCallArguments(0, "{}"),
        ToolCallArguments(1, " 1}"),
    )
    assert taken.calls == [function_call("call_a", "f", "{}"), function_call("call_b", "g", '{"x": 1}')]


def test_a_call_begins_once() -> None:
    assert reply(ToolCallStart(0, "call_a", "f"), ToolCallStart(0, "call_b", "g")).calls == [
        function_call("call_a", "f", "{}")
    ]


def test_arguments_of_a_call_that_never_began_are_nobody_s() -> None:
    assert reply(ToolCallArguments(0, "{}")).calls == []


def test_the_later_report_of_usage_wins() -> None:
    assert reply(Usage(1, 1), Usage(5, 2, cached=3, reasoning=1)).usage == RunUsage.of(5, 2, cached=3, reasoning=1)


def test_what_earlier_attempts_cost_is_added_once() -> None:
    taken = Reply(RunUsage.of(10, 1))
    assert (taken.cost, taken.usage) == (None, RunUsage.of(10, 1))
    for report in (Usage(1, 1), Usage(5, 2)):
        taken.take(report)
    assert (taken.cost, taken.usage) == (RunUsage.of(5, 2), RunUsage.of(15, 3))


def test_reasoning_is_kept_apart() -> None:
    assert reply(Reasoning("First this, "), Reasoning("then that.")).reasoning == "First this, then that."


# -- which calls a client can answer -------------------------------------------------------------


def judged(*chunks: Chunk, earlier: tuple[str, ...] = (), **more: Any) -> list[dict[str, Any]]:
    functions = tuple({"type": "function", "function": {"name": name}} for name in "fg")
    return reply(*chunks).judged(Request("m", None, (), tools=functions, **more), earlier, lambda: "call_new")


TWO = (ToolCallStart(0, "call_a", "f"), ToolCallStart(1, "call_b", "g"), ToolCallArguments(1, '{"x": 1}'))


def test_good_calls_are_good() -> None:
    assert judged(*TWO) == [function_call("call_a", "f", "{}"), function_call("call_b", "g", '{"x": 1}')]


def test_where_parallel_calls_are_forbidden_the_first_one_counts() -> None:
    assert judged(*TWO, parallel_tool_calls=False) == [function_call("call_a", "f", "{}")]


def test_an_id_that_an_earlier_turn_used_is_replaced() -> None:
    assert [call["id"] for call in judged(*TWO, earlier=("call_b",))] == ["call_a", "call_new"]


def test_an_id_that_another_call_of_the_turn_has_is_replaced() -> None:
    same = [ToolCallStart(index, "call_a", "f") for index in range(2)]
    assert [call["id"] for call in judged(*same)] == ["call_a", "call_new"]


@pytest.mark.parametrize("arguments", ["{}", ' {"a": [1, {"b": null}]} ', '{"a": "\\ud83d"}', '{"a": 1, "a": 2}', " "])
def test_every_json_object_will_do(arguments: str) -> None:
    (call,) = judged(ToolCallStart(0, "call_a", "f"), ToolCallArguments(0, arguments))
    assert json.loads(call["function"]["arguments"]) is not None


@pytest.mark.parametrize(
    "arguments", ['{"city": "Ro', "[]", '"x"', "1", "null", "{'a': 1}", '{"a": NaN}', "{}{}", "Rome", "[" * 100_000]
)
def test_arguments_that_are_no_json_object_are_the_model_s_mistake(arguments: str) -> None:
    with pytest.raises(ProviderError) as error:
        judged(ToolCallStart(0, "call_a", "f"), ToolCallArguments(0, arguments))
    assert (error.value.kind, error.value.retryable) == ("bad_stream", True)
    assert error.value.message.startswith("The model called 'f' with arguments that are not a JSON object: ")
    assert len(error.value.message) < 500


def test_a_function_that_the_run_does_not_have_is_the_model_s_mistake() -> None:
    with pytest.raises(ProviderError, match="The model called 'h', which is no function that this run may call"):
        judged(ToolCallStart(0, "call_a", "h"))


def test_a_call_that_was_forbidden_is_the_model_s_mistake() -> None:
    with pytest.raises(ProviderError, match="The model called 'f', though tool_choice is none"):
        judged(ToolCallStart(0, "call_a", "f"), tool_choice="none")


def test_the_last_word_is_the_finish() -> None:
    assert reply(Finish("stop"), Finish("length")).finish == "length"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rate_limit", "rate_limit_exceeded"),
        ("context_length", "invalid_prompt"),
        ("bad_request", "invalid_prompt"),
        ("auth", "server_error"),
        ("not_found", "server_error"),
        ("overloaded", "server_error"),
        ("upstream", "server_error"),
        ("connection", "server_error"),
        ("timeout", "server_error"),
        ("bad_stream", "server_error"),
    ],
)
def test_every_kind_of_failure_has_one_of_the_three_codes(kind: ErrorKind, code: str) -> None:
    assert last_error(ProviderError(kind, "Said so.")) == {"code": code, "message": "Said so."}
