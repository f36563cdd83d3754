"""Upstream trouble, every kind of it: how a run ends that meets it, what its viewers are told, and that it passes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
import yaml
from openai import AsyncOpenAI, OpenAI
from openai.types.beta import AssistantStreamEvent

from livethread import testing
from livethread.settings import UpstreamSettings
from tests.providers.builtin.test_script_faults import FAULTS, scripted
from tests.sdk.followers import Follower, Stored, assert_holds, following, stored
from tests.sdk.orders import BEGUN, SAID, SPEAKING, broken_rules, order, order_of
from tests.sdk.scenes import POLL_MS, TOOLS, asked, polled, script, texts

GREETING: Final = "Here I am."
GREETED: Final = f"{BEGUN} {SAID} R.completed"
ATTEMPTS: Final = 4
"""How often a model is asked by default."""

BROKEN_BEHIND_TEXT: Final = """
turns:
  - - text: "Let me look."
    - tool_calls: [{name: get_weather, arguments: '["Rome"]'}]
"""
TRY_AGAIN: Final = "Try again; if it stays, choose a model that is better at calling functions, or simplify the schema."
NO_CALL: Final[Mapping[str, str]] = {
    "broken-arguments": "The model called 'get_weather' with arguments that are not a JSON object: "
    f'\'{{"city": "Ro\'. {TRY_AGAIN}',
    "unknown-function": "The model called 'book_a_flight_to_mars', which is no function that this run may call. "
    f"{TRY_AGAIN}",
    "broken-arguments behind text": "The model called 'get_weather' with arguments that are not a JSON object: "
    f"'[\"Rome\"]'. {TRY_AGAIN}",
}
"""The sentences about calls that nobody could answer; all others are the provider's."""


@dataclass(frozen=True)
class Fails:
    """How a run ends whose model keeps failing so.

    Args:
        code: of ``last_error``.
        times: how often the model was asked.
        said: the text that stays.
    """

    code: str
    times: int = 1
    said: str = ""

    @property
    def order(self) -> str:
        """The run's events."""
        return f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed" if self.said else f"{BEGUN} R.failed"


LASTING: Final[Mapping[str, Fails]] = {
    "no-connection": Fails("server_error", ATTEMPTS),
    "no-such-host": Fails("server_error", ATTEMPTS),
    "wrong-key": Fails("server_error"),
    "http-error": Fails("rate_limit_exceeded"),  # whose hint is longer than any run waits
    "rate-limit": Fails("rate_limit_exceeded", ATTEMPTS),
    "no-quota": Fails("rate_limit_exceeded"),
    "server-error": Fails("server_error", ATTEMPTS),
    "context-length": Fails("invalid_prompt"),
    "no-answer": Fails("server_error", ATTEMPTS),
    "cut": Fails("server_error", said="The answer is"),
    "empty-stream": Fails("server_error", ATTEMPTS),
    "no-finish-reason": Fails("server_error", said="This may not be all"),
    "html": Fails("server_error"),
    "silence": Fails("server_error", ATTEMPTS),
    "silence-in-mid-stream": Fails("server_error", said="One moment, I am"),
    "broken-arguments": Fails("server_error", ATTEMPTS),
    "unknown-function": Fails("server_error", ATTEMPTS),
    "broken-arguments behind text": Fails("server_error", said="Let me look."),
    "error-in-stream": Fails("server_error", ATTEMPTS),
    "error-in-mid-stream": Fails("server_error", said="So far so"),
    "unknown-model": Fails("server_error"),
    "ourselves": Fails("server_error"),
}
PASSING: Final = [name for name, fails in LASTING.items() if fails.times > 1]
"""What may be over when the model is asked again."""


def passing(name: str) -> str:
    """A scenario whose first attempt meets a fault, and whose second goes well."""
    (fault, *_) = yaml.safe_load(script(name))["turns"]
    return yaml.safe_dump({"turns": [{"attempts": [fault, [{"text": GREETING}]]}]})


SCENARIOS: Final[Mapping[str, str]] = {
    **{f"{name} lasts": BROKEN_BEHIND_TEXT if " " in name else script(name) for name in LASTING},
    **{f"{name} passes": passing(name) for name in PASSING},
    "a hint passes": "turns: [{attempts: [[{error: {status: 429, retry_after: 0.01}}], [{text: Here I am.}]]}]",
    "all attempts": script("attempts"),
}


@dataclass(frozen=True)
class Scene:
    """A run that met trouble and one behind it, in a thread of their own.

    Args:
        run: the first, as REST shows it.
        own: the streams of the two callers.
        viewers: two of the thread and two of each run; one of each pair was cut and came back again and again.
        stored: all of the thread in the end.
    """

    run: Mapping[str, Any]
    own: list[list[AssistantStreamEvent]]
    viewers: list[Follower]
    stored: Stored


async def played(url: str, client: AsyncOpenAI, scenario: str, greeter: str, seed: int) -> Scene:
    """Play a scenario, then have its thread greeted, with everybody looking on."""
    beta = client.beta
    thread = await beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
    assistant = await beta.assistants.create(model="builtin/script", instructions=scenario, tools=TOOLS)
    own: list[list[AssistantStreamEvent]] = []
    async with following(url, thread.id, seed, longest=4000) as viewers:
        for assistant_id in (assistant.id, greeter):
            stream = await beta.threads.runs.create(thread.id, assistant_id=assistant_id, stream=True)
            async with stream:
                own.append([event async for event in stream])
    now = await stored(url, thread.id)
    return Scene(now.runs[-1], own, viewers, now)


