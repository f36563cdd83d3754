"""The text of a chat completion, from the official SDK's own chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from livethread.sse import Failure, atext, text

Reading = Callable[["Completion"], Awaitable[list[str]]]


def chunk(*choices: dict[str, Any]) -> ChatCompletionChunk:
    return ChatCompletionChunk.construct(id="c", object="chat.completion.chunk", choices=[*choices])


def says(content: str | None, finish_reason: str | None = None) -> ChatCompletionChunk:
    return chunk({"index": 0, "delta": {"content": content}, "finish_reason": finish_reason})


class Completion:
    """What the SDK hands out, for both kinds of loops."""

    def __init__(self, *chunks: ChatCompletionChunk | Exception) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[ChatCompletionChunk]:
        for one in self.chunks:
            if isinstance(one, Exception):
                raise one
            yield one

    def close(self) -> None:
        self.closed += 1


class AsyncCompletion:
    def __init__(self, completion: Completion) -> None:
        self.completion = completion

    async def __aiter__(self) -> AsyncIterator[ChatCompletionChunk]:
        for one in self.completion:
            yield one

    async def close(self) -> None:
        self.completion.close()


async def by_text(completion: Completion) -> list[str]:
    deltas = text(completion)
    said: list[str] = []
    try:
        said.extend(deltas)
    except Failure as failure:
        said.append(f"! {failure}")
    deltas.close()  # type: ignore[attr-defined]  # as `stream` does, which looks whether it is there
    return said


async def by_atext(completion: Completion) -> list[str]:
    deltas = atext(AsyncCompletion(completion))
    said: list[str] = []
    try:
        async for delta in deltas:
            said.append(delta)
    except Failure as failure:
        said.append(f"! {failure}")
    await deltas.aclose()  # type: ignore[attr-defined]
    return said


each = pytest.mark.parametrize("read", [by_text, by_atext])


@each
async def test_chunks_without_text_are_left_out(read: Reading) -> None:
    completion = Completion(
        chunk(),
        chunk({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}),
        says("One "), says(None), chunk({"index": 0, "delta": None, "finish_reason": None}), says("two."),
        says(None, "stop"),
        chunk(),
    )  # fmt: skip
    assert await read(completion) == ["One ", "two."]
    assert completion.closed == 1


@each
@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (None, "! The model broke off in the middle of its answer. Please ask again."),
        ("length", "! The answer has reached the greatest length that is allowed, and breaks off here."),
        ("content_filter", "! The rest of the answer was withheld by the filter of the model's provider."),
    ],
)
async def test_an_answer_that_is_not_whole_is_a_failure_behind_its_text(
    read: Reading, reason: str | None, told: str
) -> None:
    assert await read(Completion(says("One "), says("two", reason), chunk())) == ["One ", "two", told]


@each
async def test_a_finish_reason_may_come_with_the_last_text(read: Reading) -> None:
    assert await read(Completion(says("One", "stop"))) == ["One"]
    assert await read(Completion(says("One", "stop"), says(None), chunk())) == ["One"]


@each
async def test_an_error_of_the_sdk_goes_through(read: Reading) -> None:
    with pytest.raises(ConnectionError):
        await read(Completion(says("One"), ConnectionError()))


@each
async def test_closing_what_was_never_begun_closes_the_completion(read: Reading) -> None:
    completion = Completion(says("One", "stop"))
    deltas: Any = text(completion) if read is by_text else atext(AsyncCompletion(completion))
    await deltas.aclose() if read is by_atext else deltas.close()
    assert completion.closed == 1
