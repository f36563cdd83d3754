"""Chat completions: whom a turn is asked of, and what a stop of the server ends."""

from __future__ import annotations

import asyncio

import pytest

from livethread.domain.chat import ChatCreate
from livethread.errors import ApiError
from livethread.ids import Ids
from livethread.providers.builtin import Builtin
from livethread.providers.chunks import Finish, Text
from livethread.providers.registry import Registry
from livethread.services.chat import Chat
from tests.providers.builtin.stopped_clock import StoppedClock


def chat(**aliases: str) -> Chat:
    clock = StoppedClock()
    return Chat(Registry(Builtin(clock, Ids(1), words_per_second=0), aliases=aliases), Ids(1), clock)


def body(model: str, **more: object) -> ChatCreate:
    return ChatCreate.model_validate({"model": model, "messages": [{"role": "user", "content": "Hello"}], **more})


async def test_a_turn_is_asked_by_the_name_that_an_alias_stands_for_and_told_by_its_own() -> None:
    turn = await chat(gpt="builtin/guide").turn(body("gpt"))
    chunks = [chunk async for chunk in turn.chunks]
    assert (turn.model, turn.id[:9], turn.one_call) == ("gpt", "chatcmpl-", False)
    assert "not a language model" in "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))
    assert chunks[-1] == Finish("stop")


async def test_where_parallel_calls_are_forbidden_one_counts() -> None:
    assert (await chat().turn(body("builtin/tools", parallel_tool_calls=False))).one_call


async def test_a_model_that_nobody_serves_is_not_found() -> None:
    with pytest.raises(ApiError) as raised:
        await chat().turn(body("no/such"))
    assert (raised.value.status, raised.value.param, raised.value.code) == (404, "model", "model_not_found")


async def test_a_stop_cancels_those_who_answer_and_no_one_else() -> None:
    service = chat()
    answering, over = (asyncio.ensure_future(asyncio.sleep(60)) for _ in range(2))
    with service.answering(over):
        pass
    with service.answering(answering):
        service.close()
    await asyncio.wait([answering])
    assert (answering.cancelled(), over.cancelling()) == (True, 0)
    over.cancel()
