"""Node: that no call of the SDK was forgotten, and which calls a version does not have yet."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.matrix.nodes import each_version, ran, told

POLLING = {"runs.poll", "runs.createAndPoll", "runs.submitToolOutputsAndPoll", "threads.createAndRunPoll"}
PROGRAMS = ("objects", "helpers", "raw", "rounds", "leaving", "polling", "refused")

LACKS: dict[str, set[str]] = {"4.29": {*POLLING, "runs.stream", "messages.delete"}, "4.104": set(), "newest": set()}
"""What the newest has and a version has not, under any name."""
HAS_BESIDES: dict[str, set[str]] = {
    "4.29": {
        *(f"assistants.files.{call}" for call in ("create", "retrieve", "list", "delete")),
        *(f"messages.files.{call}" for call in ("retrieve", "list")),
    },
    "4.104": set(),
    "newest": set(),
}
"""What a version has and the newest has not: the files of the API's first version."""


@cache
def surface(version: str, server: str) -> set[str]:
    """The calls that a version has, by their newest names."""
    return {re.sub(r"\.del$", ".delete", call) for call in ran(version, "surface", server).value}


@each_version
def test_the_versions_differ_by_these_calls_alone(version: str, server: str) -> None:
    newest, here = surface("newest", server), surface(version, server)
    assert (newest - here, here - newest) == (LACKS[version], HAS_BESIDES[version])


@pytest.mark.matrix
@each_version
def test_every_call_that_a_version_has_was_made(version: str, server: str) -> None:
    programs = [name for name in PROGRAMS if name != "polling" or not POLLING & LACKS[version]]
    called = frozenset[str]().union(*(told(version, name, server).called for name in programs))
    assert set(ran(version, "surface", server).value) - called == set()
