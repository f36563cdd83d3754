"""Every call of assistants, threads, messages and models, and every list from either end."""

from __future__ import annotations

import inspect
from typing import Any

from openai import AssistantEventHandler
from stage import CHAINED, ECHO, Client, asked, each, got, outputs, player, polled, refused, scene, started, told

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


@scene
async def surface(client: Client) -> Any:
    """Every call and every callback that this version has."""
    threads = client.beta.threads
    places = {
        "assistants": client.beta.assistants,
        "threads": threads,
        "messages": threads.messages,
        "runs": threads.runs,
        "steps": threads.runs.steps,
        "callbacks": AssistantEventHandler(),
    }
    return {
        name: [call for call, _ in inspect.getmembers(type(place), inspect.isfunction) if call[0] != "_"]
        for name, place in places.items()
    }


@scene
async def assistants(client: Client) -> Any:
    calls = client.beta.assistants
    bare = await got(calls.create(model="builtin/guide"))
    full = await got(
        calls.create(
            model="builtin/guide",
            name="Guide",
            description="Knows the way",
            instructions="Be kind.",
            tools=[{"type": "function", "function": {"name": "f", "description": "d"}}, {"type": "file_search"}],
            metadata={"team": "sails"},
            temperature=0.5,
            top_p=0.25,
            response_format={"type": "json_object"},
        )
    )
    read = await got(calls.retrieve(full.id))
    updated = await got(calls.update(full.id, description="Knew it", metadata={"a": "b"}))
    seen = {
        "bare": told(bare),
        "full": told(full),
        "read": told(read) == told(full),
        "changed": {name: now for name, now in told(updated).items() if now != told(full)[name]},
        "deleted": [told(await got(calls.delete(one.id))) for one in (bare, full)],
    }
    return seen | {"gone": await refused(calls.retrieve, full.id)}


@scene
async def threads(client: Client) -> Any:
    calls = client.beta.threads
    empty = await got(calls.create())
    thread = await got(
        calls.create(
            messages=[
                {"role": "user", "content": "one", "metadata": {"name": "Ada"}},
                {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
            ],
            metadata={"topic": "weather"},
        )
    )
    read = await got(calls.retrieve(thread.id))
    updated = await got(calls.update(thread.id, metadata={"topic": "tides"}))
    messages = [told(message) async for message in each(calls.messages.list(thread.id, order="asc"))]
    seen = {
        "empty": told(empty),
        "thread": told(thread),
        "read": told(read) == told(thread),
        "updated": told(updated),
        "messages": [[one["role"], one["content"], one["metadata"]] for one in messages],
        "deleted": told(await got(calls.delete(thread.id))),
    }
    return seen | {"gone": await refused(calls.retrieve, thread.id)}


@scene
async def messages(client: Client) -> Any:
    thread, calls = (await got(client.beta.threads.create())).id, client.beta.threads.messages
    content = [{"type": "text", "text": "look 🦊"}, IMAGE]
    message = await got(calls.create(thread, role="user", content=content, metadata={"name": "Ada"}))
    read = await got(calls.retrieve(message.id, thread_id=thread))
    updated = await got(calls.update(message.id, thread_id=thread, metadata={"seen": "yes"}))
    attached = await got(
        calls.create(
            thread,
            role="assistant",
            content="with a file",
            attachments=[{"file_id": "file-1", "tools": [{"type": "file_search"}]}],
        )
    )
    seen = {
        "message": told(message),
        "read": told(read) == told(message),
        "changed": {name: now for name, now in told(updated).items() if now != told(message)[name]},
        "attached": told(attached),
        "refused": await refused(
            calls.create, thread, role="assistant", content=[{"type": "refusal", "refusal": "No."}]
        ),
        "deleted": told(await got(calls.delete(message.id, thread_id=thread))),
    }
    return seen | {"left": [told(one) == told(attached) async for one in each(calls.list(thread))]}


@scene
async def models(client: Client) -> Any:
    listed = [told(model) async for model in each(client.models.list())]
    return {"listed": listed, "read": told(await got(client.models.retrieve("builtin/guide")))}


async def pages(lists: Any, ids: list[str], *where: Any, **query: Any) -> Any:
    """What a list of seven tells, each of them by its place; of one that holds older things too, its newer end."""

    async def places(**how: Any) -> list[int]:
        found = [one.id async for one in each(lists(*where, limit=2, **how, **query))]
        return [ids.index(id) for id in found if id in ids]

    first = await got(lists(*where, limit=2, order="asc", after=ids[0], **query))
    return {
        "default": await places(),
        "desc": await places(order="desc"),
        "asc": await places(order="asc"),
        "asc, after": await places(order="asc", after=ids[2]),
        "desc, after": await places(order="desc", after=ids[4]),
        "asc, between": await places(order="asc", after=ids[1], before=ids[4]),
        "desc, before": await places(order="desc", before=ids[3]),
        "a page": [[ids.index(one.id) for one in first.data], first.has_next_page()],
        "the next": [ids.index(one.id) for one in (await got(first.get_next_page())).data],
    }


@scene
async def pages_of_assistants(client: Client) -> Any:
    ids = [await player(client, ECHO, name=str(number)) for number in range(7)]
    return await pages(client.beta.assistants.list, ids)


@scene
async def pages_of_messages(client: Client) -> Any:
    thread = await asked(client, *(str(number) for number in range(7)))
    lists = client.beta.threads.messages.list
    return await pages(lists, [one.id async for one in each(lists(thread, order="asc"))], thread)


@scene
async def pages_of_runs(client: Client) -> Any:
    thread, assistant = await asked(client), await player(client, ECHO)
    made = [await got(client.beta.threads.runs.create(thread, assistant_id=assistant)) for _ in range(7)]
    await polled(client, made[-1])
    return await pages(client.beta.threads.runs.list, [run.id for run in made], thread)


@scene
async def pages_of_steps(client: Client) -> Any:
    turn = "  - - tool_calls: [{name: get_weather, arguments: {}}]\n"
    run = await polled(client, await started(client, f"turns:\n{turn * 6}  - - text: done\n"))
    while run.status == "requires_action":
        await got(
            client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run))
        )
        run = await polled(client, run)
    lists, where = client.beta.threads.runs.steps.list, {"thread_id": run.thread_id}
    ids = [step.id async for step in each(lists(run.id, order="asc", **where))]
    return await pages(lists, ids, run.id, **where)


@scene
async def messages_of_a_run(client: Client) -> Any:
    run = await polled(client, await started(client, CHAINED))
    runs, listed = client.beta.threads.runs, client.beta.threads.messages.list
    while run.status == "requires_action":
        run = await got(
            runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run), poll_interval_ms=20
            )
        )
    written = [told(message) async for message in each(listed(run.thread_id, run_id=run.id))]
    nothing = await got(listed((await got(client.beta.threads.create())).id))
    return {"written": written, "nothing": [nothing.data, nothing.has_next_page()]}
