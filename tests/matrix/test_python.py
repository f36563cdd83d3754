"""The official Python SDK, version by version: what it tells an app is the same in all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from livethread import testing
from tests.domain.test_contract import CONTRACT
from tests.matrix.environments import PYTHONS
from tests.matrix.expected import callbacks, errors, objects, patience, runs, streams
from tests.matrix.playing import PROGRAM, play
from tests.matrix.wire import checked
from tests.sdk.contract import operation, outside

EVERY: Final[dict[str, Any]] = {
    **objects.EXPECTED,
    **runs.EXPECTED,
    **streams.EXPECTED,
    **callbacks.EXPECTED,
    **errors.EXPECTED,
}
"""What each scene sees in every version; only where patience ends do they differ (`patience.expected`)."""

TELLING: Final = {
    "sync": ["messages", "a_waiting_run", "raw_endings", "callbacks_of_parallel_calls", "bad_requests"],
    "async": [
        "chained_calls_polled",
        "cancel_between_words",
        "raw_parallel_calls",
        "callbacks_of_an_answer",
        "helpers_that_stream",
        "a_streamed_run_is_made_once",
    ],
}
"""The scenes of every day, each by one of the two clients."""

every_version: Final = pytest.mark.parametrize("version", PYTHONS)
both_clients: Final = pytest.mark.parametrize("mode", ["sync", "async"])


def assert_same(seen: dict[str, Any], expected: dict[str, Any]) -> None:
    """Scene by scene, so that the one that differs is told; one that failed has its traceback in place of a value."""
    for scene, saw in seen.items():
        assert saw == expected[scene], saw if isinstance(saw, str) else scene
    assert [*seen] == [*expected]


@every_version
def test_every_version_plays_the_most_telling_scenes(version: str, tmp_path: Path) -> None:
    known = EVERY | patience.expected(version)
    words = [word for mode, scenes in TELLING.items() for word in (mode, *scenes)]
    with testing.server(data=tmp_path) as server, checked(server, at_least=80) as tap:
        seen = play(version, words, tap.url, tmp_path / "livethread.db")
    assert_same(seen, {scene: known[scene] for scenes in TELLING.values() for scene in scenes})


@pytest.mark.matrix
@every_version
@both_clients
def test_every_version_plays_every_scene(version: str, mode: str) -> None:
    with testing.server() as server, checked(server, at_least=400) as tap:
        seen = play(version, [mode, *EVERY], tap.url)
    assert_same(seen, EVERY)
    made = {operation(exchange)[:2] for exchange in tap.exchanges() if exchange.status == 200 and not outside(exchange)}
    assert made == {
        (method.upper(), path)
        for path, methods in CONTRACT["paths"].items()
        for method in methods
        if path.startswith(("/assistants", "/threads"))
    }
    assert tap.requests().count("GET /threads/undefined") == 2  # once for each scene that asks for it


@pytest.mark.matrix
@every_version
@both_clients
def test_no_version_does_harm_when_it_loses_patience(version: str, mode: str, tmp_path: Path) -> None:
    expected = patience.expected(version)
    with testing.server(data=tmp_path) as server, checked(server, at_least=60) as tap:
        seen = play(version, [mode, *expected], tap.url, tmp_path / "livethread.db")
    assert_same(seen, expected)


@pytest.mark.matrix
@every_version
@both_clients
def test_a_wrong_key_is_told_once_and_never_sent_again(version: str, mode: str) -> None:
    with testing.server(api_keys=("sk-right-0123456789",)) as server, checked(server) as tap:
        assert play(version, [mode, *errors.KEYS], tap.url) == errors.KEYS
    assert len(tap.requests()) == 3


def test_the_scenes_leave_no_call_and_no_callback_out() -> None:
    programs = "".join(path.read_text(encoding="utf-8") for path in PROGRAM.parent.glob("*.py"))
    calls = [call for calls in objects.CALLS.values() for call in calls]
    # Whoever comes to the end of a helper's block has closed it.
    assert [call for call in calls if not re.search(rf"\b{call}\b", programs)] == ["close"]
