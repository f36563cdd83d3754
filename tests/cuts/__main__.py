"""``python -m tests.cuts --seed 7 --cuts 10000``: the cut test at any length."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from livethread import testing
from tests.cuts.program import program


def main() -> int:
    """Run it, print the report, and say by the exit code whether all is well."""
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options.add_argument("--cuts", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--viewers", type=int, default=50)
    given = options.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="livethread-cuts-") as folder, testing.server(data=Path(folder)) as url:
        played = program(
            url, Path(folder) / "scripts", given.seed, cuts=given.cuts, runs=given.runs, viewers=given.viewers
        )
        report = asyncio.run(played)
    print(report)
    for line in report.wrong:
        print(line)
    return bool(report.wrong)


if __name__ == "__main__":
    sys.exit(main())
