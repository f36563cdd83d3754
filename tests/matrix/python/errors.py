"""What is refused: the class that is raised, what it carries, and that nothing is sent a second time for it."""

from __future__ import annotations

import socket
from typing import Any

from stage import ECHO, ONE_CALL, SILENCE, Client, asked, got, player, polled, refused, scene, started

NOBODY = "A" * 24


@scene
async def not_found(client: Client) -> Any:
    beta, threads, runs = client.beta, client.beta.threads, client.beta.threads.runs
    asst, none, msg, run, step = (f"{kind}_{NOBODY}" for kind in ("asst", "thread", "msg", "run", "step"))
    ended = await polled(client, await started(client, ECHO))
    thread = {"thread_id": ended.thread_id}
    return [
        await refused(beta.assistants.retrieve, asst),
        await refused(beta.assistants.update, asst, name="x"),
        await refused(beta.assistants.delete, asst),
        await refused(threads.retrieve, none),
        await refused(threads.update, none, metadata={}),
        await refused(threads.delete, none),
        await refused(threads.messages.list, none),
        await refused(threads.messages.create, none, role="user", content="x"),
        await refused(threads.messages.retrieve, msg, **thread),
        await refused(threads.messages.update, msg, metadata={}, **thread),
        await refused(threads.messages.delete, msg, **thread),
        await refused(runs.list, none),
        await refused(runs.create, none, assistant_id=ended.assistant_id),
        await refused(runs.create, ended.thread_id, assistant_id=asst, stream=True),
        await refused(threads.create_and_run, assistant_id=asst),
        await refused(runs.retrieve, run, **thread),
        await refused(runs.update, run, metadata={}, **thread),
        await refused(runs.cancel, run, **thread),
        await refused(runs.submit_tool_outputs, run, tool_outputs=[], **thread),
        await refused(runs.steps.list, run, **thread),
        await refused(runs.steps.retrieve, step, run_id=ended.id, **thread),
        await refused(client.models.retrieve, "gpt-0"),
        await refused(client.files.list),
    ]


@scene
async def bad_requests(client: Client) -> Any:
    beta, thread = client.beta, await asked(client)
    empty, assistant = (await got(beta.threads.create())).id, await player(client, ECHO)
    bare = (await got(beta.assistants.create(model="builtin/script"))).id
    ended = await polled(client, await started(client, ECHO))
    cast: dict[str, Any] = {"cast_to": object}
    return [
        await refused(beta.threads.retrieve, "undefined"),
        await refused(client.post, "/assistants", body={}, **cast),
        await refused(client.post, "/assistants", body={"model": 5}, **cast),
        await refused(beta.assistants.create, model="m", metadata={"a": "x" * 513}),
        await refused(beta.assistants.create, model="m", temperature=2.5),
        await refused(beta.threads.messages.create, thread, role="system", content="x"),
        await refused(beta.threads.messages.create, thread, role="user", content=5),
        await refused(beta.threads.messages.list, thread, limit=0),
        await refused(beta.threads.messages.list, thread, order="newest"),
        await refused(beta.threads.messages.list, thread, after=f"msg_{NOBODY}"),
        await refused(beta.threads.runs.create, empty, assistant_id=bare),
        await refused(beta.threads.runs.create, empty, assistant_id=bare, stream=True),
        await refused(beta.threads.runs.cancel, ended.id, thread_id=ended.thread_id),
        await refused(beta.threads.runs.create, thread, assistant_id=assistant, extra_body={"thread_policy": "never"}),
        await refused(beta.threads.messages.create, thread, role="user", content="x" * 256_001),
    ]


@scene
async def busy_threads(client: Client) -> Any:
    threads, old_ways = client.beta.threads, {"metadata": {"thread_policy": "reject"}}
    thread, assistant = await asked(client, **old_ways), await player(client, SILENCE)
    run = await got(threads.runs.create(thread, assistant_id=assistant))
    waits = await polled(client, await started(client, ONE_CALL))
    seen = [
        await refused(threads.runs.create, thread, assistant_id=assistant),
        await refused(threads.messages.create, thread, role="user", content="Hello?"),
        await refused(threads.runs.create, waits.thread_id, assistant_id=assistant),
    ]
    for one in (run, waits):
        await got(threads.runs.cancel(one.id, thread_id=one.thread_id))
    return seen


@scene
async def too_large(client: Client) -> Any:
    thread = await asked(client)
    parts = [{"type": "text", "text": "x" * 250_000}] * 40
    return await refused(client.beta.threads.messages.create, thread, role="user", content=parts)


@scene
async def keys(client: Client) -> Any:
    """Against a server that asks for the key ``sk-right-0123456789``."""
    known, stranger = (client.with_options(api_key=f"sk-{word}-0123456789") for word in ("right", "wrong"))
    stubborn = stranger.with_options(max_retries=2)
    return [
        (await got(known.beta.threads.create())).object,
        await refused(stranger.beta.threads.create),
        await refused(stubborn.beta.threads.runs.create, f"thread_{NOBODY}", assistant_id="x", stream=True),
    ]


@scene
async def nobody_there(client: Client) -> Any:
    with socket.socket() as held:  # a port that is taken and where nobody listens
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        return await refused(client.with_options(base_url=url, max_retries=1).beta.threads.create)


@scene
async def refusals_are_not_sent_again(client: Client) -> Any:
    """The requests of this scene are counted on the wire."""
    stubborn = client.with_options(max_retries=3)
    return [
        await refused(stubborn.beta.threads.retrieve, "undefined"),
        await refused(stubborn.beta.threads.retrieve, f"thread_{NOBODY}"),
    ]
