"""The token path of every subject: paced, in answers of 2,000 tokens, and as fast as it goes."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from benchmarks.figures import Bar
from benchmarks.plot import Panel
from benchmarks.sheet import Sheet
from benchmarks.token_path.measure import LONG, LONGEST, RATE, SHORT, STREAMS, Answers, answers, costs_of
from benchmarks.token_path.subjects import BARE, DIRECT, OURS, SDK, Subject, proxies

WARM = 16
AT_ONCE = {BARE: (200, 2000), SDK: (50, 500), OURS: (200, 2000)}
"""Tokens of short and long answers that come as fast as they go; the SDK takes long enough for fewer."""

TOKEN, RUN, KB, PEAK = "µs/token", "ms/run besides", "KB/stream", "tokens/s per core"
P50, P99, ADDED50, ADDED99 = "p50 ms", "p99 ms", "added p50", "added p99"
SHARE, JOINED = "core", "tokens/read"
_NONE = math.nan


class Peers:
    """The figures of all repetitions.

    Args:
        core: that the measured processes keep to.
    """

    def __init__(self, core: int | None) -> None:
        self._core = core
        age = {P50: 3, ADDED50: 3, P99: 2, ADDED99: 2}
        self._cost = Sheet(
            f"answers of {SHORT} and {LONG} tokens", {TOKEN: 1, RUN: 1, KB: 0, PEAK: 0, SHARE: 2, JOINED: 2}
        )
        self._age = Sheet(f"age of tokens, {LONG} an answer", age)
        self._longest = Sheet(f"answers of {SHORT} and {LONGEST:,} tokens", {TOKEN: 1, SHARE: 2, JOINED: 2})
        self._longest_age = Sheet(f"age of tokens, {LONGEST:,} an answer", age)

    def sheets(self, *, longest: bool) -> list[Sheet]:
        """What was measured, with or without the longest answers."""
        return [self._cost, self._age, *[self._longest, self._longest_age] * longest]

    def repeat(self, direct: Subject, *, longest: bool) -> None:
        """Measure all once, the peers in fresh processes: a used one has memory left over.

        Args:
            direct: the model API itself.
            longest: with answers of 2,000 tokens too, which take half a minute each.
        """
        base = answers(direct.process, [direct.request(f"{LONG}@{RATE}")] * STREAMS, LONG)
        self._age.add(DIRECT, base.p50, _NONE, base.p99, _NONE)
        with (
            tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder,
            proxies(f"{direct.process.url}/v1", Path(folder), self._core) as subjects,
        ):
            for subject in subjects:
                self._measure(subject, base)
            if longest:
                for subject in subjects:
                    self._measure_longest(subject, base)

    def _measure(self, subject: Subject, base: Answers) -> None:
        answers(subject.process, [subject.request(f"{SHORT}@{10 * RATE}")] * WARM, SHORT, 10 * RATE)
        before = subject.process.memory()
        long = self._answers(subject, LONG)
        short = self._answers(subject, SHORT)
        token, run = costs_of(short, long, (SHORT, LONG))
        few, many = AT_ONCE[subject.name]
        at_once, _ = costs_of(self._answers(subject, few, 0), self._answers(subject, many, 0), (few, many))
        memory = (long.memory - before) / STREAMS / 1024
        self._cost.add(subject.name, token, run, memory, 1e6 / at_once, long.share, long.joined)
        self._age.add(subject.name, long.p50, long.p50 - base.p50, long.p99, long.p99 - base.p99)

    def _measure_longest(self, subject: Subject, base: Answers) -> None:
        """Whole answers again, so that what grows with their length would show."""
        long = self._answers(subject, LONGEST)
        short = self._answers(subject, SHORT)
        token, _ = costs_of(short, long, (SHORT, LONGEST))
        self._longest.add(subject.name, token, long.share, long.joined)
        self._longest_age.add(subject.name, long.p50, long.p50 - base.p50, long.p99, long.p99 - base.p99)

    @staticmethod
    def _answers(subject: Subject, tokens: int, rate: int = RATE) -> Answers:
        return answers(subject.process, [subject.request(f"{tokens}@{rate}")] * STREAMS, tokens, rate)

    def bars(self) -> list[Bar]:
        """What Livethread may cost beside its peers."""
        bars = []
        for cost, age, which in (
            (self._cost, self._age, f"{LONG} tokens"),
            (self._longest, self._longest_age, f"{LONGEST:,} tokens"),
        ):
            if not cost.all(OURS, TOKEN):
                continue
            for peer, most in ((BARE, 1.6), (SDK, 1 / 3)):
                joined = f"{cost.median(OURS, JOINED):.2f} : {cost.median(peer, JOINED):.2f}"
                says = f"CPU per paced token : {peer}, answers of {which}, {joined} tokens a read"
                bars.append(Bar(says, cost.median(OURS, TOKEN) / cost.median(peer, TOKEN), most))
            bars.append(Bar(f"added p50, answers of {which}", age.median(OURS, ADDED50), 0.5, " ms"))
        return bars

    def panels(self) -> list[Panel]:
        """The figures that a picture shows."""

        def rows(column: str, sheet: Sheet, *names: str) -> list[tuple[str, list[float]]]:
            return [(name, sheet.all(name, column)) for name in names]

        return [
            Panel(f"µs CPU per token at {RATE} tokens/s", rows(TOKEN, self._cost, BARE, SDK, OURS), 1, OURS),
            Panel("tokens/s per core, as fast as it goes", rows(PEAK, self._cost, BARE, SDK, OURS), 0, OURS),
            Panel("added latency p50, ms (the saturated SDK left out)", rows(ADDED50, self._age, BARE, OURS), 2, OURS),
        ]
