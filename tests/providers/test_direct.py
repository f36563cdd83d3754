"""Text that goes the short way: handed over in the call that brings it, and never out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from livethread.ids import Ids
from livethread.providers.chat_answer import ChatAnswer
from livethread.providers.chunks import Chunk, Direct, Finish, Reasoning, Text, ToolCallArguments, ToolCallStart
from livethread.providers.failures import ModelApi
from tests.providers.turns import ask, provider
from tests.providers.upstream import CHUNKED, DONE, Do, Step, Upstream, call, delta, event, piece, usage


class Listener:
    """Notes what is handed over and what is yielded, in one list."""

    def __init__(self, stream: AsyncIterator[Chunk]) -> None:
        self.heard: list[Any] = []
        self.came = asyncio.Event()
        self._stream = stream

    async def listen(self) -> None:
        async for chunk in self._stream:
            self._note(chunk)
            if isinstance(self._stream, Direct):
                self._stream.text_to(self._note)

    def _note(self, what: Chunk | str) -> None:
        self.heard.append(what)
        self.came.set()

    async def has(self, count: int) -> list[Any]:
        while len(self.heard) < count:
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), 5)
        return self.heard


async def test_text_is_handed_over_while_the_next_chunk_is_awaited_and_all_else_is_yielded_in_order() -> None:
    steps = [asyncio.Event() for _ in range(6)]
    script: list[Step] = [
        CHUNKED, piece(delta(content="a")),
        steps[0], piece(delta(content="b")),
        steps[1], piece(delta(content="c") + delta(content="d")),
        steps[2], piece(delta(reasoning_content="hm")),
        steps[3], piece(call(0, "x", "f", "{}")),
        steps[4], piece(delta(content="e")),
        steps[5], piece(delta("tool_calls")), piece(DONE), piece(b""), Do.NEXT,
    ]  # fmt: skip
    async with Upstream([script]) as upstream:
        model = provider(upstream.url)
        listener = Listener(model.stream(ask()))
        task = asyncio.create_task(listener.listen())
        for count, step in zip((1, 2, 3, 4, 6, 7), steps, strict=True):
            await listener.has(count)
            step.set()
        await task
        await model.close()
    assert listener.heard == [
        Text("a"), "b", "cd", Reasoning("hm"), ToolCallStart(0, "x", "f"), ToolCallArguments(0, "{}"), "e",
        Finish("tool_calls"),
    ]  # fmt: skip


async def test_what_comes_while_nobody_waits_is_yielded() -> None:
    go = asyncio.Event()
    async with Upstream([[CHUNKED, piece(delta(content="a")), go, piece(delta(content="b")), Do.HANG]]) as upstream:
        model = provider(upstream.url)
        stream = model.stream(ask())
        assert await anext(stream) == Text("a")
        stream.text_to(lambda text: pytest.fail("it was handed over"))
        go.set()
        (answer,) = model._client._open
        while not answer._gathered:
            await asyncio.sleep(0.001)
        assert await anext(stream) == Text("b")
        await model.close()


async def test_nothing_is_handed_over_behind_a_cancellation() -> None:
    async with Upstream([[CHUNKED, piece(delta(content="a")), Do.HANG]]) as upstream:
        model = provider(upstream.url)
        stream = model.stream(ask())
        assert await anext(stream) == Text("a")
        stream.text_to(lambda text: pytest.fail("it was handed over"))
        task = asyncio.ensure_future(anext(stream))
        (answer,) = model._client._open
        while answer._waiter is None:
            await asyncio.sleep(0)
        task.cancel()
        answer.data_received(piece(delta(content="b")))  # in the same turn of the loop
        with pytest.raises(asyncio.CancelledError):
            await task
        await model.close()


def plain() -> tuple[ChatAnswer, list[str]]:
    """An answer that has begun, and what it hands over."""
    answer = ChatAnswer(Ids(7), ModelApi("u", (), "m"))
    assert [*answer.feed(delta(content="Hello"))] == [Text("Hello")]
    taken: list[str] = []
    answer.take = taken.append
    return answer, taken


@pytest.mark.parametrize(
    "said",
    [
        delta(content=" é€😀"),
        delta(content=" é€😀", tool_calls=[], reasoning="", refusal=None),
        event('{"choices":[{"delta":{"content":" é€😀"},"finish_reason":""}],"object":"","x":{"y":[1]}}'.encode()),
        delta(content=" é") + delta(content="€😀"),
    ],
)
def test_events_that_are_only_text_are_handed_over(said: bytes) -> None:
    answer, taken = plain()
    assert (answer.at_once(said), "".join(taken)) == (True, " é€😀")


@pytest.mark.parametrize(
    "said",
    [
        delta(content="x", reasoning="y"),
        delta(content="x", refusal="y"),
        delta(content="x", tool_calls=[{}]),
        delta(content="x", function_call={"name": "f"}),
        delta("stop", content="x"),
        delta(content=None),
        delta(content=[{"type": "text", "text": "x"}]),
        delta(content="x") + DONE,
        delta(content="x")[:-1],
        delta(content="x").replace(b"\n", b"\r\n"),
        b": hi\n" + delta(content="x"),
        b"event: error\n" + delta(content="x"),
        usage(1, 2),
        event({"error": "x"}),
        event({"choices": [{"delta": {"content": "x"}}], "usage": {"prompt_tokens": 1}}),
        event({"choices": [{"delta": {"content": "x"}}], "object": "error"}),
        event({"choices": [{"delta": {"content": "x"}, "index": 1}]}),
        event({"choices": [{"delta": {"content": "x"}}] * 2}),
        event(rb'{"choices":[{"delta":{"content":"\ud83d"}}]}'),
        event(b"{broken}"),
    ],
)
def test_events_that_say_anything_else_are_not_and_nothing_of_them_is_lost(said: bytes) -> None:
    answer, taken = plain()
    other, _ = plain()
    other._plain = False  # it takes the long way

    def rest(of: ChatAnswer) -> object:
        try:
            return [*of.feed(said), *of.feed(delta("stop")), *of.end()]
        except Exception as error:
            return str(error)

    assert (answer.at_once(said), taken) == (False, [])
    assert rest(answer) == rest(other)


def test_half_a_surrogate_pair_waits_for_the_piece_that_is_handed_over_next() -> None:
    answer, taken = plain()
    assert not answer.at_once(half := event(rb'{"choices":[{"delta":{"content":"\ud83d"}}]}'))
    assert [*answer.feed(half)] == []
    assert not answer.at_once(half := event(rb'{"choices":[{"delta":{"content":"\ude00!"}}]}'))
    assert [*answer.feed(half)] == [Text("😀!")]
    assert (answer.at_once(delta(content="x")), taken) == (True, ["x"])


def test_nothing_is_handed_over_before_somebody_takes_it() -> None:
    answer, _ = plain()
    answer.take = None
    assert not answer.at_once(delta(content="x"))
