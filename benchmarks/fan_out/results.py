"""The figures of all repetitions over one face: tables, bars and panels of the picture."""

from __future__ import annotations

from benchmarks.fan_out.crowds import CROWDS, IDLE_VIEWERS, MANY, PACE, Crowd
from benchmarks.fan_out.faces import Face
from benchmarks.fan_out.measure import BATCH, Audience
from benchmarks.figures import Bar, Floor, Reported
from benchmarks.plot import Panel
from benchmarks.sheet import Sheet

PER_CORE, COST, READ = "deliveries/s per core", "µs/delivery", "events/read"
P50, P99, JOINED, CLIENT = "p50 ms", "p99 ms", "joined, per core", "client"
HELD, SHARE = "deliveries/s", "core"
KB = "KB/idle viewer"


class Results:
    """The figures of all repetitions.

    Args:
        face: whose they are.
        seconds: of each measurement as fast as it goes; the others take their time by it.
    """

    def __init__(self, face: Face, seconds: float) -> None:
        self._face = face
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

    def bars(self) -> list[Bar | Floor | Reported]:
        """What Livethread has to reach beside its peers, with its own server."""
        bars, ours = self._ratios(), self._face.ours
        if not self._idle.all(ours, KB):
            return bars
        if self._face.ceilings is not None:
            pace = MANY.topics * MANY.viewers * PACE
            says = f"{MANY} at {PACE}/s on one core"
            bars.append(Floor(f"{says}, of {pace:,} deliveries/s", self._many.median(ours, HELD) / pace, 0.99))
            bars.append(Bar(f"{says}, p99", self._many.median(ours, P99), self._face.ceilings.p99, " ms"))
            memory = self._idle.median(ours, KB)
            bars.append(Bar("memory per idle viewer", memory, self._face.ceilings.memory, " KB"))
        shares = (self._crowds[crowd].all(name, CLIENT) for crowd in CROWDS for name in self._face.names)
        busiest = max(share for measured in shares for share in measured)
        return [*bars, Bar("the load client's share of its core, at its busiest", busiest, 0.97)]

    def _ratios(self) -> list[Bar | Floor | Reported]:
        bars: list[Bar | Floor | Reported] = []
        for crowd, ratios in self._face.ratios.items():
            sheet, ours = self._crowds[crowd], self._face.ours
            for peer, least in ratios.items():
                if sheet.all(peer, PER_CORE) and sheet.all(ours, PER_CORE):
                    says = f"{crowd}, one by one, deliveries/s per core : {peer}"
                    ratio = sheet.median(ours, PER_CORE) / sheet.median(peer, PER_CORE)
                    bars.append(Reported(says, ratio) if least is None else Floor(says, ratio, least))
        return bars

    def panels(self) -> list[Panel]:
        """The figures that a picture shows."""

        def panel(title: str, sheet: Sheet, column: str, digits: int) -> Panel:
            rows = [(name, sheet.all(name, column)) for name in self._face.names]
            return Panel(title, rows, digits, self._face.ours)

        crowds = CROWDS[2], CROWDS[3], CROWDS[4]
        return [
            *[
                panel(f"{crowd}: deliveries/s per core, one by one", self._crowds[crowd], PER_CORE, 0)
                for crowd in crowds
            ],
            panel(f"{MANY} at {PACE}/s: deliveries/s", self._many, HELD, 0),
            panel(f"{crowds[0]}: p99 at half load, ms", self._crowds[crowds[0]], P99, 1),
            panel("KB of memory per idle viewer", self._idle, KB, 1),
        ]
