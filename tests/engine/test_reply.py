from __future__ import annotations

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
