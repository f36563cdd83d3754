"""The helpers that stream, and every callback of their event handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI
from stage import (
    CHAINED,
    ECHO,
    LENGTH,
    ONE_CALL,
    OVERLOADED,
    PARALLEL,
    REFUSAL,
    STALL,
    Client,
    asked,
    each,
    got,
    outputs,
    player,
    scene,
    text,
    texts,
    told,
    within,
)


class Notes:
    """What a handler was told, in order; how a text is cut is a matter of time, so its deltas are one note."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.types: list[str] = []
        self._growing: dict[str, list[Any]] = {}

    def take(self, callback: str, *about: Any) -> None:
        name = callback.removeprefix("on_")
        if name == "event":
            self.types += about
            return
        if name not in ("message_delta", "text_delta"):
            self._growing = {} if name == "message_created" else self._growing
            self.calls.append([name, *about])
            return
        said, shown = about
        if name not in self._growing:
            self._growing[name] = [name, ""]
            self.calls.append(self._growing[name])
        self._growing[name][1] += said
        assert shown == self._growing[name][1], f"the snapshot says {shown!r}"


def _blocks(value: Any) -> str:
    """The text of a delta or a message."""
    return "".join(block.text.value if block.type == "text" else block.refusal for block in value.content or [])


def _call(call: Any) -> list[Any]:
    return [call.id, call.function.name, call.function.arguments]


TOLD: dict[str, Callable[..., list[Any]]] = {
    "on_event": lambda event: [event.event],
    "on_run_step_created": lambda step: [step.type, step.status],
    "on_run_step_delta": lambda delta, step: [[call.id for call in step.step_details.tool_calls]],
    "on_run_step_done": lambda step: [step.type, step.status],
    "on_tool_call_created": lambda call: _call(call),
    "on_tool_call_delta": lambda delta, call: _call(call),
    "on_tool_call_done": lambda call: _call(call),
    "on_exception": lambda error: [type(error).__name__],
    "on_timeout": list,
    "on_message_created": lambda message: [message.status, [*message.content]],
    "on_message_delta": lambda delta, message: [_blocks(delta), _blocks(message)],
    "on_message_done": lambda message: [message.status, text(message)],
    "on_text_created": lambda text: [],
    "on_text_delta": lambda delta, text: [delta.value, text.value],
    "on_text_done": lambda text: [text.value],
    "on_image_file_done": lambda image: [told(image)],
    "on_end": list,
}
"""Every callback there is, and what it notes."""


def _at_once(name: str) -> Any:
    def callback(self: Any, *arguments: Any) -> None:
        self.notes.take(name, *TOLD[name](*arguments))

    return callback


def _awaited(name: str) -> Any:
    async def callback(self: Any, *arguments: Any) -> None:
        self.notes.take(name, *TOLD[name](*arguments))

    return callback


_SYNC = type("Recorder", (AssistantEventHandler,), {name: _at_once(name) for name in TOLD})
_ASYNC = type("AsyncRecorder", (AsyncAssistantEventHandler,), {name: _awaited(name) for name in TOLD})


def recorder(client: Client) -> Any:
    """A handler for this client that notes every callback."""
    made: Any = (_ASYNC if isinstance(client, AsyncOpenAI) else _SYNC)()
    made.notes = Notes()
    return made


async def streamed(client: Client, script: str) -> list[Any]:
    """The handlers of a run's streams, one for each time it was asked or answered."""
    runs, handlers = client.beta.threads.runs, [recorder(client)]
    thread, assistant = await asked(client), await player(client, script)
    async with within(runs.stream(thread_id=thread, assistant_id=assistant, event_handler=handlers[0])) as stream:
        await got(stream.until_done())
    while (run := await got(handlers[-1].get_final_run())).status == "requires_action":
        handlers.append(recorder(client))
        async with within(
            runs.submit_tool_outputs_stream(
                run_id=run.id, thread_id=thread, tool_outputs=outputs(run), event_handler=handlers[-1]
            )
        ) as stream:
            await got(stream.until_done())
    return handlers


async def noted(client: Client, script: str) -> Any:
    return [handler.notes.calls for handler in await streamed(client, script)]


