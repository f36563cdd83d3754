"""Several assistants in one thread, each with tools of its own, and what each of them is told of the others."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from openai.types.beta import Assistant, AssistantStreamEvent
from openai.types.beta.threads import Run

from tests.providers.upstream import Step, call, delta
from tests.sdk.followers import Follower, assert_holds, following, stored
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, broken_rules, order
from tests.sdk.scenes import TOOLS, outputs
from tests.sdk.upstreamed import answer, upstreamed

PARALLEL = {"thread_policy": "parallel"}

Events = list[AssistantStreamEvent]


def says(text: str) -> Step:
    return delta(content=text)


async def heard(stream: Any) -> Events:
    async with await stream as events:
        return [event async for event in events]


def last_run(events: Events) -> Run:
    run = events[-1].data
    assert isinstance(run, Run)
    return run


def shown(viewer: Follower) -> list[tuple[str, str]]:
    """What a viewer sees of the assistants' messages, oldest first: status and text."""
    return [
        (message["status"], message["content"][0]["text"]["value"])
        for message in reversed(viewer.fold.messages)
        if message["role"] == "assistant"
    ]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def own(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def system(name: str) -> dict[str, str]:
    return {"role": "system", "content": f"You are {name}."}


async def test_two_assistants_answer_at_once_each_with_its_own_calls_and_a_third_is_told_of_both() -> None:
    ann_ends, bob_goes_on, bob_ends = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ann_asks = call(0, "call_ann", "get_weather", '{"city": "Rome"}')
    bob_asks = call(0, "call_bob", "get_weather", '{"city": "Oslo"}')
    scripts: list[list[Step]] = [
        answer(says("Let me"), ann_ends, says(" look."), ann_asks, finish="tool_calls"),
        answer(says("One"), bob_goes_on, says(" moment,"), bob_ends, says(" please."), bob_asks, finish="tool_calls"),
        answer(says("It rains in Oslo.")),
        answer(says("It is sunny in Rome.")),
        answer(says("Then go to Rome.")),
        answer(says("As I said.")),
    ]
    async with upstreamed(*scripts) as (upstream, client):
        url, runs = str(client.base_url).removesuffix("/v1/"), client.beta.threads.runs
        thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Rome or Oslo?"}])
        ann, bob, cleo = [
            await client.beta.assistants.create(model="m", name=name, tools=TOOLS, instructions=f"You are {name}.")
            for name in ("Ann", "Bob", "Cleo")
        ]

        def running(assistant: Assistant) -> asyncio.Task[Events]:
            made = runs.create(thread.id, assistant_id=assistant.id, stream=True, extra_body=PARALLEL)
            return asyncio.create_task(heard(made))

        async def answered(run: Run) -> Events:
            given = outputs(run)
            return await heard(runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=given, stream=True))

        async with following(url, thread.id, seed=3) as viewers:
            viewer = viewers[0]
            anns = running(ann)
            await viewer.until(lambda: shown(viewer) == [("in_progress", "Let me")])
            bobs = running(bob)
            await viewer.until(lambda: shown(viewer) == [("in_progress", "Let me"), ("in_progress", "One")])
            bob_goes_on.set()
            await viewer.until(lambda: shown(viewer)[1] == ("in_progress", "One moment,"))
            ann_ends.set()
            streams = [await anns]  # she waits for her outputs, and he still speaks
            await viewer.until(lambda: shown(viewer) == [("completed", "Let me look."), ("in_progress", "One moment,")])
            bob_ends.set()
            streams.append(await bobs)
            streams += [await answered(last_run(streams[1])), await answered(last_run(streams[0]))]
            streams += [await running(cleo), await running(ann)]
        now = await stored(url, thread.id)

    told = f"{BEGUN} {SAID} R.completed"
    asking, after = f"{BEGUN} {SAID} {ASKED}", f"{ANSWERED} {SAID} R.completed"
    assert [order(events) for events in streams] == [asking, asking, after, after, told, told]
    assert [broken_rules(events) for events in streams] == [[]] * 6
    for viewer in viewers:
        assert_holds(viewer, now)
    assert [(viewer.run_id is None, viewer.cuts > 0) for viewer in viewers] == [
        (True, False),
        (True, True),
        *[(False, False), (False, True)] * 4,
    ]
    assert [message["content"][0]["text"]["value"] for message in now.messages[::-1]] == [
        "Rome or Oslo?",
        "Let me look.",
        "One moment, please.",
        "It rains in Oslo.",
        "It is sunny in Rome.",
        "Then go to Rome.",
        "As I said.",
    ]

    asked, ann_said, bob_said = user("Rome or Oslo?"), "Let me look.", "One moment, please."
    assert [request.json["messages"] for request in upstream.asked] == [
        [system("Ann"), asked],
        [system("Bob"), asked],
        # Neither has heard of the other: they answered the same message.
        [system("Bob"), asked, *a_call(bob_said, "call_bob", "Oslo")],
        [system("Ann"), asked, *a_call(ann_said, "call_ann", "Rome")],
        [
            system("Cleo"),
            asked,
            user(f"[Ann]: {ann_said}"),
            user("[Ann]: It is sunny in Rome."),
            user(f"[Bob]: {bob_said}"),
            user("[Bob]: It rains in Oslo."),
        ],
        [
            system("Ann"),
            asked,
            own(ann_said),
            own("It is sunny in Rome."),
            user(f"[Bob]: {bob_said}"),
            user("[Bob]: It rains in Oslo."),
            user("[Cleo]: Then go to Rome."),
        ],
    ]


def a_call(text: str, id: str, city: str) -> list[dict[str, Any]]:
    """A turn with a call, and its output."""
    function = {"name": "get_weather", "arguments": json.dumps({"city": city})}
    return [
        {**own(text), "tool_calls": [{"id": id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": id, "content": f"sunny for {id}"},
    ]
