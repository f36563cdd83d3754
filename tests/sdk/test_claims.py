"""Claimers beside the official Python SDK, which knows of no claims and answers all the same."""

from __future__ import annotations

import openai
from openai import BadRequestError, OpenAI
from openai.types.beta.threads import Run

from tests.sdk.scenes import THREE_ROUNDS, TWO_CALLS, outputs, polled, started, texts
from tests.sdk.test_python_errors import bad, refused
from tests.sdk.test_tool_rounds_refused import late, waiting
from tests.services.test_claims import LOST


class Claimed(openai.BaseModel):
    """How an app of this SDK reads the answer."""

    granted: bool
    expires_at: int
    token: str | None = None


def claimed(client: OpenAI, run: Run, user_id: str) -> Claimed:
    path = f"/threads/{run.thread_id}/runs/{run.id}/claim"
    return client.post(path, cast_to=Claimed, body={"user_id": user_id})


def with_token(client: OpenAI, claim: Claimed) -> OpenAI:
    assert claim.token is not None
    return client.with_options(default_headers={"x-livethread-claim": claim.token})


def submitted(client: OpenAI, run: Run) -> Run:
    return client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run))


def test_the_sdk_answers_without_a_claim_beside_one_who_has_it(client: OpenAI) -> None:
    run = waiting(client, TWO_CALLS)
    claim = claimed(client, run, "ann")
    assert submitted(client, run).status == "queued"
    assert polled(client, run).status == "completed"
    assert refused(submitted, with_token(client, claim), run) == late("completed")
    assert refused(claimed, client, run, "ann")[0] is BadRequestError
    assert texts(client, run.thread_id)[1:] == [("assistant", "completed", "Both are sunny.")]


def test_each_round_is_claimed_anew_and_answered_by_whoever_has_it(client: OpenAI) -> None:
    run, claim = polled(client, started(client, THREE_ROUNDS)), None
    steps = client.beta.threads.runs.steps
    for number in range(3):
        assert run.status == "requires_action"
        if claim is not None:
            before = steps.list(run.id, thread_id=run.thread_id).data
            assert refused(submitted, with_token(client, claim), run) == bad(LOST, None, "claim_lost")
            assert client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id) == run
            assert steps.list(run.id, thread_id=run.thread_id).data == before
        claim = claimed(client, run, f"user-{number}")
        other = claimed(client, run, "another")
        assert (claim.granted, other.granted, other.token) == (True, False, None)
        assert other.expires_at == claim.expires_at
        submitted(with_token(client, claim), run)
        run = polled(client, run)
    assert run.status == "completed"


def test_outputs_with_a_claim_are_streamed_to_who_wants_it(client: OpenAI) -> None:
    run = waiting(client, TWO_CALLS)
    holder = with_token(client, claimed(client, run, "ann")).beta.threads.runs
    told = holder.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run), stream=True)
    with told as stream:
        assert [event.event for event in stream][-1] == "thread.run.completed"
