"""What the functions make of a thread's events, tried in Node, which takes TypeScript as it is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.examples.react_router.scene import README
from tests.examples.stage.running import NODE, ROOT

HERE = Path(__file__).parent


def test_the_functions_keep_one_variable_that_is_the_thread() -> None:
    done = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", HERE / "functions.test.mjs"],
        env={"PATH": os.environ["PATH"], "EXAMPLE": str(README.parent / "app"), "CASES": str(ROOT / "spec" / "cases")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"pass (\d+)", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 40