@scene
async def callbacks_of_an_answer(client: Client) -> Any:
    (handler,) = await streamed(client, ECHO)
    return [handler.notes.calls, handler.notes.types]


@scene
async def callbacks_of_early_ends(client: Client) -> Any:
    return [await noted(client, script) for script in (LENGTH, OVERLOADED, REFUSAL)]


@scene
async def callbacks_of_parallel_calls(client: Client) -> Any:
    return await noted(client, PARALLEL)


@scene
async def callbacks_of_chained_calls(client: Client) -> Any:
    return await noted(client, CHAINED)


@scene
async def what_a_helper_gathers(client: Client) -> Any:
    asking, after = await streamed(client, PARALLEL)
    run = await got(after.get_final_run())
    threads = client.beta.threads
    written = [one async for one in each(threads.messages.list(run.thread_id, run_id=run.id, order="asc"))]
    steps = [one.id async for one in each(threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc"))]
    messages = [message for handler in (asking, after) for message in await got(handler.get_final_messages())]
    gathered = [step.id for handler in (asking, after) for step in await got(handler.get_final_run_steps())]
    return {
        "run": told(run) == told(await got(threads.runs.retrieve(run.id, thread_id=run.thread_id))),
        "messages": [text(message) for message in messages],
        "as read": [told(message) for message in messages] == [told(message) for message in written],
        # A helper keeps only the steps that began in its own stream (reference 7.2).
        "steps": gathered == steps,
    }


@scene
async def helpers_that_stream(client: Client) -> Any:
    threads, assistant, thread = client.beta.threads, await player(client, ECHO), await asked(client)
    old, new, bare = recorder(client), recorder(client), []
    async with within(
        threads.runs.create_and_stream(thread_id=thread, assistant_id=assistant, event_handler=old)
    ) as stream:
        await got(stream.until_done())
    begin = {"messages": [{"role": "user", "content": "Hi"}]}
    async with within(threads.create_and_run_stream(assistant_id=assistant, thread=begin, event_handler=new)) as stream:
        await got(stream.until_done())
    run = await got(new.get_final_run())
    async with within(threads.runs.stream(thread_id=thread, assistant_id=assistant)) as stream:
        async for event in each(stream):
            bare.append(event.event)
    async with within(threads.create_and_run_stream(assistant_id=assistant, thread=begin)) as stream:
        words = "".join([word async for word in each(stream.text_deltas)])
        status = (await got(stream.get_final_run())).status
    return {
        "create_and_stream": [old.notes.calls[-1], old.notes.types],
        "create_and_run_stream": [new.notes.calls[-1], new.notes.types, await texts(client, run.thread_id)],
        "without a handler": bare,
        "text_deltas": [words, status],
    }


@scene
async def answers_from_within_a_handler(client: Client) -> Any:
    """The loop of the vendor's guide: a handler that answers calls by a stream with a handler of its own."""
    runs, heard = client.beta.threads.runs, []

    async def answer(stream: Any) -> None:
        async for event in each(stream):
            heard.append(event.event)
            if event.event == "thread.run.requires_action":
                run = event.data
                async with within(
                    runs.submit_tool_outputs_stream(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
                ) as inner:
                    await answer(inner)

    thread, assistant = await asked(client), await player(client, ONE_CALL)
    async with within(runs.stream(thread_id=thread, assistant_id=assistant)) as stream:
        await answer(stream)
    return [heard, await texts(client, thread)]


@scene
async def cancel_from_a_helper(client: Client) -> Any:
    runs, handler, current = client.beta.threads.runs, recorder(client), []
    thread, assistant = await asked(client), await player(client, STALL)
    async with within(runs.stream(thread_id=thread, assistant_id=assistant, event_handler=handler)) as stream:
        async for event in each(stream):
            if event.event == "thread.message.delta":
                current = [handler.current_run_step_snapshot.type, text(handler.current_message_snapshot)]
                await got(runs.cancel(handler.current_run.id, thread_id=thread))
    return [current, handler.notes.calls, (await got(handler.get_final_run())).status]
