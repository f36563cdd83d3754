"""The answers on connections that are in the hands of the test, as other servers than ours have them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.types import Message

from livethread.api.chat_answers import StreamedAnswer, WholeAnswer
from livethread.clock import SystemClock
from livethread.ids import Ids
from livethread.providers.builtin import Builtin
from livethread.providers.chunks import Chunk, Finish, ProviderError, Text
from livethread.providers.registry import Registry
from livethread.services.chat import Chat, ChatTurn
from tests.api.chat_shapes import WHOLE, chunks, lines, text


class Model:
    """Says what a test puts into its mouth; text takes the short way where it is told one."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        self._take: Callable[[str], None] | None = None
        self.waits = asyncio.Event()
        self.closed = False
        self.short = 0
        """Pieces that took the short way."""

    def text_to(self, take: Callable[[str], None] | None) -> None:
        self._take = take

    def say(self, *said: Chunk | Exception | None) -> None:
        for one in said:
            if isinstance(one, Text) and self._take is not None and self.waits.is_set() and self._said.empty():
                self.short += 1
                self._take(one.text)
            else:
                self._said.put_nowait(one)

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    async def __anext__(self) -> Chunk:
        self.waits.set()
        try:
            said = await self._said.get()
        finally:
            self.waits.clear()
        if isinstance(said, Exception):
            raise said
        if said is None:
            raise StopAsyncIteration
        return said

    async def aclose(self) -> None:
        self.closed = True


class Caller:
    """Who asks, by a plain ASGI server: what it is sent waits at a gate.

    Args:
        stream: whether it wants a stream.
        silence: seconds until a stream begins without a word.
    """

    def __init__(self, *, stream: bool = True, silence: float = 60.0) -> None:
        self.model = Model()
        self.chat = Chat(Registry(Builtin(SystemClock(), Ids())), Ids(), SystemClock())
        turn = ChatTurn("chatcmpl-" + "a" * 29, 1, "m", self.model, one_call=False)
        self._answer = (
            StreamedAnswer(self.chat, turn, usage=False, silence=silence) if stream else WholeAnswer(self.chat, turn)
        )
        self.gate, self.gone = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.ended = False
        self._moved = asyncio.Event()

    async def __aenter__(self) -> Caller:
        self.calling = asyncio.ensure_future(
            self._answer({"type": "http", "method": "POST"}, self._receive, self._send)
        )
        await self.model.waits.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        async with asyncio.timeout(5):
            await asyncio.wait([self.calling])

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not true():
                self._moved.clear()
                await self._moved.wait()

    @property
    def text(self) -> str:
        return text(line for line in lines(self.body) if isinstance(line, dict) and "choices" in line)

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            await self.gate.wait()
            self.body += message.get("body", b"")
            self.ended = not message.get("more_body", False)
        self._moved.set()


async def test_pieces_take_the_short_way_and_nothing_is_lost_or_out_of_order() -> None:
    async with Caller() as caller:
        caller.model.say(Text("0 "))
        await caller.until(lambda: caller.text == "0 ")
        for number in range(1, 40):
            await caller.model.waits.wait()
            if number % 10 == 0:
                caller.gate.clear()
            caller.model.say(Text(f"{number} "))
            await asyncio.sleep(0)
            caller.gate.set()
        caller.model.say(Finish("stop"), None)
        await caller.until(lambda: caller.ended)
    assert text(chunks(caller.body)) == "".join(f"{number} " for number in range(40))
    assert (caller.model.short > 20, caller.model.closed) == (True, True)


