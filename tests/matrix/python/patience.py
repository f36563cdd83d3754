"""The SDK's own time-outs and retries: nothing is done twice, and a run does not mind who stops listening.

The server's database is the file that the variable ``DATABASE`` names. While it is held the server cannot answer a
POST, so the first attempt times out. It is let go when the second begins: that is half a second after the first caller
has hung up, so the server knows of it before it can answer.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from callbacks import recorder
from stage import (
    ECHO,
    ONE_CALL,
    SILENCE,
    STALL,
    Client,
    asked,
    each,
    got,
    outputs,
    player,
    polled,
    refused,
    scene,
    started,
    texts,
    within,
)
from streams import heard

PATIENCE = 1.0
"""Seconds that a caller waits for an answer, or for the next event."""

BUILDING = ("Request options", "Building HTTP request")
"""What the SDK logs for every request, up to 2.x and since."""


class Attempts(logging.Handler):
    """Counts the requests that the SDK makes ready, and lets the database go at the second."""

    def __init__(self, holder: sqlite3.Connection) -> None:
        super().__init__()
        self.count = 0
        self._holder = holder

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(BUILDING):
            self.count += 1
            if self.count == 2:
                self._holder.rollback()


@contextmanager
def held() -> Iterator[Attempts]:
    """The database is held from here until a request is sent again."""
    log = logging.getLogger("openai")
    with closing(sqlite3.connect(os.environ["DATABASE"], isolation_level=None)) as holder:
        attempts = Attempts(holder)
        log.addHandler(attempts)
        log.setLevel(logging.DEBUG)
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield attempts
        finally:
            log.setLevel(logging.NOTSET)
            log.removeHandler(attempts)


async def once(client: Client, call: Any, *args: Any, **kwargs: Any) -> Any:
    """The answer to a call whose first attempt got none in time."""
    with held() as attempts:
        answer = await got(call(*args, **kwargs))
        if kwargs.get("stream"):
            answer = await heard(answer)
    assert attempts.count > 1, "it was answered at once"
    return answer


def hasty(client: Client) -> Any:
    return client.with_options(timeout=PATIENCE, max_retries=5).beta.threads


async def threads_of(client: Client) -> list[str]:
    """Every thread there is; the call is ours."""
    page = await got(client.get("/threads?limit=100", cast_to=object))
    return [thread["id"] for thread in page["data"]]


@scene
async def a_message_is_made_once(client: Client) -> Any:
    thread = (await got(client.beta.threads.create())).id
    message = await once(client, hasty(client).messages.create, thread, role="user", content="ok")
    return [one.id == message.id async for one in each(client.beta.threads.messages.list(thread))]


@scene
async def a_thread_is_made_once(client: Client) -> Any:
    before = await threads_of(client)
    thread = await once(client, hasty(client).create, messages=[{"role": "user", "content": "Hello"}])
    return [id == thread.id for id in await threads_of(client) if id not in before]


@scene
async def a_run_is_made_once(client: Client) -> Any:
    thread, assistant = await asked(client), await player(client, ECHO)
    run = await once(client, hasty(client).runs.create, thread, assistant_id=assistant)
    await polled(client, run)
    return [
        [one.id == run.id async for one in each(client.beta.threads.runs.list(thread))],
        await texts(client, thread),
    ]


@scene
async def a_streamed_run_is_made_once(client: Client) -> Any:
    thread, assistant = await asked(client), await player(client, ECHO)
    types, text, run = await once(client, hasty(client).runs.create, thread, assistant_id=assistant, stream=True)
    return [types, text, [one.id == run.id async for one in each(client.beta.threads.runs.list(thread))]]


@scene
async def a_new_thread_is_run_once(client: Client) -> Any:
    assistant, before = await player(client, ECHO), await threads_of(client)
    begin = {"messages": [{"role": "user", "content": "Hello"}]}
    run = await once(client, hasty(client).create_and_run, assistant_id=assistant, thread=begin)
    await polled(client, run)
    made = [id == run.thread_id for id in await threads_of(client) if id not in before]
    return [made, await texts(client, run.thread_id)]


@scene
async def outputs_are_taken_once(client: Client) -> Any:
    run = await polled(client, await started(client, ONE_CALL))
    types, text, _ = await once(
        client,
        hasty(client).runs.submit_tool_outputs,
        run.id,
        thread_id=run.thread_id,
        tool_outputs=outputs(run),
        stream=True,
    )
    return [types, text, await texts(client, run.thread_id)]


@scene
async def a_cancel_is_taken_once(client: Client) -> Any:
    run = await started(client, SILENCE)
    cancelling = await once(client, hasty(client).runs.cancel, run.id, thread_id=run.thread_id)
    return [cancelling.status, (await polled(client, run)).status]


@scene
async def what_was_answered_is_made_again(client: Client) -> Any:
    """Equal requests that are no retries: of messages, and of a stream that was left in its middle."""
    runs, messages = client.beta.threads.runs, client.beta.threads.messages
    thread, assistant = await asked(client), await player(client, STALL)
    said = [(await got(messages.create(thread, role="user", content="ok"))).id for _ in range(2)]
    made = []
    for _ in range(2):
        async with within(await got(runs.create(thread, assistant_id=assistant, stream=True))) as stream:
            async for event in each(stream):
                made.append(event.data.id)
                break
        await got(runs.cancel(made[-1], thread_id=thread))
    return [len({*said}), len({*made})]


@scene
async def patience_that_ends(client: Client) -> Any:
    thread = (await got(client.beta.threads.create())).id
    impatient = client.with_options(timeout=PATIENCE, max_retries=0).beta.threads.messages
    with held():
        raised = await refused(impatient.create, thread, role="user", content="ok")
    return [raised, await refused(client.beta.threads.retrieve, thread)]


async def silence(client: Client, script: str, handler: Any) -> Any:
    """How a stream ends that falls silent for too long, and that its run and its thread do not mind."""
    threads, ended = client.beta.threads, None
    impatient = client.with_options(timeout=PATIENCE, max_retries=2).beta.threads.runs
    thread, assistant = await asked(client), await player(client, script)
    try:
        if handler is None:
            async for _ in each(await got(impatient.create(thread, assistant_id=assistant, stream=True))):
                pass
        else:
            helper = impatient.stream(thread_id=thread, assistant_id=assistant, event_handler=handler)
            async with within(helper) as stream:
                await got(stream.until_done())
    except Exception as error:
        ended = type(error).__name__
    (run,) = [one async for one in each(threads.runs.list(thread))]
    second = await got(threads.runs.create(thread, assistant_id=await player(client, ECHO)))
    await got(threads.runs.cancel(run.id, thread_id=thread))
    statuses = [run.status, (await polled(client, run)).status, (await polled(client, second)).status]
    return [ended, statuses, await texts(client, thread)]


@scene
async def a_stream_falls_silent(client: Client) -> Any:
    return [await silence(client, script, None) for script in (SILENCE, STALL)]


@scene
async def a_helper_falls_silent(client: Client) -> Any:
    handler = recorder(client)
    return [await silence(client, STALL, handler), handler.notes.calls]