@pytest.fixture(scope="module")
def scenes() -> Iterator[Mapping[str, Scene | BaseException]]:
    """All scenes, played at once: before a model is asked again there is a pause, of which they share the time."""

    async def play_all(url: str) -> list[Scene | BaseException]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            greeting = f"turns: [[{{text: {GREETING}}}]]"
            greeter = await client.beta.assistants.create(model="builtin/script", instructions=greeting)
            playing = (played(url, client, text, greeter.id, seed) for seed, text in enumerate(SCENARIOS.values()))
            return await asyncio.gather(*playing, return_exceptions=True)

    with testing.server() as url:
        yield dict(zip(SCENARIOS, asyncio.run(play_all(url)), strict=True))


def scene_of(scenes: Mapping[str, Scene | BaseException], name: str) -> Scene:
    scene = scenes[name]
    if isinstance(scene, BaseException):
        raise scene
    return scene


def assert_all_were_told(scene: Scene, first: str) -> None:
    """Every viewer was told of both runs, each event once and in order, and holds what REST shows.

    Args:
        first: the order of the events of the first run.
    """
    assert [order(events) for events in scene.own] == [first, GREETED]
    assert [broken_rules(events) for events in scene.own] == [[], []]
    assert [events[-1].data.to_dict() for events in scene.own] == scene.stored.runs[::-1]
    orders = {None: f"T.snapshot {first} {GREETED}", scene.stored.runs[1]["id"]: first}
    assert len(scene.viewers) == 6
    for viewer in scene.viewers:
        assert order_of(viewer.types) == orders.get(viewer.run_id, GREETED)
        assert_holds(viewer, scene.stored)


def said(scene: Scene) -> list[tuple[str, str, Any]]:
    """What assistants said, oldest first: text, status, and why it is incomplete."""
    messages = [message for message in scene.stored.messages[::-1] if message["role"] == "assistant"]
    return [
        (
            "".join(part["text"]["value"] for part in message["content"]),
            message["status"],
            message["incomplete_details"],
        )
        for message in messages
    ]


@pytest.mark.parametrize("name", LASTING)
async def test_trouble_that_lasts_fails_the_run_with_what_to_do_and_the_thread_goes_on(
    scenes: Mapping[str, Scene | BaseException], name: str
) -> None:
    scene, fails = scene_of(scenes, f"{name} lasts"), LASTING[name]
    message = NO_CALL.get(name) or (await scripted(name)).message
    if fails.times > 1:
        message += f" (The model was asked {fails.times} times.)"
    error = {"code": fails.code, "message": message}
    run = scene.run
    assert (run["status"], run["last_error"], run["incomplete_details"]) == ("failed", error, None)
    kept = [(fails.said, "incomplete", {"reason": "run_failed"})] if fails.said else []
    assert said(scene) == [*kept, (GREETING, "completed", None)]
    steps = [(step["type"], step["status"], step["last_error"]) for step in scene.stored.steps[run["id"]]]
    assert steps == ([("message_creation", "failed", error)] if fails.said else [])
    assert_all_were_told(scene, fails.order)


@pytest.mark.parametrize("name", [*(f"{name} passes" for name in PASSING), "a hint passes", "all attempts"])
def test_trouble_that_passes_before_anything_was_shown_is_seen_by_nobody(
    scenes: Mapping[str, Scene | BaseException], name: str
) -> None:
    scene = scene_of(scenes, name)
    assert (scene.run["status"], scene.run["last_error"]) == ("completed", None)
    assert said(scene) == [(GREETING, "completed", None)] * 2
    assert_all_were_told(scene, GREETED)


def test_every_fault_that_can_be_played_is_met_here() -> None:
    assert {*LASTING} - {*NO_CALL} == {*FAULTS} - {"attempts"}


# -- our own address, for real -------------------------------------------------------------------


def failure(client: OpenAI) -> dict[str, object]:
    """How a run fails that asks an upstream's model; a built-in one then answers in the same thread."""
    thread = asked(client, "What is Livethread?")
    assistant = client.beta.assistants.create(model="some-model")
    run = polled(client, client.beta.threads.runs.create(thread.id, assistant_id=assistant.id))
    assert (run.status, run.last_error is None) == ("failed", False)
    guide = client.beta.assistants.create(model="builtin/guide")
    after = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=guide.id, poll_interval_ms=POLL_MS
    )
    assert after.status == "completed"
    assert len(texts(client, thread.id)) == 2
    error = run.to_dict()["last_error"]
    assert isinstance(error, dict)
    return error


def test_an_upstream_that_is_the_server_itself_is_never_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    upstreams = (UpstreamSettings("default", f"http://localhost:{port}/v1"),)
    with (
        testing.server(port=port, upstreams=upstreams) as url,
        OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client,
    ):
        error = failure(client)
    assert error["code"] == "server_error"
    assert "Nothing serves the model 'some-model'" in str(error["message"])
    assert f"http://localhost:{port}/v1) is this server itself" in str(error["message"])


def test_an_upstream_that_is_another_livethread_passes_nothing_on(url: str) -> None:
    upstreams = (UpstreamSettings("default", f"{url}/v1"),)
    with (
        testing.server(upstreams=upstreams) as other,
        OpenAI(base_url=f"{other}/v1", api_key="any", max_retries=0) as client,
    ):
        error = failure(client)
    assert error["code"] == "server_error"
    assert str(error["message"]).startswith(
        f"The model API at {url}/v1 is a Livethread server, which passes nothing on (400): "
    )
