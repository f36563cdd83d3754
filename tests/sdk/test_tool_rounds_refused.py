"""Tool outputs and tools that cannot be taken: the exact words, and a run that goes on all the same."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from openai import APIStatusError, AsyncOpenAI, BadRequestError, OpenAI
from openai.types.beta.threads import Run

from livethread import testing
from tests.providers.upstream import call, delta
from tests.sdk.scenes import (
    ONE_CALL,
    POLL_MS,
    SILENCE,
    TOOLS,
    TWO_CALLS,
    asked,
    outputs,
    player,
    polled,
    script,
    started,
    texts,
    until,
)
from tests.sdk.test_python_errors import Refused, bad, refused, wrong_type
from tests.sdk.upstreamed import answer, upstreamed

ROME = {"tool_call_id": "call_rome", "output": "sun"}
OSLO = {"tool_call_id": "call_oslo", "output": "rain"}
OTHER = {"tool_call_id": "call_other", "output": "fog"}


def expected(*got: str) -> Refused:
    return bad(f"Expected tool outputs for call_ids ['call_rome', 'call_oslo'], got {[*got]}", None, None)


def late(status: str) -> Refused:
    return bad(f'Runs in status "{status}" do not accept tool outputs.', None, None)


def waiting(client: OpenAI, scenario: str = TWO_CALLS) -> Run:
    """A run that waits for its caller."""
    run = polled(client, started(client, scenario))
    assert run.status == "requires_action"
    return run


def submitted(client: OpenAI, run: Run, body: Any) -> Refused:
    """How this body is refused; the SDK's own types would not let all of them pass."""
    path = f"/threads/{run.thread_id}/runs/{run.id}/submit_tool_outputs"
    return refused(client.post, path, body=body, cast_to=object)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("given", "answer"),
    [
        pytest.param([], expected(), id="none"),
        pytest.param([ROME], expected("call_rome"), id="incomplete"),
        pytest.param([OTHER], expected("call_other"), id="unknown"),
        pytest.param([ROME, OTHER], expected("call_rome", "call_other"), id="one unknown"),
        pytest.param([ROME, OSLO, OTHER], expected("call_rome", "call_oslo", "call_other"), id="one too many"),
        pytest.param([ROME, ROME], expected("call_rome", "call_rome"), id="repeated"),
        pytest.param([ROME, OSLO, OSLO], expected("call_rome", "call_oslo", "call_oslo"), id="all, one repeated"),
        pytest.param(
            [ROME, OSLO | {"output": 21}], wrong_type("tool_outputs[1].output", "a string", "an integer"), id="a number"
        ),
        pytest.param(
            [ROME | {"output": 21.5}, OSLO], wrong_type("tool_outputs[0].output", "a string", "a decimal"), id="a float"
        ),
        pytest.param(
            [ROME | {"output": {"sky": "blue"}}, OSLO],
            wrong_type("tool_outputs[0].output", "a string", "an object"),
            id="an object",
        ),
        pytest.param(
            [ROME | {"output": ["blue"]}, OSLO],
            wrong_type("tool_outputs[0].output", "a string", "an array"),
            id="an array",
        ),
        pytest.param(
            [ROME | {"output": True}, OSLO],
            wrong_type("tool_outputs[0].output", "a string", "a boolean"),
            id="a boolean",
        ),
        pytest.param(
            [ROME, {"output": "rain"}],
            bad(
                "Missing required parameter: 'tool_outputs[1].tool_call_id'.",
                "tool_outputs[1].tool_call_id",
                "missing_required_parameter",
            ),
            id="no id",
        ),
        pytest.param(
            [{"tool_call_id": 1, "output": "sun"}, OSLO],
            wrong_type("tool_outputs[0].tool_call_id", "a string", "an integer"),
            id="an id that is a number",
        ),
        pytest.param(["sun", "rain"], wrong_type("tool_outputs[0]", "an object", "a string"), id="bare strings"),
        pytest.param({"call_rome": "sun"}, wrong_type("tool_outputs", "an array", "an object"), id="no array"),
    ],
)
def test_a_run_waits_on_behind_outputs_that_cannot_be_taken(
    client: OpenAI, given: Any, answer: Refused, stream: bool
) -> None:
    run = waiting(client)
    assert submitted(client, run, {"tool_outputs": given, "stream": stream}) == answer
    assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).to_dict() == run.to_dict()
    client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run)[::-1])
    assert polled(client, run).status == "completed"
    assert texts(client, run.thread_id)[1:] == [("assistant", "completed", "Both are sunny.")]


