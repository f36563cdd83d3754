"""Chat Completions against aimock; what it answers stands in the folder aimock beside this file."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from livethread.ids import Ids
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ImagePart,
    PromptMessage,
    ProviderError,
    Reasoning,
    Request,
    Text,
    TextPart,
    ToolCall,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from tests.providers.builtin.stopped_clock import StoppedClock

KEY = "sk-mock-0123456789"
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "trip",
        "schema": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    },
}

Chaos = Callable[..., Awaitable[None]]


def tool(name: str, parameter: str) -> dict[str, Any]:
    """A function with one parameter."""
    parameters = {"type": "object", "properties": {parameter: {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


TOOLS = (tool("get_weather", "city"), tool("find_city", "country"))


def asked(said: str, *more: PromptMessage, **fields: Any) -> Request:
    """A conversation that begins with these words."""
    return Request("gpt-4o", "Be brief.", (PromptMessage("user", (TextPart(said),)), *more), **fields)


def called(*calls: ToolCall) -> tuple[PromptMessage, ...]:
    """An assistant's message with these calls, and the answers to them."""
    answers = (PromptMessage("tool", (TextPart("sunny"),), tool_call_id=call.id) for call in calls)
    return (PromptMessage("assistant", (), calls), *answers)


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    """Whether answers are asked for as streams."""
    return bool(request.param)


@pytest.fixture
async def model(aimock_url: str, request: pytest.FixtureRequest, stream: bool) -> AsyncIterator[ChatCompletions]:
    provider = ChatCompletions(
        aimock_url, KEY, ids=Ids(7), clock=StoppedClock(), stall_timeout=5, stream=stream, words_per_second=0,
        headers={"x-test-id": request.node.name},
    )  # fmt: skip
    yield provider
    await provider.close()


@pytest.fixture
async def chaos(aimock_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Chaos]:
    """Sets how often which fault befalls the requests of this test."""
    url = aimock_url.removesuffix("/v1") + "/__aimock/chaos"
    async with aiohttp.ClientSession(headers={"x-test-id": request.node.name}) as session:

        async def set_rates(**rates: float) -> None:
            async with session.post(url, json=rates) as response:
                assert (response.status, await response.json()) == (200, {"chaos": rates})

        yield set_rates
        async with session.delete(url) as response:
            assert response.status == 200


async def told(model: ChatCompletions, request: Request) -> tuple[str, list[Chunk]]:
    """The text of a turn, and everything else but the usage."""
    chunks = [chunk async for chunk in model.stream(request)]
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))
    return text, [chunk for chunk in chunks if not isinstance(chunk, Text | Usage)]


def calls(chunks: list[Chunk]) -> list[ToolCall]:
    """The calls of a turn, put together."""
    return [
        ToolCall(
            start.id,
            start.name,
            "".join(c.text for c in chunks if isinstance(c, ToolCallArguments) and c.index == start.index),
        )
        for start in chunks
        if isinstance(start, ToolCallStart)
    ]


async def failure(model: ChatCompletions, request: Request) -> tuple[str, ProviderError]:
    """What a turn has said when it fails, and how it fails."""
    text = ""
    with pytest.raises(ProviderError) as raised:
        async for chunk in model.stream(request):
            assert isinstance(chunk, Text)
            text += chunk.text
    assert KEY not in raised.value.message
    return text, raised.value


async def test_text(model: ChatCompletions) -> None:
    assert await told(model, asked("Say hello")) == ("Hello, « 世界 » 🦊 — and good night.", [Finish("stop")])


async def test_text_that_takes_its_time(model: ChatCompletions) -> None:
    began = time.monotonic()
    assert await told(model, asked("Say it slowly")) == ("Slow and steady.", [Finish("stop")])
    assert time.monotonic() - began < 5


async def test_reasoning_is_kept_apart(model: ChatCompletions) -> None:
    thinker = replace(asked("Think first"), model="o3")  # aimock knows that gpt-4o does not think
    text, rest = await told(model, thinker)
    assert (text, rest[-1]) == ("Forty-two.", Finish("stop"))
    assert "".join(chunk.text for chunk in rest if isinstance(chunk, Reasoning)) == "Six times seven."


async def test_usage_is_reported(model: ChatCompletions) -> None:
    chunks = [chunk async for chunk in model.stream(asked("Count the tokens"))]
    assert chunks == [Text("Done."), Usage(11, 3), Finish("stop")]


@pytest.mark.parametrize(("said", "reason"), [("Be cut off", "length"), ("Say something bad", "content_filter")])
async def test_the_finish_reason_is_the_model_s_own(model: ChatCompletions, said: str, reason: Any) -> None:
    text, rest = await told(model, asked(said))
    assert text
    assert rest == [Finish(reason)]


async def test_a_schema_is_passed_on(model: ChatCompletions) -> None:
    text, _ = await told(model, asked("Fill in the form", response_format=SCHEMA))
    assert text == '{"city":"Rome","days":3}'


