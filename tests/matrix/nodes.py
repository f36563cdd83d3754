"""Runs the programs of tests/matrix/node, which drive one version of the official Node SDK each time."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.matrix.environments import NODE, NODES, present
from tests.matrix.wire import checked

PROGRAMS: Final = Path(__file__).parent / "node"

each_version: Final = pytest.mark.parametrize("version", NODES, scope="module")
"""A test that is the same for every version of the SDK."""


@dataclass(frozen=True)
class Told:
    """What a program had to say.

    Args:
        value: what it saw.
        called: the SDK's calls that it made, such as ``runs.cancel``.
    """

    value: Any
    called: frozenset[str]


def ran(version: str, program: str, url: str, *arguments: str) -> Told:
    """What a program says that was run with a version of the SDK against a server."""
    folder = NODES[version]
    present(folder / "node_modules" / "openai" / "package.json")
    found = subprocess.run(
        [present(NODE), PROGRAMS / f"{program}.mjs", folder, url, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    answer = json.loads(found.stdout)
    return Told(answer["told"], frozenset(answer["called"]))


@cache
def told(version: str, program: str, server: str) -> Told:
    """The same, once a session, with all that the SDK was told held against the contract."""
    with checked(server) as tap:
        return ran(version, program, tap.url)


def plain(value: Any) -> Any:
    """A value without what differs from run to run: an id becomes its kind and number, a time ``then``."""
    ids: dict[str, str] = {}

    def numbered(id: re.Match[str]) -> str:
        number = 1 + sum(name.startswith(f"{id[1]}-") for name in ids.values())
        return ids.setdefault(id[0], f"{id[1]}-{number}")

    text = re.sub(r"\b(asst|thread|msg|run|step)_[0-9A-Za-z]{24}\b", numbered, json.dumps(value))
    text = re.sub(r"\breq_[0-9a-f]{32}\b", "a request", text)
    return json.loads(re.sub(r'(_at": )[0-9]+', r'\1"then"', text))
