"""One measurement: viewers come, events are published to them, and every one is counted where it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from benchmarks.fan_out.subjects import Subject
from benchmarks.fan_out.told import Told
from benchmarks.process import Measured

BATCH: Final = 8
"""Events that are published in one turn of the server's loop, where they may be joined."""

PROMPT: Final = 0.1
"""Seconds after the last was published in which all have to be there, for the pace to have been held to its end."""

_PATIENCE: Final = 60.0
"""Seconds that a server may take to hand out what it has taken."""

_QUIET: Final = 0.002
"""Seconds of processor time, in a twentieth of a second, below which a server counts as idle."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of some seconds of publishing.

    Args:
        deliveries: events that came, counted once for every viewer.
        reads: of the load client that brought any.
        seconds: from the first to the last.
        tail: what the last took of it, after all was published, if that was little (`PROMPT`).
        cpu: seconds of the server's processor time.
        client_cpu: seconds of the load client's.
        p50: milliseconds from when an event was due to when a viewer had it.
        p99: likewise.
    """

    deliveries: int
    reads: int
    seconds: float
    tail: float
    cpu: float
    client_cpu: float
    p50: float
    p99: float

    @property
    def cost(self) -> float:
        """Microseconds of processor time for each delivery."""
        return self.cpu / self.deliveries * 1e6

    @property
    def per_core(self) -> float:
        """Deliveries that a second of one core's time is enough for."""
        return self.deliveries / self.cpu

    @property
    def rate(self) -> float:
        """Deliveries a second by the clock on the wall."""
        return self.deliveries / (self.seconds - self.tail)

    @property
    def share(self) -> float:
        """Of one core's time that the server took."""
        return self.cpu / self.seconds

    @property
    def client_share(self) -> float:
        """Of one core's time that the load client took; near 1 it would be the bottleneck."""
        return self.client_cpu / self.seconds

    @property
    def joined(self) -> float:
        """Events that a viewer found at a time."""
        return self.deliveries / self.reads

    @classmethod
    def read(cls, report: str, cpu: float, published: int) -> Burst:
        """From a report of the load client.

        Args:
            report: see ``load.c``.
            cpu: seconds of the server's processor time.
            published: when the last event was, in nanoseconds of the monotonic clock.
        """
        events, reads, _, client_cpu, first, last, p50, p99 = map(int, report.split())
        seconds, tail = max(last - first, 1) / 1e9, max(last - published, 0) / 1e9
        return cls(events, reads, seconds, tail if tail < PROMPT else 0.0, cpu, client_cpu / 1e9, p50 / 1e6, p99 / 1e6)


class Audience:
    """The viewers of one subject, while they are there.

    Args:
        subject: whom they look at.
        client: the load client, whose viewers they are.
        viewers: how many there are of each topic.
    """

    def __init__(self, subject: Subject, client: Told, viewers: int) -> None:
        self._subject = subject
        self._client = client
        self._viewers = viewers

    def burst(self, seconds: float, *, rate: float = 0, batch: int = 1, patience: float = _PATIENCE) -> Burst:
        """Publish, and wait until all of it has come.

        Args:
            seconds: of publishing.
            rate: events a second, over all topics; with 0, each as soon as the one before was handed out.
            batch: events published at a time, where there is no rate.
            patience: seconds to wait for what was published; the rest is left out where that is less than usual.

        Raises:
            RuntimeError: with the usual patience, not every event came to every viewer.
        """
        self._client("begin")
        cpu = self._subject.process.cpu()
        answer = self._subject.publisher(f"publish {batch} {rate:.3f} {seconds}", within=seconds + _PATIENCE)
        published = time.monotonic_ns()
        due = int(answer.split()[1]) * self._viewers
        report = self._client(f"await {due} {patience}", within=patience + 10)
        burst = Burst.read(report, self._subject.process.cpu() - cpu, published)
        if burst.deliveries > due or (burst.deliveries < due and patience == _PATIENCE):
            raise RuntimeError(f"{self._subject.name}: {burst.deliveries:,} of {due:,} events came")
        return burst


@contextmanager
def audience(subject: Subject, client: Told, topics: int, viewers: int) -> Iterator[Audience]:
    """Viewers of a subject, for as long as the block lasts; it is idle before and behind it.

    Args:
        subject: whom they look at.
        client: the load client.
        topics: how many there are.
        viewers: how many there are of each.
    """
    paths = subject.publisher(f"topics {topics}")
    client(f"open {urlsplit(subject.process.url).port} {viewers} {paths}")
    _idle(subject.process)
    try:
        yield Audience(subject, client, viewers)
    finally:
        client("close")
        _idle(subject.process)


def idle_viewer(subject: Subject, client: Told, viewers: int) -> float:
    """Bytes of the server's memory for each viewer of one quiet topic."""
    with audience(subject, client, 1, 50):
        pass
    before = subject.process.memory()
    with audience(subject, client, 1, viewers):
        return (subject.process.memory() - before) / viewers


def _idle(process: Measured) -> None:
    """Come back when a process has nothing to do, or when it will not come to an end."""
    for _ in range(100):
        before = process.cpu()
        time.sleep(0.05)
        if process.cpu() - before < _QUIET:
            return