async def test_a_round_of_parallel_calls(model: ChatCompletions) -> None:
    text, rest = await told(model, asked("Rome and Oslo", tools=TOOLS))
    found = calls(rest)
    assert (text, rest[-1]) == ("Let me look.", Finish("tool_calls"))
    assert found == [
        ToolCall("call_rome", "get_weather", '{"city":"Rome"}'),
        ToolCall("call_oslo", "get_weather", '{"city":"Oslo"}'),
    ]
    assert await told(model, asked("Rome and Oslo", *called(*found), tools=TOOLS)) == (
        "Sunny in both.",
        [Finish("stop")],
    )


async def test_rounds_of_chained_calls(model: ChatCompletions) -> None:
    conversation: tuple[PromptMessage, ...] = ()
    names = []
    for _ in range(2):
        text, rest = await told(model, asked("capital of Italy", *conversation, tools=TOOLS))
        assert text == ""
        names += [call.name for call in calls(rest)]
        conversation += called(*calls(rest))
    assert names == ["find_city", "get_weather"]
    assert await told(model, asked("capital of Italy", *conversation, tools=TOOLS)) == (
        "It is sunny in Rome.",
        [Finish("stop")],
    )


async def test_calls_before_and_behind_the_text(model: ChatCompletions) -> None:
    text, rest = await told(model, asked("Call before you speak", tools=TOOLS))
    assert (text, [call.id for call in calls(rest)]) == ("I have asked.", ["call_first", "call_second"])
    assert rest[-1] == Finish("tool_calls")


async def test_broken_arguments_are_passed_on_as_the_model_wrote_them(model: ChatCompletions) -> None:
    _, rest = await told(model, asked("Break the arguments", tools=TOOLS))
    assert calls(rest) == [ToolCall("call_broken", "get_weather", '{"city": ')]


@pytest.mark.parametrize(
    ("said", "kind", "status", "retryable", "words"),
    [
        (
            "Too many requests",
            "rate_limit",
            429,
            True,
            "Too many requests. Try again in 90 s, or raise the limit there.",
        ),
        ("Nobody knows the model", "not_found", 404, False, 'alias in livethread.toml ([aliases] "gpt-4o" = "…";'),
        ("The key is wrong", "auth", 401, False, "Incorrect API key. Check its key"),
        ("What no fixture knows", "overloaded", 503, True, "is overloaded (503)"),
    ],
)
async def test_an_error_says_what_to_do(
    model: ChatCompletions, said: str, kind: str, status: int, retryable: bool, words: str
) -> None:
    text, error = await failure(model, asked(said))
    assert (text, error.kind, error.status, error.retryable, error.partial) == ("", kind, status, retryable, False)
    assert words in error.message
    assert error.retry_after == (90.0 if status == 429 else None)


async def test_an_image_that_is_refused_says_what_to_do(model: ChatCompletions) -> None:
    picture = PromptMessage("user", (TextPart("Say no to pictures"), ImagePart("data:image/png;base64,iVBORw0KGgo=")))
    _, error = await failure(model, Request("gpt-4o", None, (picture,)))
    assert (error.kind, error.retryable) == ("bad_request", False)
    assert "Choose a model that takes images" in error.message


async def test_a_model_that_fails_twice_answers_the_third_time(model: ChatCompletions) -> None:
    errors = [(await failure(model, asked("Fail twice")))[1] for _ in range(2)]
    assert [(error.kind, error.retryable, error.retry_after) for error in errors] == [
        ("overloaded", True, None),
        ("rate_limit", True, 0.0),
    ]
    assert await told(model, asked("Fail twice")) == ("Third time lucky.", [Finish("stop")])


@pytest.mark.parametrize("stream", [True], ids=["streamed"], indirect=True)
@pytest.mark.parametrize("said", ["Stop after three chunks", "Hang up in the middle"])
async def test_an_answer_that_is_cut_keeps_what_was_said(model: ChatCompletions, said: str) -> None:
    text, error = await failure(model, asked(said))
    assert "one two three four five six seven eight nine ten eleven twelve".startswith(text)
    assert (error.kind, error.retryable, error.partial) == ("connection", True, bool(text))
    assert "broke the connection in the middle of its answer" in error.message


@pytest.mark.parametrize(
    ("rate", "kind", "words"),
    [
        ("dropRate", "upstream", "reports an error (500): Chaos: request dropped."),
        ("malformedRate", "bad_stream", "answered with JSON that is broken"),
        ("disconnectRate", "connection", "closed the connection without an answer"),
        ("rateLimitRate", "rate_limit", "Chaos: rate limit exceeded. Try again in 1 s"),
    ],
)
async def test_chaos_is_told_apart_and_may_go_well_next_time(
    model: ChatCompletions, chaos: Chaos, rate: str, kind: str, words: str
) -> None:
    await chaos(**{rate: 1})
    for _ in range(2):
        text, error = await failure(model, asked("Say hello"))
        assert (text, error.kind, error.retryable, error.partial) == ("", kind, True, False)
        assert words in error.message
    await chaos(**{rate: 0})
    assert (await told(model, asked("Say hello")))[1] == [Finish("stop")]


async def test_its_models_are_listed(model: ChatCompletions) -> None:
    assert "gpt-4o" in await model.models()
