"""Runs the scripts of tests/node, which drive the official Node SDK; each prints what it saw as one JSON value."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
SCRIPTS = ROOT / "tests" / "node"


def node(name: str, url: str, *arguments: str) -> Any:
    """What a script of tests/node says about the server."""
    for needed in (NODE, SCRIPTS / "node_modules" / "openai" / "package.json"):
        assert needed.exists(), (
            f"{needed.relative_to(ROOT)} is missing, so the Node SDK cannot be tested: run make test"
        )
    found = subprocess.run(
        [NODE, SCRIPTS / f"{name}.mjs", url, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    return json.loads(found.stdout)