def test_outputs_that_are_not_there_at_all_are_missed(client: OpenAI) -> None:
    run = waiting(client)
    missing = bad("Missing required parameter: 'tool_outputs'.", "tool_outputs", "missing_required_parameter")
    assert submitted(client, run, {}) == missing
    assert submitted(client, run, {"tool_outputs": None}) == wrong_type("tool_outputs", "an array", "null")


def test_the_outputs_of_another_run_are_unknown_here(client: OpenAI) -> None:
    mine, yours = waiting(client), waiting(client, script("tool-calls-chained"))
    assert submitted(client, mine, {"tool_outputs": outputs(yours)}) == expected("call_find")
    # Of the same run, but of a round that is over.
    runs = client.beta.threads.runs
    runs.submit_tool_outputs(yours.id, thread_id=yours.thread_id, tool_outputs=outputs(yours))
    again = polled(client, yours)
    message = "Expected tool outputs for call_ids ['call_weather'], got ['call_find']"
    assert submitted(client, again, {"tool_outputs": outputs(yours)}) == bad(message, None, None)


def test_outputs_come_too_late_for_a_run_that_goes_on_or_is_over(client: OpenAI) -> None:
    body = {"tool_outputs": [ROME]}
    working = until(client, started(client, SILENCE), "in_progress")
    queued = client.beta.threads.runs.create(working.thread_id, assistant_id=working.assistant_id)
    answered = waiting(client, ONE_CALL)
    client.beta.threads.runs.submit_tool_outputs(
        answered.id, thread_id=answered.thread_id, tool_outputs=outputs(answered)
    )
    polled(client, answered)
    cancelled = waiting(client, ONE_CALL)
    client.beta.threads.runs.cancel(cancelled.id, thread_id=cancelled.thread_id)
    polled(client, cancelled)
    found = [submitted(client, run, body) for run in (working, queued, answered, cancelled)]
    assert found == [late("in_progress"), late("queued"), late("completed"), late("cancelled")]


def test_outputs_come_too_late_for_a_run_that_has_expired_while_it_waited() -> None:
    with testing.server(run_seconds=4) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        run = waiting(client)
        while run.status == "requires_action":
            run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        assert (run.status, run.required_action, run.expires_at) == ("expired", None, None)
        assert submitted(client, run, {"tool_outputs": [ROME, OSLO]}) == late("expired")
        (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
        assert (step.type, step.status) == ("tool_calls", "expired")
        # And the thread can be used again.
        assistant = player(client, script("echo"))
        after = client.beta.threads.runs.create(run.thread_id, assistant_id=assistant.id)
        assert polled(client, after).status == "completed"


async def test_a_megabyte_of_output_reaches_the_model() -> None:
    output = "0123456789abcdef é🌧\n" * 50_000
    assert len(output) == 1_000_000
    scripts = [
        answer(call(0, "call_rome", "get_weather", "{}"), finish="tool_calls"),
        answer(delta(content="Long.")),
    ]
    async with upstreamed(*scripts) as (upstream, client):
        assistant = await client.beta.assistants.create(model="m", tools=TOOLS)
        run = await client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": "How is Rome?"}]},
            poll_interval_ms=POLL_MS,
        )
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=run.thread_id,
            tool_outputs=[{"tool_call_id": "call_rome", "output": output}],
            poll_interval_ms=POLL_MS,
        )
        assert run.status == "completed"
        assert upstream.asked[1].json["messages"][-1] == {
            "role": "tool",
            "tool_call_id": "call_rome",
            "content": output,
        }


