"""Streams of raw events: their order, their text, and what they say against what a read then shows."""

from __future__ import annotations

import json
from typing import Any

from stage import (
    CHAINED,
    ECHO,
    FILTERED,
    LENGTH,
    LIMITED,
    LONG,
    OVERLOADED,
    PARALLEL,
    REFUSAL,
    SILENCE,
    STALL,
    Client,
    asked,
    calls,
    each,
    got,
    outputs,
    player,
    polled,
    scene,
    started,
    texts,
    told,
    within,
)


async def heard(stream: Any) -> Any:
    """The types of a stream's events, the text of its deltas, and its last run."""
    types: list[str] = []
    text, run = "", None
    async for event in each(stream):
        types.append(event.event)
        if event.event == "thread.message.delta":
            (block,) = told(event.data)["delta"]["content"]
            text += block["text"]["value"] if block["type"] == "text" else block["refusal"]
        elif event.data.object == "thread.run":
            run = event.data
    return types, text, run


async def played(client: Client, script: str) -> Any:
    """A run by raw streams, its tools answered: the events and texts of each stream, and how the run ended."""
    runs, rounds = client.beta.threads.runs, []
    thread, assistant = await asked(client), await player(client, script)
    stream = await got(runs.create(thread, assistant_id=assistant, stream=True))
    while True:
        types, text, run = await heard(stream)
        rounds.append({"types": types, "text": text})
        if run.status != "requires_action":
            break
        rounds[-1]["calls"] = calls(run)
        stream = await got(runs.submit_tool_outputs(run.id, thread_id=thread, tool_outputs=outputs(run), stream=True))
    read = await got(runs.retrieve(run.id, thread_id=thread))
    assert told(read) == told(run)
    return [*rounds, [run.status, told(run)["incomplete_details"], told(run)["last_error"]]]


@scene
async def raw_echo(client: Client) -> Any:
    return await played(client, ECHO)


@scene
async def raw_long_text(client: Client) -> Any:
    first, ending = await played(client, LONG)
    return [first["types"], first["text"] == "All work and no play. " * 200, ending]


@scene
async def raw_refusal(client: Client) -> Any:
    return await played(client, REFUSAL)


@scene
async def raw_endings(client: Client) -> Any:
    return [await played(client, script) for script in (LENGTH, FILTERED, OVERLOADED, LIMITED)]


@scene
async def raw_parallel_calls(client: Client) -> Any:
    return await played(client, PARALLEL)


@scene
async def raw_chained_calls(client: Client) -> Any:
    return await played(client, CHAINED)


@scene
async def raw_create_and_run(client: Client) -> Any:
    assistant = await player(client, ECHO)
    begin = {"messages": [{"role": "user", "content": "Hello"}], "metadata": {"a": "b"}}
    stream = await got(client.beta.threads.create_and_run(assistant_id=assistant, thread=begin, stream=True))
    types, text, run = await heard(stream)
    return [types, text, await texts(client, run.thread_id)]


@scene
async def every_object_of_a_stream(client: Client) -> Any:
    runs, messages = client.beta.threads.runs, client.beta.threads.messages
    thread, assistant = await asked(client), await player(client, ECHO)
    events = [event async for event in each(await got(runs.create(thread, assistant_id=assistant, stream=True)))]
    last = {event.event: event.data for event in events}
    run, step, message = (last[f"thread.{noun}.completed"] for noun in ("run", "run.step", "message"))
    read = [
        await got(runs.retrieve(run.id, thread_id=thread)),
        await got(runs.steps.retrieve(step.id, thread_id=thread, run_id=run.id)),
        await got(messages.retrieve(message.id, thread_id=thread)),
    ]
    assert [told(one) for one in read] == [told(one) for one in (run, step, message)]
    objects = {
        kind: told(data) for kind, data in last.items() if not kind.startswith("thread.run.") or ".step." in kind
    }
    objects["thread.message.delta"]["delta"]["content"][0]["text"]["value"] = "…"  # how text is cut is a matter of time
    return objects


@scene
async def cancel_in_mid_stream(client: Client) -> Any:
    runs = client.beta.threads.runs
    thread, assistant = await asked(client), await player(client, STALL)
    stream = await got(runs.create(thread, assistant_id=assistant, stream=True))
    types, statuses, run = [], [], ""
    async for event in each(stream):
        types.append(event.event)
        if event.event == "thread.message.created":
            run = event.data.run_id
        elif event.event == "thread.message.delta":
            statuses.append((await got(runs.cancel(run, thread_id=thread))).status)
    return [types, statuses, await texts(client, thread)]


@scene
async def leave_in_mid_stream(client: Client) -> Any:
    """A caller that goes away does not stop its run."""
    runs = client.beta.threads.runs
    thread = await asked(client)
    assistant = await player(client, 'turns: [[text: Before the pause, stall_ms: 100, text: " and behind it."]]')
    run = None
    async with within(await got(runs.create(thread, assistant_id=assistant, stream=True))) as stream:
        async for event in each(stream):
            run = event.data
            if event.event == "thread.run.in_progress":
                break
    return [(await polled(client, run)).status, await texts(client, thread)]


@scene
async def raw_response(client: Client) -> Any:
    threads, run = client.beta.threads, await started(client, SILENCE)
    answer = await got(threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id))
    parsed = await got(answer.parse())
    headers = {name: answer.headers.get(name) for name in ("content-type", "openai-poll-after-ms")}
    assert answer.headers["x-request-id"].startswith("req_")
    cancelling = await got(threads.runs.with_raw_response.cancel(run.id, thread_id=run.thread_id))
    thread, assistant = await asked(client), await player(client, ECHO)
    streamed = await got(threads.runs.with_raw_response.create(thread, assistant_id=assistant, stream=True))
    _, text, _ = await heard(await got(streamed.parse()))
    return [answer.status_code, headers, parsed.id == run.id, json.loads(cancelling.content)["status"], text]


@scene
async def streaming_response(client: Client) -> Any:
    threads, thread, assistant = client.beta.threads, await asked(client), await player(client, ECHO)
    async with within(threads.with_streaming_response.retrieve(thread)) as answer:
        read = (await got(answer.parse())).id == thread
    raw = threads.runs.with_streaming_response.create(thread, assistant_id=assistant, stream=True)
    async with within(raw) as answer:
        headers = {
            name: answer.headers.get(name)
            for name in ("content-type", "cache-control", "x-accel-buffering", "content-encoding")
        }
        lines = [line async for line in each(answer.iter_lines())]
    return [read, headers, lines[0], lines[-3:]]
