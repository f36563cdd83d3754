"""``python -m tests.leaks --seed 7 --cycles 100000``: the leak test at any length."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.leaks.program import program


def main() -> int:
    """Run it, print the report, and say by the exit code whether all is well."""
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options.add_argument("--cycles", type=int, default=100_000)
    given = options.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="livethread-leaks-") as folder:
        report = asyncio.run(program(Path(folder), given.seed, given.cycles))
    print(report)
    for line in report.wrong:
        print(line)
    return bool(report.wrong)


if __name__ == "__main__":
    sys.exit(main())
