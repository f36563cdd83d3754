"""One measurement: what answers cost the process that gives them, and how old their tokens are when they come."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import costs, percentile
from benchmarks.process import Measured
from benchmarks.token_path.reader import ages, read_all

STREAMS = 64
RATE = 60
SHORT, LONG, LONGEST = 60, 360, 2000


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of answers to all streams at once.

    Args:
        cpu: seconds of processor time that they took.
        share: of one core's time, over the whole of it.
        joined: tokens that a reader found at a time.
        p50: of the tokens' age, in ms.
        p99: likewise.
        memory: bytes in use when half of it was over.
    """

    cpu: float
    share: float
    joined: float
    p50: float
    p99: float
    memory: int


def answers(process: Measured, requests: Sequence[bytes], tokens: int, rate: int = RATE) -> Answers:
    """Send requests all at once and read their answers.

    Args:
        process: that answers.
        requests: ready for the wire.
        tokens: of each answer.
        rate: of its tokens a second, or 0 for at once.
    """
    memory: list[int] = []
    half = threading.Timer(tokens / rate / 2 if rate else 0, lambda: memory.append(process.memory()))
    cpu, begun = process.cpu(), time.monotonic()
    half.start()
    readers = read_all(process.url, requests, tokens, within=60 + 4 * tokens / (rate or RATE))
    took = time.monotonic() - begun
    cpu = process.cpu() - cpu
    half.join()
    aged = ages(readers)
    joined = sum(len(reader.came) for reader in readers) / sum(reader.reads for reader in readers)
    return Answers(cpu, cpu / took, joined, percentile(aged, 0.5), percentile(aged, 0.99), memory[0])


def costs_of(short: Answers, long: Answers, tokens: tuple[int, int], streams: int = STREAMS) -> tuple[float, float]:
    """Microseconds of processor time for each token, and milliseconds for each run besides."""
    return costs(short.cpu, long.cpu, runs=streams, short=tokens[0], long=tokens[1])
