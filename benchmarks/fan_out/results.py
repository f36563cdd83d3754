"""The figures of all repetitions: tables, bars and panels of the picture."""

from __future__ import annotations

from typing import Final, NamedTuple

from benchmarks.fan_out.measure import BATCH, Audience
from benchmarks.fan_out.subjects import LIMIT, NAMES, NCHAN, NODE, OURS, SSE_STARLETTE, STARLETTE
from benchmarks.figures import Bar, Floor
from benchmarks.plot import Panel
from benchmarks.sheet import Sheet

PER_CORE, COST, READ = "deliveries/s per core", "µs/delivery", "events/read"
P50, P99, JOINED, CLIENT = "p50 ms", "p99 ms", "joined, per core", "client"
HELD, SHARE = "deliveries/s", "core"
KB = "KB/idle viewer"
IDLE_VIEWERS: Final = 1000
PACE: Final = 60
"""Events a second in each of many threads."""


class Crowd(NamedTuple):
    """Who looks on.

    Args:
        topics: how many threads, or what a peer has instead.
        viewers: of each.
    """

    topics: int
    viewers: int

    def __str__(self) -> str:
        return f"{self.viewers:,} viewers" if self.topics == 1 else f"{self.topics:,} × {self.viewers} viewers"


CROWDS: Final = (Crowd(1, 10), Crowd(1, 100), Crowd(1, 1000), Crowd(1, 5000), Crowd(200, 5))
MANY: Final = Crowd(1000, 5)

RATIOS: Final = {
    CROWDS[2]: {STARLETTE: 2.5, SSE_STARLETTE: 4.5, NODE: 1.2, NCHAN: 1.2, LIMIT: 0.6},
    CROWDS[3]: {STARLETTE: 2.5, SSE_STARLETTE: 4.0, NODE: 1.1, NCHAN: 1.0, LIMIT: 0.55},
    CROWDS[4]: {NODE: 1.0},
}
"""What Livethread has to deliver per core at least, in parts of what a peer does."""


class Results:
    """The figures of all repetitions.

    Args:
        seconds: of each measurement as fast as it goes; the others take their time by it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        columns = {PER_CORE: 0, COST: 2, READ: 2, JOINED: 0, P50: 2, P99: 2, CLIENT: 2}
        self._crowds = {crowd: Sheet(str(crowd), columns) for crowd in CROWDS}
        self._many = Sheet(f"{MANY} at {PACE}/s", {HELD: 0, SHARE: 2, READ: 2, P50: 1, P99: 1, CLIENT: 2})
        self._idle = Sheet(f"{IDLE_VIEWERS:,} idle viewers", {KB: 1})

    def sheets(self) -> list[Sheet]:
        """All of them."""
        return [*self._crowds.values(), self._many, self._idle]

    def pressed(self, name: str, crowd: Crowd, audience: Audience) -> None:
        """Measure as fast as it goes: one by one, joined; then how old events get at half of that."""
        audience.burst(self._seconds / 4)
        alone = audience.burst(self._seconds)
        joined = audience.burst(self._seconds, batch=BATCH)
        half = audience.burst(1.25 * self._seconds, rate=alone.rate / crowd.viewers / 2)
        client = max(alone.client_share, joined.client_share, half.client_share)
        self._crowds[crowd].add(
            name, alone.per_core, alone.cost, alone.joined, joined.per_core, half.p50, half.p99, client
        )

    def paced(self, name: str, audience: Audience) -> None:
        """Measure what comes of a pace that is given, with whatever the server joins; most servers fall behind."""
        audience.burst(self._seconds / 2, rate=PACE * MANY.topics / 10)
        paced = audience.burst(4 * self._seconds, rate=PACE * MANY.topics, patience=4 * self._seconds)
        self._many.add(name, paced.rate, paced.share, paced.joined, paced.p50, paced.p99, paced.client_share)

    def idle(self, name: str, memory: float) -> None:
        """Take down what an idle viewer costs, in bytes."""
        self._idle.add(name, memory / 1024)

    def bars(self) -> list[Bar | Floor]:
        """What Livethread has to reach beside its peers, with its own server."""
        bars: list[Bar | Floor] = []
        for crowd, ratios in RATIOS.items():
            sheet = self._crowds[crowd]
            for peer, least in ratios.items():
                if sheet.all(peer, PER_CORE) and sheet.all(OURS, PER_CORE):
                    ratio = sheet.median(OURS, PER_CORE) / sheet.median(peer, PER_CORE)
                    bars.append(Floor(f"{crowd}, one by one, deliveries/s per core : {peer}", ratio, least))
        if not self._idle.all(OURS, KB):
            return bars
        pace = MANY.topics * MANY.viewers * PACE
        says = f"{MANY} at {PACE}/s on one core"
        bars.append(Floor(f"{says}, of {pace:,} deliveries/s", self._many.median(OURS, HELD) / pace, 0.99))
        bars.append(Bar(f"{says}, p99", self._many.median(OURS, P99), 100, " ms"))
        bars.append(Bar("memory per idle viewer", self._idle.median(OURS, KB), 14, " KB"))
        busiest = max(share for sheet in self._crowds.values() for name in NAMES for share in sheet.all(name, CLIENT))
        return [*bars, Bar("the load client's share of its core, at its busiest", busiest, 0.97)]

    def panels(self) -> list[Panel]:
        """The figures that a picture shows."""

        def rows(sheet: Sheet, column: str) -> list[tuple[str, list[float]]]:
            return [(name, sheet.all(name, column)) for name in NAMES]

        crowds = CROWDS[2], CROWDS[3], CROWDS[4]
        return [
            *[
                Panel(f"{crowd}: deliveries/s per core, one by one", rows(self._crowds[crowd], PER_CORE), 0, OURS)
                for crowd in crowds
            ],
            Panel(f"{MANY} at {PACE}/s: deliveries/s", rows(self._many, HELD), 0, OURS),
            Panel(f"{crowds[0]}: p99 at half load, ms", rows(self._crowds[crowds[0]], P99), 1, OURS),
            Panel("KB of memory per idle viewer", rows(self._idle, KB), 1, OURS),
        ]
