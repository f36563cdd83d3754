"""Chat Completions against llmock, a mock of model APIs that nobody of this project wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from llmock.pytest_plugin import LLMock

from livethread.ids import Ids
from livethread.providers.chat_completions import ChatCompletions
from livethread.providers.chunks import (
    Chunk,
    Finish,
    PromptMessage,
    ProviderError,
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
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
REQUEST = Request("gpt-4o", "Be brief.", (PromptMessage("user", (TextPart("Hello"),)),))


@pytest.fixture
async def model(llmock: LLMock) -> AsyncIterator[ChatCompletions]:
    provider = ChatCompletions(llmock.base_url(), KEY, ids=Ids(7), clock=StoppedClock())
    yield provider
    await provider.close()


@pytest.fixture
async def impatient(llmock: LLMock) -> AsyncIterator[ChatCompletions]:
    provider = ChatCompletions(llmock.base_url(), KEY, ids=Ids(7), clock=StoppedClock(), stall_timeout=2)
    yield provider
    await provider.close()


async def failure(model: ChatCompletions) -> tuple[str, ProviderError]:
    text = ""
    try:
        async for chunk in model.stream(REQUEST):
            assert isinstance(chunk, Text)
            text += chunk.text
    except ProviderError as error:
        return text, error
    pytest.fail("the stream ended well")


async def test_a_normal_answer(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.reply("Hello there, good friend.")
    chunks: list[Chunk] = [chunk async for chunk in model.stream(REQUEST)]
    assert chunks[:-2] == [Text("Hello "), Text("there, "), Text("good "), Text("friend.")]
    reported, finish = chunks[-2:]
    assert isinstance(reported, Usage)
    assert reported.prompt > 0
    assert reported.completion > 0
    assert finish == Finish("stop")
    assert llmock.last_request.stream


async def test_a_tool_call(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.call_tool("get_weather", {"city": "San Francisco"})
    request = Request("gpt-4o", None, REQUEST.messages, tools=(WEATHER,))
    chunks: list[Chunk] = [chunk async for chunk in model.stream(request)]
    start = chunks[0]
    assert isinstance(start, ToolCallStart)
    assert (start.index, start.name) == (0, "get_weather")
    pieces = [chunk.text for chunk in chunks if isinstance(chunk, ToolCallArguments)]
    assert len(pieces) > 1
    assert "".join(pieces) == '{"city": "San Francisco"}'
    assert chunks[-1] == Finish("tool_calls")


async def test_a_truncated_answer_is_no_success(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.reply("one two three four five").truncate(after_chunks=3)
    text, error = await failure(model)
    assert (text, error.kind, error.partial) == ("one two ", "bad_stream", True)


async def test_a_disconnect(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.pace(20).reply("one two three four five").disconnect(after_chunks=3)
    text, error = await failure(model)
    assert "one two three four five".startswith(text)
    assert (error.kind, error.partial) == ("connection", bool(text))


async def test_a_corrupt_chunk(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.reply("one two three four five").corrupt(after_chunks=3)
    text, error = await failure(model)
    assert (text, error.kind, error.partial) == ("one two ", "bad_stream", True)


async def test_a_stall(llmock: LLMock, impatient: ChatCompletions) -> None:
    llmock.reply("one two three four five").stall(after_chunks=3, seconds=20)
    text, error = await failure(impatient)
    assert (text, error.kind, error.partial) == ("one two ", "timeout", True)


async def test_silence_before_the_first_word_is_a_stall(llmock: LLMock, impatient: ChatCompletions) -> None:
    llmock.slow_first_token(20)
    text, error = await failure(impatient)
    assert (text, error.kind, error.retryable, error.partial) == ("", "timeout", True, False)


async def test_a_rate_limit_tells_its_wait(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.rate_limit(retry_after=20)
    text, error = await failure(model)
    assert (text, error.kind, error.status, error.retryable, error.partial) == ("", "rate_limit", 429, True, False)
    assert error.retry_after == 20
    assert error.message.endswith("(429): Rate limit exceeded. Try again in 20 s, or raise the limit there.")


async def test_a_quota_that_is_really_counted_tells_its_true_wait(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.limits(rpm=1)
    assert [chunk async for chunk in model.stream(REQUEST)][-1] == Finish("stop")
    _, error = await failure(model)
    assert (error.kind, error.retryable) == ("rate_limit", True)
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 60


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, "bad_request", False),
        (401, "auth", False),
        (403, "auth", False),
        (404, "not_found", False),
        (408, "timeout", True),
        (500, "upstream", True),
        (502, "upstream", True),
        (503, "overloaded", True),
        (504, "upstream", True),
    ],
)
async def test_a_status_tells_the_kind(
    llmock: LLMock, model: ChatCompletions, status: int, kind: str, retryable: bool
) -> None:
    llmock.fail(status)
    text, error = await failure(model)
    assert (text, error.kind, error.status, error.retryable, error.partial) == ("", kind, status, retryable, False)
    assert error.retry_after == (1.0 if status in (503, 504) else None)  # llmock gives these two a hint


async def test_an_outage_of_two_requests_is_over_with_the_third(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.fail(503, times=2)
    for _ in range(2):
        assert (await failure(model))[1].retryable
    assert [chunk async for chunk in model.stream(REQUEST)][-1] == Finish("stop")


async def test_a_prompt_too_long_is_said_to_be_one(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.context_overflow()
    _, error = await failure(model)
    assert (error.kind, error.retryable) == ("context_length", False)


@pytest.mark.parametrize("kind", ["malformed_arguments", "unknown_tool"])
async def test_a_broken_call_is_passed_on_as_the_model_wrote_it(
    llmock: LLMock, model: ChatCompletions, kind: str
) -> None:
    llmock.call_tool("get_weather", {"city": "Rome"}).break_tool_call(kind)
    chunks = [chunk async for chunk in model.stream(Request("gpt-4o", None, REQUEST.messages, tools=(WEATHER,)))]
    (start,) = [chunk for chunk in chunks if isinstance(chunk, ToolCallStart)]
    arguments = "".join(chunk.text for chunk in chunks if isinstance(chunk, ToolCallArguments))
    assert (start.name == "get_weather") == (kind == "malformed_arguments")
    if kind == "malformed_arguments":
        with pytest.raises(json.JSONDecodeError):
            json.loads(arguments)
    else:
        assert json.loads(arguments) == {"city": "Rome"}
    assert chunks[-1] == Finish("tool_calls")


async def test_a_loop_of_tools_that_it_plays_by_itself(llmock: LLMock, model: ChatCompletions) -> None:
    request = Request("gpt-4o", None, REQUEST.messages, tools=(WEATHER,))
    chunks = [chunk async for chunk in model.stream(request)]
    (start,) = [chunk for chunk in chunks if isinstance(chunk, ToolCallStart)]
    arguments = "".join(chunk.text for chunk in chunks if isinstance(chunk, ToolCallArguments))
    assert (start.name, list(json.loads(arguments)), chunks[-1]) == ("get_weather", ["city"], Finish("tool_calls"))
    answered = (
        *REQUEST.messages,
        PromptMessage("assistant", (), (ToolCall(start.id, start.name, arguments),)),
        PromptMessage("tool", (TextPart("sunny"),), tool_call_id=start.id),
    )
    chunks = [chunk async for chunk in model.stream(Request("gpt-4o", None, answered, tools=(WEATHER,)))]
    assert chunks[-1] == Finish("stop")
    assert any(isinstance(chunk, Text) for chunk in chunks)


async def test_a_whole_answer_is_told_like_a_streamed_one(llmock: LLMock) -> None:
    llmock.reply("Hello there, good friend.")
    clock = StoppedClock()
    whole = ChatCompletions(llmock.base_url(), KEY, ids=Ids(7), clock=clock, stream=False)
    chunks = [chunk async for chunk in whole.stream(REQUEST)]
    await whole.close()
    assert chunks[:-2] == [Text("Hello"), Text(" there,"), Text(" good"), Text(" friend.")]
    assert isinstance(chunks[-2], Usage)
    assert chunks[-1] == Finish("stop")
    assert clock.slept == [0.025] * 3
    assert not llmock.last_request.stream


async def test_its_models_are_listed(model: ChatCompletions) -> None:
    assert await model.models()
