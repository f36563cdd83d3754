"""Plays scenes with an environment's own Python, which knows nothing of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tests.matrix.environments import PYTHONS, present
from tests.sdk.orders import order_of

PROGRAM: Final = Path(__file__).parent / "python" / "play.py"


def play(version: str, words: Iterable[str], url: str, database: Path | None = None) -> dict[str, Any]:
    """What each scene saw; types of events are told in the notation of `tests.sdk.orders`.

    Args:
        version: the environment.
        words: ``sync`` and names of scenes, ``async`` and names of scenes.
        url: the server's address.
        database: its database, for the scenes that hold it.
    """
    strict = ["-E", "-s", "-W", "error", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [present(PYTHONS[version]), *strict, PROGRAM, url, *words],
        capture_output=True,
        text=True,
        timeout=55,
        env={"DATABASE": str(database or "")},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    seen: dict[str, Any] = _ordered(json.loads(done.stdout))
    return seen


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(item, str) and item.startswith("thread.") for item in value):
        return order_of(value)
    return [_ordered(item) for item in value]
