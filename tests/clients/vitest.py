"""A package's own tests in one run of vitest, which costs a second or two each time it starts."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv" / "bin" / "node"


def files(package: Path) -> list[str]:
    """The test files of a package, by their paths in it."""
    return sorted(str(path.relative_to(package)) for path in package.glob("test/**/*.test.ts*"))


def faults(package: Path) -> dict[str, str]:
    """What went wrong in each test file of a package, "" where nothing did.

    Raises:
        AssertionError: vitest could not run them; tells what it said.
    """
    program = package / "node_modules" / "vitest" / "vitest.mjs"
    for needed in (NODE, program):
        assert needed.exists(), (
            f"{needed.relative_to(ROOT)} is missing, so {package.name} cannot be tested: run make test"
        )
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        ran = subprocess.run(
            [NODE, program, "run", "--reporter=json", f"--outputFile={report}"],
            cwd=package, env={"PATH": os.environ["PATH"], "NO_COLOR": "1"}, timeout=240,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert report.exists(), ran.stdout
        results = json.loads(report.read_text(encoding="utf-8"))
    found = {str(Path(file["name"]).relative_to(package)): _fault(file) for file in results["testResults"]}
    if ran.returncode and not any(found.values()):  # an error outside of every test
        found = dict.fromkeys(found, ran.stdout or "vitest failed, and did not say why")
    return found


def _fault(file: dict[str, Any]) -> str:
    tests: list[dict[str, Any]] = file["assertionResults"]
    told = [f"{test['fullName']}\n{test['failureMessages']}" for test in tests if test["status"] != "passed"]
    if file["status"] != "passed" and not told:
        told = [str(file["message"])]
    return "\n\n".join(told)
