"""Every fault that a script can play, each beside the real one: the same error, but for the address."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from livethread import testing
from livethread.providers.builtin.faults import MODEL
from livethread.providers.builtin.words import words
from livethread.providers.chunks import ErrorKind, ProviderError, Reasoning, Text
from tests.providers.builtin.stopped_clock import SPEC, StoppedClock, play
from tests.providers.turns import ask, failed, provider
from tests.providers.upstream import CHUNKED, OPEN, Do, Step, delta, event, piece, plain


@dataclass(frozen=True)
class Played:
    """How a scripted turn fails.

    Args:
        kind: of the error.
        told: how its sentence begins, behind the name of the model API.
        real: what a real model API does that fails so, played by a socket; none where it takes more than that.
        said: the text before it.
    """

    kind: ErrorKind
    told: str
    real: Iterable[Step] | None = None
    said: str = ""
    status: int | None = None
    retryable: bool = True
    retry_after: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the real provider."""

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that its error says besides the sentence."""
        return self.kind, self.status, self.retryable, self.retry_after, bool(self.said)


def body(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code}}


NO_CONNECTION = Played("connection", "cannot be reached: nothing listens there. Check that it runs")
STALLED = {"stall_timeout": 0.05}
FAULTS: dict[str, Played] = {
    "no-connection": NO_CONNECTION,
    "no-such-host": Played("connection", "cannot be found: there is no such host. Check the address."),
    "html": Played(
        "bad_stream",
        "answered with an HTML page. Check the address",
        [plain("200 OK", b"<html>Welcome</html>", "text/html; charset=utf-8")],
        status=200,
        retryable=False,
    ),
    "unknown-model": Played(
        "not_found",
        "does not know the model 'scripted-model' (404): The model `scripted-model` does not exist. Give",
        [plain("404 Not Found", body(f"The model `{MODEL}` does not exist", "model_not_found"))],
        status=404,
        retryable=False,
    ),
    "ourselves": Played("not_found", "is a Livethread server, which passes nothing on", status=400, retryable=False),
    "wrong-key": Played(
        "auth",
        "refused access (401): Incorrect API key provided. Check",
        [plain("401 Unauthorized", body("Incorrect API key provided.", "invalid_api_key"))],
        status=401,
        retryable=False,
    ),
    "http-error": Played(
        "rate_limit",
        "allows no more requests for now (429): Too many requests. Try again in 120 s",
        [plain("429 Too Many Requests", body("Too many requests."), Retry_After="120")],
        status=429,
        retry_after=120.0,
    ),
    "rate-limit": Played(
        "rate_limit",
        "allows no more requests for now (429): Too many requests. Wait",
        [plain("429 Too Many Requests", body("Too many requests."))],
        status=429,
    ),
    "no-quota": Played(
        "rate_limit",
        "has no quota left for this account (429): You exceeded your current quota. Check",
        [plain("429 Too Many Requests", body("You exceeded your current quota.", "insufficient_quota"))],
        status=429,
        retryable=False,
    ),
    "context-length": Played(
        "context_length",
        "says that the conversation is too long for the model (400): This model reads at most 8192 tokens. Start",
        [plain("400 Bad Request", body("This model reads at most 8192 tokens.", "context_length_exceeded"))],
        status=400,
        retryable=False,
    ),
    "server-error": Played(
        "upstream",
        "reports an error (500): CUDA out of memory. Try again",
        [plain("500 Internal Server Error", body("CUDA out of memory."))],
        status=500,
    ),
    "error-in-stream": Played(
        "overloaded",
        "is overloaded: No instance is free. Try again",
        [OPEN, event(body("No instance is free.", "503"))],
    ),
    "error-in-mid-stream": Played(
        "overloaded",
        "is overloaded: The model is overloaded. Try again",
        [OPEN, delta(content="So far so"), event(body("The model is overloaded.", "overloaded_error"))],
        said="So far so",
    ),
    "no-answer": Played("connection", "closed the connection without an answer. Try again", []),
    "cut": Played(
        "connection",
        "broke the connection in the middle of its answer. Try again",
        [CHUNKED, piece(delta(content="The answer is"))],
        said="The answer is",
    ),
    "empty-stream": Played("bad_stream", "ended its answer without a finish reason", [OPEN]),
    "no-finish-reason": Played(
        "bad_stream",
        "ended its answer without a finish reason",
        [OPEN, delta(content="This may not be all")],
        said="This may not be all",
    ),
    "silence": Played("timeout", "sent nothing for 0.05 s. Try again", [OPEN, Do.HANG], settings=STALLED),
    "silence-in-mid-stream": Played(
        "timeout",
        "sent nothing for 0.05 s. Try again",
        [OPEN, delta(content="One moment, I am"), Do.HANG],
        said="One moment, I am",
        settings=STALLED,
    ),
    "attempts": NO_CONNECTION,  # the first of them
}
"""Every example whose first turn fails."""


def facts(error: ProviderError) -> tuple[Any, ...]:
    return error.kind, error.status, error.retryable, error.retry_after, error.partial


async def scripted(name: str, clock: StoppedClock | None = None) -> ProviderError:
    """How an example fails, with the right text before it."""
    chunks, error = await play((SPEC / "scripts" / f"{name}.yaml").read_text(encoding="utf-8"), clock=clock)
    assert chunks == [Text(word) for word in words(FAULTS[name].said)]
    assert error is not None
    return error


async def assert_like_scripted(error: ProviderError, name: str) -> None:
    """A real error is the scripted one, word for word, but for the address."""
    played = await scripted(name)
    message = re.sub(r"http://[\w.:-]+/v1", "builtin/script", error.message, count=1)
    assert (*facts(error), message) == (*facts(played), played.message)


@pytest.mark.parametrize("name", FAULTS)
async def test_each_fault_is_exactly_this_error(name: str) -> None:
    clock = StoppedClock()
    error = await scripted(name, clock)
    assert facts(error) == FAULTS[name].facts
    assert error.message.startswith(f"The model API at builtin/script {FAULTS[name].told}")
    assert clock.slept == ([0.05] if FAULTS[name].settings == STALLED else [])


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.real is not None])
async def test_a_real_model_api_that_does_so_fails_likewise(name: str) -> None:
    fault = FAULTS[name]
    assert fault.real is not None
    chunks, error = await failed(*fault.real, request=ask(model=MODEL), **fault.settings)
    assert chunks == ([Text(fault.said)] if fault.said else [])
    await assert_like_scripted(error, name)


async def failed_at(url: str) -> ProviderError:
    """How a real model API at this address fails."""
    model = provider(url)
    try:
        with pytest.raises(ProviderError) as raised:
            await anext(model.stream(ask(model=MODEL)))
    finally:
        await model.close()
    return raised.value


async def test_a_real_model_api_that_is_not_there_fails_likewise() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        error = await failed_at(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    await assert_like_scripted(error, "no-connection")
    await assert_like_scripted(await failed_at("http://no-such-host.invalid/v1"), "no-such-host")


async def test_a_real_livethread_server_in_the_place_of_a_model_api_fails_likewise() -> None:
    with testing.server() as url:
        error = await failed_at(f"{url}/v1")
    await assert_like_scripted(error, "ourselves")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("{status: 401}", ("auth", 401, False, None)),
        ("{status: 402}", ("auth", 402, False, None)),
        ("{status: 403}", ("auth", 403, False, None)),
        ("{status: 404}", ("not_found", 404, False, None)),
        ("{status: 408}", ("timeout", 408, True, None)),
        ("{status: 422}", ("bad_request", 422, False, None)),
        ("{status: 429, retry_after: 1.5}", ("rate_limit", 429, True, 1.5)),
        ("{status: 429, code: insufficient_quota, retry_after: 1.5}", ("rate_limit", 429, False, None)),
        ("{status: 500}", ("upstream", 500, True, None)),
        ("{status: 503}", ("overloaded", 503, True, None)),
        ("{status: 501}", ("upstream", 501, False, None)),
        ("{status: 504}", ("upstream", 504, True, None)),
        ("{status: 529}", ("overloaded", 529, True, None)),
        ("{status: 400, code: context_length_exceeded}", ("context_length", 400, False, None)),
        ("{code: rate_limit_exceeded, retry_after: 2}", ("rate_limit", None, True, 2.0)),
        ("{}", ("upstream", None, True, None)),
    ],
)
async def test_status_and_code_decide_the_kind_of_an_error(error: str, expected: tuple[Any, ...]) -> None:
    chunks, raised = await play(f"turns: [[{{error: {error}}}]]")
    assert chunks == []
    assert raised is not None
    assert facts(raised) == (*expected, False)
    assert "The script says so." in raised.message


async def test_behind_anything_said_a_status_is_the_code_of_an_error_in_the_stream() -> None:
    _, error = await play("turns: [[{reasoning: a}, {error: {status: 503, message: Full}}]]")
    assert error is not None
    assert facts(error) == ("overloaded", None, True, None, True)
    assert error.message.startswith("The model API at builtin/script is overloaded: Full. ")


async def test_each_attempt_of_a_turn_plays_its_own_steps_and_past_the_end_the_last_ones() -> None:
    scenario = (SPEC / "scripts" / "attempts.yaml").read_text(encoding="utf-8")
    played = [await play(scenario, attempt=attempt) for attempt in range(6)]
    assert [chunks[:1] for chunks, _ in played] == [[], [], [Reasoning("Let")], *[[Text("Here")]] * 3]
    errors = [error and (error.kind, error.retry_after, error.partial) for _, error in played]
    assert errors == [("connection", None, False), ("rate_limit", 0.01, False), ("connection", None, True), *[None] * 3]


async def test_a_turn_keeps_its_pace_in_each_attempt() -> None:
    clock = StoppedClock()
    await play("turns: [{words_per_second: 2, attempts: [[], [{text: a b}]]}]", attempt=1, clock=clock)
    assert clock.slept == [0.5]


async def test_a_turn_that_calls_in_one_of_its_attempts_is_not_played_again_past_the_end() -> None:
    chunks, _ = await play("turns: [{attempts: [[{tool_calls: [{name: a}]}], [{text: b}]]}]", turn=1, attempt=1)
    assert Text(" further") in chunks
