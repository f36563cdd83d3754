"""What a new run does to a busy thread, wherever that was set, and how many runs a thread takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from openai import OpenAI
from openai.types.beta import Thread
from openai.types.beta.threads import Run

from livethread import testing
from livethread.domain.options import ThreadPolicy
from tests.sdk.followers import assert_holds, following, stored
from tests.sdk.scenes import ONE_CALL, SILENCE, asked, outputs, player, polled, script, text, texts, until
from tests.sdk.test_python_errors import Refused, bad, refused

POLICIES: tuple[ThreadPolicy, ...] = get_args(ThreadPolicy)
GREETING = 'turns: [[{text: "Here I am."}]]'
GREETED = ("assistant", "completed", "Here I am.")
CUT = ("assistant", "incomplete", "One moment")


def run_refused(run: Run) -> Refused:
    return bad(f"Thread {run.thread_id} already has an active run {run.id}.", None, None)


def message_refused(run: Run) -> Refused:
    return bad(f"Can't add messages to {run.thread_id} while a run {run.id} is active.", None, None)


class Scene:
    """A thread with a policy, set in one of three places; the places that it wins over say something else.

    Args:
        client: of the server.
        policy: the one that is to hold.
        place: where it is set.
    """

    def __init__(self, client: OpenAI, policy: ThreadPolicy, place: str) -> None:
        self.client = client
        self.request: dict[str, Any] = {"extra_body": {"thread_policy": policy}} if place == "request" else {}
        own = {"server": {}, "thread": {"thread_policy": policy}, "request": {"thread_policy": other(policy)}}[place]
        self.thread: Thread = asked(client, "Hello", metadata=own)

    def run(self, scenario: str, **fields: Any) -> Run:
        """A run of a scenario."""
        assistant = player(self.client, scenario)
        fields = {**self.request, **fields}
        run: Run = self.client.beta.threads.runs.create(self.thread.id, assistant_id=assistant.id, **fields)
        return run

    def refused(self, **fields: Any) -> Refused:
        """How one more run is refused."""
        assistant = player(self.client, GREETING)
        create = self.client.beta.threads.runs.create
        return refused(create, self.thread.id, assistant_id=assistant.id, **{**self.request, **fields})

    def post(self) -> object:
        """One more message; of it the server and the thread decide, so that in a request there is nothing to say."""
        if self.request:
            return None
        return self.client.beta.threads.messages.create(self.thread.id, role="user", content="And?")

    def read(self, run: Run) -> Run:
        """A run as it is now."""
        return self.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)

    def end(self, run: Run) -> Run:
        """A run after it was cancelled."""
        self.client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
        return polled(self.client, run)

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """What assistants have said."""
        return [told for told in texts(self.client, self.thread.id) if told[0] == "assistant"]


def other(policy: ThreadPolicy) -> ThreadPolicy:
    """A policy that would show."""
    return "parallel" if policy == "reject" else "reject"


def queues(scene: Scene, first: Run) -> None:
    second = scene.run(GREETING)
    scene.post()
    waits = scene.read(second)
    assert (waits.status, waits.started_at, waits.expires_at) == ("queued", None, None)
    assert scene.read(first).status == "in_progress"
    assert scene.end(first).status == "cancelled"
    assert polled(scene.client, second).status == "completed"
    assert scene.said == [CUT, GREETED]


def goes_beside(scene: Scene, first: Run) -> None:
    second = scene.run(GREETING)
    assert polled(scene.client, second).status == "completed"
    scene.post()
    assert scene.read(first).status == "in_progress"
    assert scene.said == [("assistant", "in_progress", "One moment"), GREETED]
    assert scene.end(first).status == "cancelled"
    assert scene.said == [CUT, GREETED]


def interrupts(scene: Scene, first: Run) -> None:
    waits = scene.run(GREETING, extra_body={"thread_policy": "queue"})
    third = scene.run(GREETING)
    assert [polled(scene.client, run).status for run in (first, waits, third)] == [
        "cancelled",
        "cancelled",
        "completed",
    ]
    scene.post()
    assert scene.said == [CUT, GREETED]


def rejects(scene: Scene, first: Run) -> None:
    assert scene.refused() == run_refused(first)
    assert scene.refused(stream=True) == run_refused(first)
    assert scene.refused(additional_messages=[{"role": "user", "content": "never"}]) == run_refused(first)
    if not scene.request:
        assert refused(scene.post) == message_refused(first)
    assert scene.end(first).status == "cancelled"
    assert [message[2] for message in texts(scene.client, scene.thread.id)] == ["Hello", "One moment"]
    scene.post()
    assert polled(scene.client, scene.run(GREETING)).status == "completed"


EFFECTS: dict[ThreadPolicy, Callable[[Scene, Run], None]] = {
    "queue": queues,
    "parallel": goes_beside,
    "interrupt": interrupts,
    "reject": rejects,
}


@pytest.mark.parametrize("place", ["server", "thread", "request"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_holds_wherever_it_is_set_and_over_what_is_said_further_out(policy: ThreadPolicy, place: str) -> None:
    servers = policy if place == "server" else other(policy)
    with (
        testing.server(thread_policy=servers) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        scene = Scene(client, policy, place)
        first = scene.run(script("stall"))
        while scene.said != [("assistant", "in_progress", "One moment")]:
            pass
        EFFECTS[policy](scene, until(client, first, "in_progress"))


@pytest.mark.parametrize(
    ("policy", "ends"),
    [("queue", "completed"), ("parallel", "completed"), ("interrupt", "cancelled"), ("reject", "completed")],
)
def test_a_run_that_waits_for_its_caller_keeps_others_out_unless_they_may_go_beside_or_end_it(
    client: OpenAI, policy: ThreadPolicy, ends: str
) -> None:
    scene = Scene(client, policy, "request")
    first = polled(client, scene.run(ONE_CALL))
    assert first.status == "requires_action"
    if policy in ("queue", "reject"):
        assert scene.refused() == run_refused(first)
    else:
        assert polled(client, scene.run(GREETING)).status == "completed"
    if policy != "interrupt":
        client.beta.threads.runs.submit_tool_outputs(first.id, thread_id=first.thread_id, tool_outputs=outputs(first))
    assert polled(client, first).status == ends


def test_runs_that_wait_already_go_on_waiting_while_the_first_asks_its_caller(client: OpenAI) -> None:
    scene = Scene(client, "queue", "request")
    asks = '{"turns": [[{"stall_ms": 100}, {"tool_calls": [{"name": "get_weather"}]}], [{"text": "Sunny."}]]}'
    first, second = scene.run(asks), scene.run(GREETING)
    first = polled(client, first)
    assert (first.status, scene.read(second).status) == ("requires_action", "queued")
    client.beta.threads.runs.submit_tool_outputs(first.id, thread_id=first.thread_id, tool_outputs=outputs(first))
    assert polled(client, second).status == "completed"
    assert scene.said == [("assistant", "completed", "Sunny."), GREETED]


def test_a_policy_that_nobody_knows_is_refused_in_a_request_and_passed_over_in_metadata(client: OpenAI) -> None:
    scene = Scene(client, "queue", "request")
    message = "Invalid value: 'overtake'. Supported values are: 'queue', 'parallel', 'interrupt', and 'reject'."
    assert scene.refused(extra_body={"thread_policy": "overtake"}) == bad(message, "thread_policy", "invalid_value")
    thread = asked(client, "Hello", metadata={"thread_policy": "overtake"})
    run = client.beta.threads.runs.create(thread.id, assistant_id=player(client, GREETING).id)
    assert run.to_dict()["thread_policy"] == "queue"


async def test_eight_runs_stream_at_once_and_the_ninth_waits(client: OpenAI, url: str) -> None:
    scene = Scene(client, "parallel", "request")
    numbers = range(9)
    async with following(url, scene.thread.id, seed=9) as viewers:
        viewer = viewers[0]
        runs = [
            scene.run(f'{{"turns": [[{{"text": "I am {number}."}}, {{"stall_ms": "forever"}}]]}}') for number in numbers
        ]
        await viewer.until(lambda: sum(message["status"] == "in_progress" for message in viewer.fold.messages) == 8)
        states = [scene.read(run).status for run in runs]
        assert states == ["in_progress"] * 8 + ["queued"]
        # Each of them is shown, and to the one who asks for no more than a page.
        said = {text(message) for message in client.beta.threads.messages.list(scene.thread.id)}
        assert said == {"Hello", *(f"I am {number}." for number in range(8))}
        assert scene.end(runs[3]).status == "cancelled"
        until(client, runs[8], "in_progress")
        for run in runs[:3] + runs[4:]:
            assert scene.end(run).status == "cancelled"
    now = await stored(url, scene.thread.id)
    assert len(viewers) == 2 + 2 * len(runs)
    for viewer in viewers:
        assert_holds(viewer, now)


def test_a_hundred_runs_wait_and_one_more_is_refused_for_good(client: OpenAI) -> None:
    scene = Scene(client, "queue", "request")
    first = until(client, scene.run(SILENCE), "in_progress")
    assistant = player(client, GREETING)
    create = client.beta.threads.runs.create
    for _ in range(100):
        create(scene.thread.id, assistant_id=assistant.id, extra_body={"thread_policy": "queue"})
    full = bad(
        f"Thread {scene.thread.id} already has 100 runs waiting. Wait until one has started, or cancel some.",
        None,
        None,
    )
    assert [scene.refused(), scene.refused(stream=True)] == [full, full]
    scene.post()
    # One that takes the place of all others is never too many.
    last = scene.run(GREETING, extra_body={"thread_policy": "interrupt"})
    assert polled(client, last).status == "completed"
    states = [run.status for run in client.beta.threads.runs.list(scene.thread.id)]
    assert (len(states), set(states)) == (102, {"cancelled", "completed"})
    assert scene.read(first).status == "cancelled"
