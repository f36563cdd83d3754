"""aimock, a mock of model APIs from npm that nobody of this project wrote, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
PROGRAM = ROOT / "tests" / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
FIXTURES = Path(__file__).parent / "aimock"
"""What it answers: JSON files, matched by what the last person in the conversation has said."""


@contextmanager
def aimock() -> Iterator[str]:
    """The base URL of one that lives as long as the block; what no fixture matches is a 503."""
    for needed in (NODE, PROGRAM):
        assert needed.exists(), (
            f"{needed.relative_to(ROOT)} is missing, so aimock cannot be tested against: run make test"
        )
    process = subprocess.Popen(
        [NODE, PROGRAM, "--port", "0", "--fixtures", FIXTURES, "--strict"],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as printed:
        reader = threading.Thread(target=deque, args=(printed, 0), daemon=True)
        try:
            url = _address(printed)
            reader.start()  # a pipe that nobody reads would stop it one day
            yield f"{url}/v1"
        finally:
            process.terminate()
            try:
                process.wait(10)
            finally:
                process.kill()
        reader.join(5)


def _address(printed: IO[str]) -> str:
    lines = []
    for line in printed:
        lines.append(line)
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]
    raise AssertionError(f"aimock did not start:\n{''.join(lines)}")