def test_outputs_beyond_the_longest_body_are_refused_and_shorter_ones_then_taken() -> None:
    with (
        testing.server(max_body=100_000) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        run = waiting(client, ONE_CALL)
        too_long = {"tool_outputs": [ROME | {"output": "x" * 100_000}]}
        message = "Request body too large. Expected at most 100000 bytes."
        kind, *rest = submitted(client, run, too_long)
        assert issubclass(kind, APIStatusError)
        assert rest == [message, None, None]
        with pytest.raises(APIStatusError) as raised:
            client.beta.threads.runs.submit_tool_outputs(
                run.id,
                thread_id=run.thread_id,
                tool_outputs=[{"tool_call_id": "call_rome", "output": "x" * 100_000}],
            )
        assert raised.value.status_code == 413
        assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).to_dict() == run.to_dict()
        client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": "call_rome", "output": "x" * 90_000}]
        )
        assert polled(client, run).status == "completed"


@pytest.mark.parametrize("stream", [False, True])
async def test_of_ten_that_answer_at_once_the_first_wins(async_client: AsyncOpenAI, stream: bool) -> None:
    runs = async_client.beta.threads.runs
    assistant = await async_client.beta.assistants.create(model="builtin/script", instructions=TWO_CALLS, tools=TOOLS)
    run = await async_client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "Hello"}]},
        poll_interval_ms=POLL_MS,
    )

    async def submit(number: int) -> str:
        given: Any = [ROME | {"output": f"sun by {number}"}, OSLO | {"output": f"rain by {number}"}]
        try:
            if not stream:
                return (await runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=given)).status
            told = await runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=given, stream=True)
            async with told:
                return [event.event async for event in told][-1]
        except BadRequestError as refusal:
            return str(cast(dict[str, Any], refusal.body)["message"])

    found = await asyncio.gather(*(submit(number) for number in range(10)))
    (winner,) = (number for number, told in enumerate(found) if not told.startswith("Runs in status"))
    assert found[winner] == ("thread.run.completed" if stream else "queued")
    too_late = {late(status)[1] for status in ("queued", "in_progress", "completed")}
    assert {told for number, told in enumerate(found) if number != winner} <= too_late

    run = await runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=POLL_MS)
    assert run.status == "completed"
    steps = (await runs.steps.list(run.id, thread_id=run.thread_id, order="asc")).data
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]
    details = steps[0].step_details
    assert details.type == "tool_calls"
    told_outputs = [made.function.output for made in details.tool_calls if made.type == "function"]
    assert told_outputs == [f"sun by {winner}", f"rain by {winner}"]


def test_a_hundred_and_twenty_eight_tools_are_taken_and_no_more(client: OpenAI) -> None:
    def tools(count: int) -> Any:
        return [{"type": "function", "function": {"name": f"tool_{number}"}} for number in range(count)]

    beta, thread = client.beta, asked(client)
    assistant = player(client, script("echo"), tools=tools(128))
    assert len(assistant.tools) == 128
    too_many = bad(
        "Invalid 'tools': array too long. Expected an array with maximum length 128, "
        "but got an array with length 129 instead.",
        "tools",
        "array_above_max_length",
    )
    assert [
        refused(beta.assistants.create, model="m", tools=tools(129)),
        refused(beta.assistants.update, assistant.id, tools=tools(129)),
        refused(beta.threads.runs.create, thread.id, assistant_id=assistant.id, tools=tools(129)),
        refused(beta.threads.runs.create, thread.id, assistant_id=assistant.id, tools=tools(129), stream=True),
        refused(beta.threads.create_and_run, assistant_id=assistant.id, tools=tools(129)),
    ] == [too_many] * 5
    assert list(beta.threads.runs.list(thread.id)) == []
    run = beta.threads.runs.create(thread.id, assistant_id=assistant.id, tools=tools(128))
    assert (len(run.tools), polled(client, run).status) == (128, "completed")
