"""The asynchronous Python SDK: streams, helpers and many callers at once."""

from __future__ import annotations

import asyncio
from typing import Any

from openai import AsyncAssistantEventHandler, AsyncOpenAI
from openai.types.beta.threads import Message, Text
from openai.types.beta.threads.runs import ToolCall
from typing_extensions import override

from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, broken_rules, order
from tests.sdk.scenes import ONE_CALL, POLL_MS, TOOLS, outputs, script, text


class Recorder(AsyncAssistantEventHandler):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []

    @override
    async def on_text_created(self, text: Text) -> None:
        self.calls.append(("text created",))

    @override
    async def on_text_done(self, text: Text) -> None:
        self.calls.append(("text done", text.value))

    @override
    async def on_message_done(self, message: Message) -> None:
        self.calls.append(("message done", message.status))

    @override
    async def on_tool_call_done(self, tool_call: ToolCall) -> None:
        self.calls.append(("call done", tool_call.id))

    @override
    async def on_end(self) -> None:
        self.calls.append(("end",))


async def scene(client: AsyncOpenAI, scenario: str, question: str = "Hello") -> tuple[str, str]:
    """The ids of a thread with a question and of an assistant that plays a scenario."""
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": question}])
    assistant = await client.beta.assistants.create(model="builtin/script", instructions=scenario, tools=TOOLS)
    return thread.id, assistant.id


async def test_a_raw_stream_has_the_recorded_order(async_client: AsyncOpenAI) -> None:
    thread_id, assistant_id = await scene(async_client, script("echo"))
    stream = await async_client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)
    async with stream:
        events = [event async for event in stream]
    assert order(events) == f"{BEGUN} {SAID} R.completed"
    assert broken_rules(events) == []


async def test_a_tool_loop_calls_back_in_order(async_client: AsyncOpenAI) -> None:
    thread_id, assistant_id = await scene(async_client, ONE_CALL)
    runs, asking, after = async_client.beta.threads.runs, Recorder(), Recorder()
    async with runs.stream(thread_id=thread_id, assistant_id=assistant_id, event_handler=asking) as stream:
        await stream.until_done()
    run = await asking.get_final_run()
    async with runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs(run), event_handler=after
    ) as stream:
        await stream.until_done()
    assert asking.calls == [("call done", "call_rome"), ("end",)]
    assert after.calls == [
        ("text created",),
        ("text done", "It is sunny in Rome."),
        ("message done", "completed"),
        ("end",),
    ]
    assert (await after.get_final_run()).status == "completed"
    assert [text(message) for message in await after.get_final_messages()] == ["It is sunny in Rome."]


async def test_the_polling_helpers_come_back_when_the_run_waits_and_when_it_ends(async_client: AsyncOpenAI) -> None:
    thread_id, assistant_id = await scene(async_client, ONE_CALL)
    runs = async_client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=POLL_MS)
    assert run.status == "requires_action"
    run = await runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs(run), poll_interval_ms=POLL_MS
    )
    assert run.status == "completed"


async def test_twenty_threads_stream_at_once_and_each_hears_its_own_answer(async_client: AsyncOpenAI) -> None:
    async def heard(number: int) -> str:
        thread_id, assistant_id = await scene(async_client, script("echo"), f"number {number}")
        async with async_client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
            return "".join([delta async for delta in stream.text_deltas])

    answers = await asyncio.gather(*(heard(number) for number in range(20)))
    assert answers == [f"You said: number {number}" for number in range(20)]


async def test_a_list_pages_by_itself(async_client: AsyncOpenAI) -> None:
    thread = await async_client.beta.threads.create(
        messages=[{"role": "user", "content": str(number)} for number in range(7)]
    )
    listed = async_client.beta.threads.messages.list(thread.id, limit=2, order="asc")
    assert [text(message) async for message in listed] == [str(number) for number in range(7)]


async def test_a_stream_that_is_cancelled_from_another_task_ends_in_order(async_client: AsyncOpenAI) -> None:
    thread_id, assistant_id = await scene(async_client, script("stall"))
    stream = await async_client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)
    cancelling: list[asyncio.Task[Any]] = []
    types: list[str] = []
    async with stream:
        async for event in stream:
            types.append(event.event)
            if event.event == "thread.message.in_progress":
                assert event.data.run_id is not None
                cancel = async_client.beta.threads.runs.cancel(event.data.run_id, thread_id=thread_id)
                cancelling.append(asyncio.create_task(cancel))
    assert types[-4:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
    ]
    assert [(await task).status for task in cancelling] == ["cancelling"]


async def test_a_waiting_run_can_be_followed_up_by_another_client(async_client: AsyncOpenAI, url: str) -> None:
    thread_id, assistant_id = await scene(async_client, ONE_CALL)
    stream = await async_client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)
    async with stream:
        events = [event async for event in stream]
    assert order(events) == f"{BEGUN} {ASKED}"
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="another") as another:
        (run,) = (await another.beta.threads.runs.list(thread_id)).data
        answer = await another.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=thread_id, tool_outputs=outputs(run), stream=True
        )
        async with answer:
            rest = [event async for event in answer]
    assert order(rest) == f"{ANSWERED} {SAID} R.completed"