async def test_while_the_caller_takes_nothing_the_model_is_not_read() -> None:
    async with Caller() as caller:
        caller.model.say(Text("a"))
        await caller.until(lambda: caller.text == "a")
        await caller.model.waits.wait()
        caller.gate.clear()
        caller.model.say(Text("b"))  # fills the connection
        caller.model.say(Text("c"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not caller.model.waits.is_set()
        caller.model.say(Text("d"), Finish("stop"), None)
        caller.gate.set()
        await caller.until(lambda: caller.ended)
    assert text(chunks(caller.body)) == "abcd"


async def test_a_model_that_is_silent_for_long_is_kept_alive_by_comments_of_one_newline() -> None:
    async with Caller(silence=0.01) as caller:
        await caller.until(lambda: caller.body.startswith(b":\n:\n"))
        assert (caller.status, caller.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        caller.model.say(Text("Hi"), Finish("stop"), None)
        await caller.until(lambda: caller.ended)
    assert text(chunks(caller.body)) == "Hi"


async def test_so_is_one_whose_last_words_were_taken_slowly() -> None:
    async with Caller(silence=0.01) as caller:
        caller.model.say(Text("a"))
        await caller.until(lambda: caller.text == "a")
        await caller.model.waits.wait()
        caller.gate.clear()
        caller.model.say(Text("b"))
        await asyncio.sleep(0.05)
        caller.gate.set()
        await caller.until(lambda: caller.text == "ab")
        await caller.until(lambda: caller.body.endswith(b"\n\n:\n"))
        caller.model.say(Finish("stop"), None)
        await caller.until(lambda: caller.ended)


async def test_what_goes_wrong_behind_the_end_is_nobody_s() -> None:
    async with Caller() as caller:
        caller.model.say(Text("Hi"), Finish("stop"))
        await caller.until(lambda: caller.ended)
        caller.model.say(ProviderError("connection", "It broke.", retryable=True))
    assert text(chunks(caller.body)) == "Hi"


async def test_an_error_behind_a_keep_alive_is_a_line() -> None:
    async with Caller(silence=0.01) as caller:
        await caller.until(lambda: caller.body)
        caller.model.say(ProviderError("rate_limit", "Slow down.", retryable=True))
        await caller.until(lambda: caller.ended)
    error = {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}
    assert lines(caller.body)[-1] == {"error": error}


async def test_a_whole_answer_is_silent_until_it_is_there() -> None:
    async with Caller(stream=False, silence=0.01) as caller:
        await asyncio.sleep(0.05)
        assert caller.status == 0
        caller.model.say(Text("Hi"), Finish("stop"), None)
        await caller.until(lambda: caller.ended)
    WHOLE.validate(json.loads(caller.body))
    assert int(caller.headers["content-length"]) == len(caller.body)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_end_is_sent_before_the_model_s_connection_is_read_to_its_own(stream: bool) -> None:
    async with Caller(stream=stream) as caller:
        caller.model.say(Text("Hi"), Finish("stop"))
        await caller.until(lambda: caller.ended)
        caller.gone.set()  # as servers say behind every answer
        await caller.model.waits.wait()
        assert not caller.calling.done()
        caller.model.say(None)
    assert caller.calling.exception() is None


@pytest.mark.parametrize("stream", [False, True])
async def test_who_goes_away_ends_the_model_s_turn(stream: bool) -> None:
    async with Caller(stream=stream) as caller:
        caller.gone.set()
    assert (caller.model.closed, caller.status, caller.calling.exception()) == (True, 0, None)


async def test_a_stop_ends_what_is_under_way_and_what_is_asked_behind_it() -> None:
    async with Caller() as caller:
        caller.model.say(Text("Hi"))
        await caller.until(lambda: caller.text == "Hi")
        caller.chat.close()
        await caller.until(lambda: caller.ended)
    assert (caller.model.closed, lines(caller.body)[-1]["error"]["code"]) == (True, "server_stopping")
    late = Caller()
    late.chat.close()
    late.model.waits.set()
    async with late:
        await late.until(lambda: late.ended)
    assert (late.status, late.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_without_an_end_is_an_error(stream: bool) -> None:
    async with Caller(stream=stream) as caller:
        caller.model.say(Text("Hi"), None)
        await caller.until(lambda: caller.ended)
    assert json.loads(caller.body.rpartition(b"data: ")[2])["error"]["code"] == "upstream_broke_off"


async def test_a_mistake_of_ours_in_the_midst_of_an_answer_is_a_line_too() -> None:
    async with Caller() as caller:
        caller.model.say(Text("Hi"), RuntimeError("something of ours"))
        await caller.until(lambda: caller.ended)
    assert lines(caller.body)[-1]["error"]["type"] == "server_error"


async def test_a_mistake_of_ours_before_it_is_for_whoever_answers_those() -> None:
    async with Caller() as caller:
        caller.model.say(RuntimeError("something of ours"))
    assert (str(caller.calling.exception()), caller.status) == ("something of ours", 0)
