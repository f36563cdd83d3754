"""The loop that every app with functions has, three rounds of it, by every way of the SDKs, while others look on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai import AssistantEventHandler, OpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run
from openai.types.beta.threads.runs import RunStepInclude
from typing_extensions import override

from tests.sdk.followers import Follower, assert_holds, following, stored
from tests.sdk.javascript import node
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, broken_rules, order, order_of
from tests.sdk.scenes import POLL_MS, THREE_ROUNDS, asked, outputs, player, texts

INCLUDE: list[RunStepInclude] = ["step_details.tool_calls[*].file_search.results[*].content"]
"""The one value there is; no step of functions has anything of the kind, and it does no harm."""

ROUNDS = [["call_hotel", "call_train"], ["call_price"], ["call_book"]]
BOOKING = "The Aurora is free, and a train goes at nine; I am booking both for you now." * 3
BOOKED = "Done, ‘Aurora’ 🏨 from Friday to Sunday and the train 🚄 at nine." * 3

ORDERS = [
    f"{BEGUN} {ASKED}",
    f"{ANSWERED} {ASKED}",
    f"{ANSWERED} {SAID} {ASKED}",
    f"{ANSWERED} {SAID} R.completed",
]
"""The stream of the run, and one for each set of outputs."""


@dataclass
class Told:
    """What the caller learned.

    Args:
        rounds: the ids of the calls, for each time that it was asked.
        orders: of each stream's events.
        text: all deltas, joined.
    """

    rounds: list[list[str]] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    text: str = ""


def call_ids(run: Run) -> list[str]:
    assert run.required_action is not None
    return [call.id for call in run.required_action.submit_tool_outputs.tool_calls]


def by_raw_events(client: OpenAI, thread_id: str, assistant_id: str) -> Told:
    told, runs = Told(), client.beta.threads.runs
    stream = runs.create(thread_id, assistant_id=assistant_id, stream=True, include=INCLUDE)
    while True:
        run = None
        with stream:
            events = list(stream)
        told.orders.append(order(events))
        assert broken_rules(events) == []
        for event in events:
            if event.event == "thread.message.delta":
                told.text += delta_text(event)
            elif event.event == "thread.run.requires_action":
                run = event.data
        if run is None:
            return told
        told.rounds.append(call_ids(run))
        stream = runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs(run), stream=True)


def delta_text(event: AssistantStreamEvent) -> str:
    assert event.event == "thread.message.delta"
    (block,) = event.data.delta.content or []
    assert block.type == "text"
    assert block.text is not None
    return block.text.value or ""


class Answering(AssistantEventHandler):
    """Answers from within the stream that asks, each time with a handler like itself."""

    def __init__(self, client: OpenAI, told: Told) -> None:
        super().__init__()
        self.client = client
        self.told = told
        self.types: list[str] = []

    @override
    def on_event(self, event: AssistantStreamEvent) -> None:
        self.types.append(event.event)
        if event.event == "thread.run.requires_action":
            self.told.orders.append(order_of(self.types))
            self.told.rounds.append(call_ids(event.data))
            with self.client.beta.threads.runs.submit_tool_outputs_stream(
                run_id=event.data.id,
                thread_id=event.data.thread_id,
                tool_outputs=outputs(event.data),
                event_handler=Answering(self.client, self.told),
            ) as stream:
                stream.until_done()
        elif event.event == "thread.run.completed":
            self.told.orders.append(order_of(self.types))

    @override
    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.told.text += delta.value


def by_helpers(client: OpenAI, thread_id: str, assistant_id: str) -> Told:
    told = Told()
    with client.beta.threads.runs.stream(
        thread_id=thread_id, assistant_id=assistant_id, include=INCLUDE, event_handler=Answering(client, told)
    ) as stream:
        stream.until_done()
    return told


def by_polling(client: OpenAI, thread_id: str, assistant_id: str) -> Told:
    told, runs = Told(), client.beta.threads.runs
    run = runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, include=INCLUDE, poll_interval_ms=POLL_MS
    )
    while run.status == "requires_action":
        told.rounds.append(call_ids(run))
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread_id, tool_outputs=outputs(run), poll_interval_ms=POLL_MS
        )
    return told


def in_node(way: str) -> Callable[[OpenAI, str, str], Told]:
    """The same by the Node SDK."""

    def drive(client: OpenAI, thread_id: str, assistant_id: str) -> Told:
        url = str(client.base_url).removesuffix("/v1/")
        told = node("tool_rounds", url, way, thread_id, assistant_id)
        return Told(told["rounds"], [order_of(types) for types in told["types"]], told["text"])

    return drive


WAYS = {
    "python, raw events": by_raw_events,
    "python, helpers": by_helpers,
    "python, polling": by_polling,
    "node, raw events": in_node("raw"),
    "node, the loop of 2024": in_node("seed"),
    "node, helpers": in_node("helpers"),
    "node, polling": in_node("polling"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_three_rounds_of_calls_are_the_same_for_the_caller_and_for_all_who_look_on(
    client: OpenAI, url: str, way: str
) -> None:
    thread, assistant = asked(client, "A hotel in Rome?"), player(client, THREE_ROUNDS)
    async with following(url, thread.id, seed=len(way)) as viewers:
        told = await asyncio.to_thread(WAYS[way], client, thread.id, assistant.id)

    assert told.rounds == ROUNDS
    if "polling" not in way:
        assert (told.orders, told.text) == (ORDERS, BOOKING + BOOKED)
    now = await stored(url, thread.id)
    assert [run["status"] for run in now.runs] == ["completed"]
    assert texts(client, thread.id) == [
        ("user", "completed", "A hotel in Rome?"),
        ("assistant", "completed", BOOKING),
        ("assistant", "completed", BOOKED),
    ]
    assert [orders_of(viewer) for viewer in viewers] == [f"T.snapshot {' '.join(ORDERS)}"] * 2 + [" ".join(ORDERS)] * 2
    assert [viewer.cuts >= 20 for viewer in viewers] == [False, True, False, True]
    for viewer in viewers:
        assert_holds(viewer, now)
        assert viewer.step_deltas == viewers[0].step_deltas
    assert [ids for _, ids in viewers[0].step_deltas] == ROUNDS


def orders_of(viewer: Follower) -> str:
    return order_of(viewer.types)


def test_steps_and_usage_are_told_as_they_were_recorded(client: OpenAI) -> None:
    thread, assistant = asked(client, "A hotel in Rome?"), player(client, THREE_ROUNDS)
    by_polling(client, thread.id, assistant.id)
    (run,) = client.beta.threads.runs.list(thread.id).data
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc", include=INCLUDE).data
    backwards = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert backwards == steps[::-1]
    for step in steps:
        read = client.beta.threads.runs.steps.retrieve(step.id, thread_id=thread.id, run_id=run.id, include=INCLUDE)
        assert read == step

    def usage(prompt: int, completion: int, cached: int = 0, reasoning: int = 0) -> dict[str, Any]:
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_token_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }

    def calls(*made: tuple[str, str, str]) -> dict[str, Any]:
        return {
            "type": "tool_calls",
            "tool_calls": [
                {
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": arguments, "output": f"sunny for {id}"},
                }
                for id, name, arguments in made
            ],
        }

    booking, booked = client.beta.threads.messages.list(thread.id, run_id=run.id, order="asc").data
    assert [(step.status, step.step_details.to_dict(), step.to_dict()["usage"]) for step in steps] == [
        (
            "completed",
            calls(
                ("call_hotel", "find_hotel", '{"city": "Rome"}'),
                ("call_train", "find_train", '{"city": "Rome"}'),
            ),
            usage(100, 20, 64, 8),
        ),
        ("completed", calls(("call_price", "get_price", '{"hotel": "Aurora"}')), usage(130, 10, 96)),
        # What a turn cost stands with its calls, if it made any: it was one answer of the model.
        ("completed", {"type": "message_creation", "message_creation": {"message_id": booking.id}}, None),
        ("completed", calls(("call_book", "book", '{"hotel": "Aurora", "train": 9}')), usage(150, 40, reasoning=2)),
        (
            "completed",
            {"type": "message_creation", "message_creation": {"message_id": booked.id}},
            usage(200, 30),
        ),
    ]
    assert run.to_dict()["usage"] == usage(580, 100, 160, 10)
