"""How many database transactions a run takes, by the length of its answer."""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Bar
from benchmarks.sheet import Sheet
from benchmarks.token_path.measure import LONG, LONGEST, RATE, SHORT, answers
from benchmarks.token_path.subjects import Subject, livethread

LENGTHS = (SHORT, LONG, LONGEST)
WRITES, READS, TIMED_WRITES, TIMED_READS = "writes", "reads", f"writes at {RATE}/s", f"reads at {RATE}/s"
NOTE = (
    "A server renews the leases of all its runs together, and looks for runs that nobody drives, every 10 seconds:\n"
    "that is what an answer that takes half a minute has more."
)
_LATE = 0.5
"""Seconds after a run's end in which it might still do something."""


class Transactions:
    """One run alone on a server of its own, for each length: at once, and at the pace of the other measurements.

    Args:
        model_api: its base URL.
    """

    def __init__(self, model_api: str) -> None:
        self._model_api = model_api
        self.sheet = Sheet("tokens", {WRITES: 0, READS: 0, TIMED_WRITES: 0, TIMED_READS: 0})

    def count(self) -> None:
        """Count them; all lengths at the same time, for nothing is timed here."""
        with ThreadPoolExecutor(len(LENGTHS)) as pool:
            for tokens, figures in zip(LENGTHS, pool.map(self._counted, LENGTHS), strict=True):
                self.sheet.add(f"{tokens:,}", *figures)

    def _counted(self, tokens: int) -> tuple[float, ...]:
        with (
            tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder,
            livethread(self._model_api, Path(folder), counted=True) as server,
        ):
            _run(server, SHORT, 0)
            return *_run(server, tokens, 0), *_run(server, tokens, RATE)

    def bars(self) -> list[Bar]:
        """What a run may take, whatever its length: writes and reads together, and none for its tokens."""
        took = {n: self.sheet.median(f"{n:,}", WRITES) + self.sheet.median(f"{n:,}", READS) for n in LENGTHS}
        return [
            Bar("transactions of a plain run, writes and reads", took[SHORT], 8),
            Bar(f"transactions more at {LONGEST:,} tokens than at {SHORT}", took[LONGEST] - took[SHORT], 0),
        ]


def _run(server: Subject, tokens: int, rate: int) -> tuple[float, float]:
    before = _counts(server)
    answers(server.process, [server.request(f"{tokens}@{rate}")], tokens, rate)
    time.sleep(_LATE)
    after = _counts(server)
    return after["writes"] - before["writes"], after["reads"] - before["reads"]


def _counts(server: Subject) -> dict[str, int]:
    with urllib.request.urlopen(f"{server.process.url}/counted", timeout=10) as answer:
        counts: dict[str, int] = json.load(answer)
    return counts
