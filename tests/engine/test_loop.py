"""One run from beginning to end: the events, in the orders of the reference (section 5.5), and the rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, MutableMapping
from typing import Any

import pytest

from livethread.domain.messages import MessageCreate
from livethread.domain.run_bodies import ThreadAndRunCreate
from livethread.domain.runs import required_action
from livethread.domain.steps import function_call
from livethread.domain.threads import ThreadCreate
from livethread.domain.usage import Usage as RunUsage
from livethread.providers.chunks import (
    Chunk,
    Finish,
    ProviderError,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from livethread.providers.registry import Registry
from tests.engine.harness import House
from tests.engine.scripted import NOW

BEGUN = ["R.created", "R.queued", "R.in_progress"]
SPEAKING = ["S.created", "S.in_progress", "M.created", "M.in_progress"]
SPOKEN = [*SPEAKING, "M.completed", "S.completed"]
CALLED = ["S.created", "S.in_progress", "S.delta", "R.requires_action"]
STOP = Finish("stop")


def call(id: str, name: str, arguments: str, index: int = 0) -> list[Chunk]:
    return [ToolCallStart(index, id, name), *(ToolCallArguments(index, letter) for letter in arguments)]


CALLS = [*call("call_a", "f", "{}"), *call("call_b", "g", '{"x": 1}', 1), Usage(10, 2), Finish("tool_calls")]


async def test_plain_text(house: House) -> None:
    house.provider.plan([Reasoning("hm"), Text("Hello "), Text("there"), STOP, Usage(7, 3, cached=2, reasoning=1)])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id) == ["T.created", "M.created", *BEGUN, *SPOKEN, "R.completed"]
    usage = RunUsage.of(7, 3, cached=2, reasoning=1)
    run = await house.run(run_id)
    assert (run.status, run.usage, run.started_at, run.completed_at, run.expires_at) == (
        "completed",
        usage,
        NOW,
        NOW,
        None,
    )
    (message,) = await house.said(run_id)
    assert (message.status, message.content, message.completed_at, message.incomplete_details) == (
        "completed",
        [{"type": "text", "text": {"value": "Hello there", "annotations": []}}],
        NOW,
        None,
    )
    (step,) = await house.steps(run_id)
    assert step.step_details == {"type": "message_creation", "message_creation": {"message_id": message.id}}
    assert (step.status, step.usage, step.completed_at, step.last_error) == ("completed", usage, NOW, None)


async def test_create_with_thread_begins_with_the_thread(house: House) -> None:
    house.provider.plan([Text("Hi"), STOP])
    thread = ThreadCreate(messages=[MessageCreate(role="user", content="Hello")])
    answer = await house.runs.create_with_thread(
        ThreadAndRunCreate(assistant_id=await house.assistant(), thread=thread)
    )
    await house.quiet()
    assert answer.begins is not None
    types = await house.types(answer.begins.thread_id)
    assert types == ["T.created", "M.created", *BEGUN, *SPOKEN, "R.completed"]
    assert (answer.begins.before, answer.begins.run_seq) == (0, 3)


async def test_a_round_of_one_call(house: House) -> None:
    house.provider.plan(
        [*call("call_a", "f", '{"x": 1}'), Usage(10, 2), Finish("tool_calls")], [Text("So."), Usage(20, 3), STOP]
    )
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    asked = [function_call("call_a", "f", '{"x": 1}')]
    events = await house.events(thread_id, run_id)
    assert [type for type, _ in events] == [*BEGUN, *CALLED]
    assert events[3][1]["step_details"] == {"type": "tool_calls", "tool_calls": []}
    assert events[5][1]["delta"] == {"step_details": {"type": "tool_calls", "tool_calls": [{"index": 0, **asked[0]}]}}
    run = await house.run(run_id)
    assert (run.required_action, run.usage, run.started_at, run.expires_at) == (
        required_action(asked),
        None,
        NOW,
        NOW + 600,
    )
    (step,) = await house.steps(run_id)
    assert (step.status, step.usage, step.calls, step.expires_at) == ("in_progress", None, asked, NOW + 600)

    house.clock.turn(5)
    await house.submit(thread_id, run_id, call_a="42")
    assert (await house.types(thread_id, run_id))[7:] == [
        "S.completed",
        "R.queued",
        "R.in_progress",
        *SPOKEN,
        "R.completed",
    ]
    called, spoken = await house.steps(run_id)
    assert called.calls == [function_call("call_a", "f", '{"x": 1}', "42")]
    assert (called.status, called.usage, spoken.usage) == ("completed", RunUsage.of(10, 2), RunUsage.of(20, 3))
    run = await house.run(run_id)
    assert (run.status, run.usage, run.required_action) == ("completed", RunUsage.of(30, 5), None)


async def test_started_at_is_set_anew_and_expires_at_is_not(house: House) -> None:
    house.provider.plan(CALLS)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    house.clock.turn(5)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    run = await house.run(run_id)
    assert (run.status, run.started_at, run.expires_at) == ("in_progress", NOW + 5, NOW + 600)


async def test_a_run_that_waits_in_the_queue_has_no_expires_at(house: House) -> None:
    thread_id, *_ = await house.streaming()
    waiting = await house.run(await house.asked(thread_id))
    assert (waiting.status, waiting.expires_at, waiting.started_at) == ("queued", None, None)


async def test_parallel_calls_come_in_one_delta_in_the_order_of_their_index(house: House) -> None:
    interleaved: list[Chunk] = [
        ToolCallStart(1, "call_b", "g"),
        ToolCallArguments(1, '{"x"'),
        ToolCallStart(0, "call_a", "f"),
        ToolCallArguments(0, "{}"),
        ToolCallArguments(1, ": 1}"),
        Finish("tool_calls"),
    ]
    house.provider.plan(interleaved)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    events = await house.events(thread_id, run_id)
    assert [type for type, _ in events] == [*BEGUN, *CALLED]
    asked = [function_call("call_a", "f", "{}"), function_call("call_b", "g", '{"x": 1}')]
    assert events[5][1]["delta"]["step_details"]["tool_calls"] == [{"index": 0, **asked[0]}, {"index": 1, **asked[1]}]
    assert (await house.run(run_id)).required_action == required_action(asked)


async def test_text_and_then_calls_in_one_turn(house: House) -> None:
    house.provider.plan([Text("Let me see."), *CALLS])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPOKEN, *CALLED]
    spoken, called = await house.steps(run_id)
    assert (spoken.status, spoken.usage, called.status) == ("completed", None, "in_progress")
    house.provider.plan([Text("Done."), Usage(1, 1), STOP])
    await house.submit(thread_id, run_id, call_a="", call_b="")
    assert (await house.run(run_id)).usage == RunUsage.of(11, 3)


async def test_a_second_round_of_calls(house: House) -> None:
    house.provider.plan(CALLS, [*call("call_c", "h", "{}"), Finish("tool_calls")])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.submit(thread_id, run_id, call_b="2", call_a="1")
    assert (await house.types(thread_id, run_id))[7:] == ["S.completed", "R.queued", "R.in_progress", *CALLED]


@pytest.mark.parametrize(
    ("finish", "of_message", "of_run"),
    [("length", "max_tokens", "max_completion_tokens"), ("content_filter", "content_filter", "content_filter")],
)
async def test_an_answer_cut_short_is_incomplete_and_its_step_completed(
    house: House, finish: Any, of_message: str, of_run: str
) -> None:
    house.provider.plan([Text("Once upon"), Usage(4, 2), Finish(finish)])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.completed", "R.incomplete"]
    run = await house.run(run_id)
    assert (run.incomplete_details, run.completed_at, run.usage, run.last_error, run.expires_at) == (
        {"reason": of_run},
        NOW,
        RunUsage.of(4, 2),
        None,
        None,
    )
    (message,) = await house.said(run_id)
    assert (message.status, message.text, message.incomplete_details) == (
        "incomplete",
        "Once upon",
        {"reason": of_message},
    )


async def test_calls_that_are_cut_short_are_not_asked_for(house: House) -> None:
    house.provider.plan([*call("call_a", "f", '{"x'), Finish("length")])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.incomplete"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("rate_limit", "rate_limit_exceeded"),
        ("context_length", "invalid_prompt"),
        ("bad_request", "invalid_prompt"),
        ("auth", "server_error"),
        ("timeout", "server_error"),
        ("bad_stream", "server_error"),
    ],
)
async def test_a_model_that_fails_before_a_word_fails_the_run(house: House, kind: Any, code: str) -> None:
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    house.provider.last.fail(ProviderError(kind, "Told by the model."))
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.failed"]
    run = await house.run(run_id)
    assert (run.last_error, run.failed_at, run.expires_at, run.usage) == (
        {"code": code, "message": "Told by the model."},
        NOW,
        None,
        None,
    )


async def test_a_model_that_fails_in_mid_text_leaves_the_text(house: House) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    call.say(Usage(3, 1))
    call.fail(ProviderError("connection", "It broke off."))
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed", "R.failed"]
    error = {"code": "server_error", "message": "It broke off."}
    (message,), (step,), run = await house.said(run_id), await house.steps(run_id), await house.run(run_id)
    assert (message.text, message.incomplete_details) == ("Half a", {"reason": "run_failed"})
    assert (step.last_error, step.failed_at, step.usage) == (error, NOW, RunUsage.of(3, 1))
    assert (run.last_error, run.usage) == (error, RunUsage.of(3, 1))


async def test_a_model_name_that_nothing_serves_fails_the_run(house: House) -> None:
    house.registry = Registry(house.provider)
    await house.workers.pop().stop()
    await house.worker("second").start()
    thread_id = await house.thread()
    run_id = await house.asked(thread_id, model="nobody/knows")
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.failed"]
    assert "'nobody/knows'" in ((await house.run(run_id)).last_error or {})["message"]


async def test_a_refusal_is_a_part_of_its_own(house: House) -> None:
    house.provider.plan([Refusal("I'd "), Refusal("rather not."), STOP])
    run_id = await house.asked(await house.thread())
    assert [message.content for message in await house.said(run_id)] == [
        [{"type": "refusal", "refusal": "I'd rather not."}]
    ]


@pytest.mark.parametrize("error", [RuntimeError("odd"), KeyError(), asyncio.CancelledError()])
async def test_an_unexpected_error_fails_the_run_and_is_logged(
    house: House, logged: list[MutableMapping[str, Any]], error: BaseException
) -> None:
    thread_id, run_id, call = await house.streaming("Half a")
    call.fail(error)
    await house.quiet()
    assert await house.types(thread_id, run_id) == [*BEGUN, *SPEAKING, "M.incomplete", "S.failed", "R.failed"]
    assert (await house.run(run_id)).last_error == {
        "code": "server_error",
        "message": "Sorry, something went wrong. The server's log has the details.",
    }
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["run failed"]
    logged.clear()


@pytest.mark.parametrize("chunks", [[], [Usage(1, 0)], [Text("")], [ToolCallArguments(0, "{}")]], ids=str)
async def test_an_answer_that_never_says_it_is_over_fails_the_run(house: House, chunks: list[Chunk]) -> None:
    house.provider.plan(*[chunks] * 4)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.passes(60)
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.failed"]
    assert (await house.run(run_id)).last_error == {
        "code": "server_error",
        "message": "The model's answer broke off: it did not say that it was over. (The model was asked 4 times.)",
    }


@pytest.mark.parametrize("chunks", [[], [Usage(1, 0)], [Text("")], [ToolCallArguments(0, "{}")]], ids=str)
async def test_an_answer_without_text_completes_without_a_message(house: House, chunks: list[Chunk]) -> None:
    house.provider.plan([*chunks, STOP])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert await house.types(thread_id, run_id) == [*BEGUN, "R.completed"]


async def test_what_a_turn_without_text_cost_is_the_run_s(house: House) -> None:
    house.provider.plan(CALLS, [Usage(20, 5, reasoning=5), Finish("length")])
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    await house.submit(thread_id, run_id, call_a="1", call_b="2")
    run = await house.run(run_id)
    assert (run.status, run.usage) == ("incomplete", RunUsage.of(30, 7, reasoning=5))


@pytest.mark.parametrize("pieces", [10, 2_000])
async def test_the_transactions_of_a_run_are_few_however_long_it_is(house: House, pieces: int) -> None:
    thread_id, assistant_id = await house.thread(), await house.assistant()
    house.provider.plan([*[Text("word ")] * pieces, STOP])
    before = house.database.transactions
    run_id = await house.asked(thread_id, assistant_id=assistant_id)
    assert await house.texts(run_id) == [("completed", "word " * pieces)]
    assert house.database.transactions - before == 4


async def test_the_draft_file_is_empty_once_nothing_is_open(house: House) -> None:
    _, run_id, call = await house.streaming("Half a")
    assert house.drafts.path.stat().st_size > 0
    call.end(Text(" loaf"), STOP)
    await house.quiet()
    assert (await house.texts(run_id), house.drafts.path.stat().st_size) == ([("completed", "Half a loaf")], 0)
    assert call.closed


async def test_tools_of_the_hosted_kind_are_left_out_and_said_so(
    house: House, logged: list[MutableMapping[str, Any]]
) -> None:
    house.provider.plan([Text("Hi"), STOP])
    assistant_id = await house.assistant(tools=[{"type": "code_interpreter"}])
    await house.asked(await house.thread(), assistant_id=assistant_id)
    assert house.provider.last.request.tools == ()
    assert [entry["tools"] for entry in logged if entry["event"] == "tools left out of the prompt"] == [
        ["code_interpreter"]
    ]


class _Direct:
    """A stream of chunks that can hand text over: a test does so itself."""

    def __init__(self, chunks: AsyncGenerator[Chunk, None]) -> None:
        self.take: Callable[[str], None] | None = None
        self.aclose = chunks.aclose
        self._chunks = chunks

    def __aiter__(self) -> AsyncGenerator[Chunk, None]:
        return self._chunks

    def text_to(self, take: Callable[[str], None]) -> None:
        self.take = take


async def test_text_that_a_provider_hands_over_grows_the_message_that_its_first_text_has_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams: list[_Direct] = []
    stream: Any = house.provider.stream

    def hand_over(request: Request) -> _Direct:
        streams.append(_Direct(stream(request)))
        return streams[-1]

    monkeypatch.setattr(house.provider, "stream", hand_over)
    thread_id = await house.thread()
    run_id = await house.asked(thread_id)
    assert streams[0].take is None
    await house.says(house.provider.last, "Hello ")
    take = streams[0].take
    assert take is not None
    take("there, ")
    take("world")
    house.provider.last.end(Text("!"), STOP)
    await house.quiet()
    assert await house.texts(run_id) == [("completed", "Hello there, world!")]
