"""Turns and stop by the official Python SDK, which has no methods for them, watched by viewers that are cut."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta.threads import Message, Run

from tests.sdk.followers import Follower, assert_holds, following, stored
from tests.sdk.scenes import ONE_CALL, asked, outputs, player, polled, script, text, texts


class Turn(openai.BaseModel):
    """How an app of this SDK reads a turn."""

    id: str
    message: Message
    runs: list[Run]


class Stopped(openai.BaseModel):
    """And what was stopped."""

    data: list[Run]


def turned(client: OpenAI, thread_id: str, *assistants: Any, **body: Any) -> Turn:
    body = {"message": "And you?", "assistants": list(assistants)} | body
    return client.post(f"/threads/{thread_id}/turns", cast_to=Turn, body=body)


def shown(viewer: Follower) -> list[tuple[str, str]]:
    """What a viewer sees of the assistants' messages, by their texts."""
    found = [message for message in viewer.fold.messages if message["role"] == "assistant" and message["content"]]
    return sorted((message["content"][0]["text"]["value"], message["status"]) for message in found)


def says(words: str, then: str = "stall_ms: forever") -> str:
    return f"turns: [[{{text: {words}}}, {{{then}}}]]"


async def test_all_of_a_parallel_turn_speak_at_once_and_stop_ends_them_for_every_viewer(
    client: OpenAI, url: str
) -> None:
    thread = asked(client)
    voices = [player(client, says(name)).id for name in ("Ann", "Ben", "Cleo")]
    async with following(url, thread.id, seed=5) as viewers:
        turn = turned(client, thread.id, *voices)
        await viewers[0].until(lambda: shown(viewers[0]) == [(name, "in_progress") for name in ("Ann", "Ben", "Cleo")])
        stopped = client.post(f"/threads/{thread.id}/stop", cast_to=Stopped)
        assert [(run.id, run.status) for run in stopped.data] == [(run.id, "cancelling") for run in turn.runs]
        assert [polled(client, run).status for run in turn.runs] == ["cancelled"] * 3
    now = await stored(url, thread.id)
    assert len(viewers) == 2 + 2 * 3
    for viewer in viewers:
        assert_holds(viewer, now)
    assert shown(viewers[1]) == [(name, "incomplete") for name in ("Ann", "Ben", "Cleo")]
    assert client.post(f"/threads/{thread.id}/stop", cast_to=Stopped).data == []


def test_a_sequential_turn_goes_through_tool_calls_and_failures_to_its_end(client: OpenAI) -> None:
    thread = asked(client)
    calling, failing, last = [player(client, played).id for played in (ONE_CALL, script("wrong-key"), script("echo"))]
    again = {"assistant_id": last, "metadata": {"again": "yes"}}
    turn = turned(client, thread.id, calling, failing, last, again, mode="sequential", message="Well?")
    first = polled(client, turn.runs[0])
    assert first.status == "requires_action"
    with pytest.raises(openai.BadRequestError, match=f"Thread {thread.id} already has an active run {first.id}"):
        turned(client, thread.id, last)
    client.beta.threads.runs.submit_tool_outputs(first.id, thread_id=thread.id, tool_outputs=outputs(first))
    runs = [polled(client, run) for run in turn.runs]
    assert [run.status for run in runs] == ["completed", "failed", "completed", "completed"]
    assert [(run.to_dict()["turn_id"], run.metadata) for run in runs] == [
        *[(turn.id, {})] * 3, (turn.id, {"again": "yes"}),
    ]  # fmt: skip
    assert all(
        before.model_dump()[end] <= after.started_at
        for before, after, end in zip(runs, runs[1:], ("completed_at", "failed_at", "completed_at"), strict=False)
    )
    assert (turn.message.role, text(turn.message)) == ("user", "Well?")
    said = texts(client, thread.id)
    assert said[:3] == [
        ("user", "completed", "Hello"),
        ("user", "completed", "Well?"),
        ("assistant", "completed", "It is sunny in Rome."),
    ]
    assert [message[:2] for message in said[3:]] == [("assistant", "completed")] * 2


def test_a_turn_that_is_sent_again_is_the_same_turn(client: OpenAI) -> None:
    thread, poet = asked(client), player(client, script("echo")).id
    keyed = client.with_options(default_headers={"Idempotency-Key": "a turn"})
    first, second = [turned(keyed, thread.id, poet, poet) for _ in range(2)]
    assert first == second
    assert len(list(client.beta.threads.runs.list(thread.id))) == 2
