"""Every call of runs and steps without a stream: made, polled, answered, cancelled."""

from __future__ import annotations

from typing import Any

from stage import (
    CHAINED,
    ECHO,
    ONE_CALL,
    PARALLEL,
    POLL_MS,
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
    refused,
    scene,
    started,
    texts,
    told,
    until,
)

INCLUDE = ["step_details.tool_calls[*].file_search.results[*].content"]
"""The one value there is; SDKs of 2024 do not know it yet, and so it is sent as a query of theirs."""


async def steps_of(client: Client, run: Any, **query: Any) -> list[Any]:
    listed = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc", **query)
    return [step async for step in each(listed)]


@scene
async def a_run(client: Client) -> Any:
    runs, assistant, thread = client.beta.threads.runs, await player(client, ECHO), await asked(client)
    made = await got(
        runs.create(
            thread,
            assistant_id=assistant,
            additional_instructions="# and nothing else",
            additional_messages=[{"role": "user", "content": "And?"}],
            tools=[],
            metadata={"a": "b"},
            temperature=0.5,
            max_completion_tokens=500,
            truncation_strategy={"type": "last_messages", "last_messages": 1},
        )
    )
    ended = await polled(client, made)
    updated = await got(runs.update(made.id, thread_id=thread, metadata={"c": "d"}))
    (step,) = await steps_of(client, made)
    (included,) = await steps_of(client, made, extra_query={"include": INCLUDE})
    read = await got(runs.steps.retrieve(step.id, thread_id=thread, run_id=made.id))
    return {
        "made": told(made),
        "ended": {name: now for name, now in told(ended).items() if now != told(made)[name]},
        "updated": [updated.status, updated.metadata],
        "step": told(step),
        "read": [told(read) == told(step), told(included) == told(step)],
        "texts": await texts(client, thread),
        "listed": [run.id == made.id async for run in each(runs.list(thread))],
    }


@scene
async def helpers_that_poll(client: Client) -> Any:
    threads, assistant, thread = client.beta.threads, await player(client, ECHO), await asked(client)
    first = await got(threads.runs.create_and_poll(thread_id=thread, assistant_id=assistant, poll_interval_ms=POLL_MS))
    second = await got(
        threads.create_and_run_poll(
            assistant_id=assistant,
            thread={"messages": [{"role": "user", "content": "Hi"}], "metadata": {"a": "b"}},
            poll_interval_ms=POLL_MS,
        )
    )
    third = await got(
        threads.create_and_run(assistant_id=assistant, thread={"messages": [{"role": "user", "content": "Ho"}]})
    )
    paced = await got(threads.runs.poll(third.id, thread_id=third.thread_id))
    return {
        "statuses": [first.status, second.status, third.status, paced.status],
        "thread": (await got(threads.retrieve(second.thread_id))).metadata,
        "texts": [await texts(client, run.thread_id) for run in (first, second, third)],
    }


async def by_polling(client: Client, script: str) -> Any:
    """A tool loop: what each round asked for, and what is stored at its end."""
    runs, rounds = client.beta.threads.runs, []
    thread, assistant = await asked(client), await player(client, script)
    run = await got(runs.create_and_poll(thread_id=thread, assistant_id=assistant, poll_interval_ms=POLL_MS))
    while run.status == "requires_action":
        rounds.append(calls(run))
        run = await got(
            runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread, tool_outputs=outputs(run), poll_interval_ms=POLL_MS
            )
        )
    return {
        "rounds": rounds,
        "status": run.status,
        "texts": await texts(client, thread),
        "steps": [[step.status, told(step.step_details)] for step in await steps_of(client, run)],
    }


@scene
async def parallel_calls_polled(client: Client) -> Any:
    return await by_polling(client, PARALLEL)


@scene
async def chained_calls_polled(client: Client) -> Any:
    return await by_polling(client, CHAINED)


@scene
async def a_waiting_run(client: Client) -> Any:
    runs = client.beta.threads.runs
    run = await polled(client, await started(client, PARALLEL))
    (said, asking) = await steps_of(client, run)
    incomplete = await refused(runs.submit_tool_outputs, run.id, thread_id=run.thread_id, tool_outputs=outputs(run)[:1])
    queued = await got(runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run)[::-1]))
    ended = await polled(client, run)
    again = await refused(runs.submit_tool_outputs, run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
    return {
        "waits": [told(run)["required_action"], told(run)["usage"]],
        "steps": [told(said)["status"], told(asking)["status"], told(asking)["step_details"]],
        "refused": [incomplete, again],
        "queued": [queued.status, queued.required_action],
        "ended": [ended.status, told(ended)["usage"]],
        "usages": [told(step)["usage"] for step in await steps_of(client, run)],
    }


async def cancelled(client: Client, run: Any) -> Any:
    """How a run, its steps and its thread stand after a cancel, and that they can be cancelled no more."""
    cancel = client.beta.threads.runs.cancel
    asked_for = await got(cancel(run.id, thread_id=run.thread_id))
    ended = await polled(client, run)
    return {
        "statuses": [asked_for.status, ended.status, ended.required_action],
        "steps": [[step.type, step.status] for step in await steps_of(client, run)],
        "texts": await texts(client, run.thread_id),
        "again": await refused(cancel, run.id, thread_id=run.thread_id),
    }


@scene
async def cancel_before_the_first_word(client: Client) -> Any:
    return await cancelled(client, await until(client, await started(client, SILENCE), "in_progress"))


@scene
async def cancel_between_words(client: Client) -> Any:
    run = await started(client, STALL)
    while (await texts(client, run.thread_id))[-1] != ["assistant", "in_progress", "Wait"]:
        pass
    return await cancelled(client, run)


@scene
async def cancel_while_it_waits(client: Client) -> Any:
    return await cancelled(client, await until(client, await started(client, ONE_CALL), "requires_action"))


@scene
async def cancel_in_the_queue(client: Client) -> Any:
    first = await started(client, SILENCE)
    second = await got(client.beta.threads.runs.create(first.thread_id, assistant_id=first.assistant_id))
    return [await cancelled(client, run) for run in (second, first)]
