"""Chat Completions against llmock, a mock of model APIs that nobody of this project wrote."""

from __future__ import annotations

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
    ToolCallArguments,
    ToolCallStart,
    Usage,
)

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
    provider = ChatCompletions(llmock.base_url(), "sk-mock-0123456789", ids=Ids(7), stall_timeout=0.5)
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


async def test_a_stall(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.reply("one two three four five").stall(after_chunks=3, seconds=20)
    text, error = await failure(model)
    assert (text, error.kind, error.partial) == ("one two ", "timeout", True)


async def test_a_rate_limit_tells_its_wait(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.rate_limit(retry_after=1.5)
    text, error = await failure(model)
    assert (text, error.kind, error.status, error.retryable, error.partial) == ("", "rate_limit", 429, True, False)
    assert error.retry_after in (1.5, 2.0)


async def test_an_outage_and_a_prompt_too_long(llmock: LLMock, model: ChatCompletions) -> None:
    llmock.fail(503)
    assert (await failure(model))[1].kind == "overloaded"
    llmock.context_overflow()
    assert (await failure(model))[1].kind == "context_length"


async def test_its_models_are_listed(model: ChatCompletions) -> None:
    assert await model.models()
