"""Node: `chat.completions` is the same for every version of the SDK, and on an old Node too."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Final

from tests.matrix.environments import NODES, ROOT, present
from tests.matrix.nodes import PROGRAMS, each_version, ran

SAID: Final = "You said: Hello 終🎉"
SUNNY: Final = ["It is sunny in Rome.", [["find_city", {"country": "Italy"}], ["get_weather", {"city": "Rome"}]]]
OLDEST_NODE: Final = ROOT / ".sdks" / "node-20" / "bin" / "node"


def failed(kind: str, status: int, code: str) -> list[Any]:
    """Before the first word an error is the same, whether a stream was asked for or not."""
    return [[kind, status, code, ""]] * 2


EXPECTED: Final[Any] = {
    "models": ["builtin/guide", "builtin/tools", "builtin/script"],
    "whole": ["chat.completion", SAID, "stop", True],
    "streamed": ["assistant", SAID, "stop", [[], True]],
    "loop": [[[["call_rome", {"city": "Rome"}], ["call_oslo", {"city": "Oslo"}]]], "Both are sunny."],
    "runTools": [SUNNY, SUNNY],
    "helper": [SAID, SAID, "stop"],
    "left": SAID,
    "errors": {
        "missing": [True, "model", "model_not_found"],
        "rate-limit": failed("RateLimitError", 429, "rate_limit_exceeded"),
        "wrong-key": failed("InternalServerError", 502, "upstream_refused_access"),
        "cut": [
            ["InternalServerError", 502, "upstream_unreachable", ""],
            ["APIError", None, "upstream_unreachable", "The answer is"],
        ],
    },
}


@each_version
def test_every_version_sees_the_same(version: str, server: str) -> None:
    assert ran(version, "chat", server).value == EXPECTED


def test_so_does_the_newest_on_the_oldest_node(server: str) -> None:
    program = map(str, [present(OLDEST_NODE), PROGRAMS / "chat.mjs", NODES["newest"], server])
    found = subprocess.run([*program], capture_output=True, text=True, timeout=50, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert json.loads(found.stdout)["told"] == EXPECTED
