"""1,000 viewers of one thread while a model speaks 60 tokens a second, and 100 of them are slow.

Each repetition measures several crowds, each with a fresh server: without slow ones, with each kind of them, and
without them again, whose two p99s show how far two equal runs lie apart.
"""

from __future__ import annotations

import argparse
import math
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import process
from benchmarks.cores import divide
from benchmarks.figures import Bar, percentile
from benchmarks.process import Measured
from benchmarks.sheet import Sheet
from benchmarks.slow_viewers.audience import Audience
from benchmarks.slow_viewers.slow import KINDS, Slow
from benchmarks.token_path.subjects import upstream
from benchmarks.wire import call

RATE = 60
SETTLING = 3.0
"""Seconds in which a run begins, and does not count."""

WITHOUT, AGAIN = "without slow viewers", "without, again"
P50, P99, GREW, KERNEL, READ, CPU, LOAD = (
    "p50 ms", "p99 ms", "server grew by, KB", "KB/slow viewer in the kernel", "bytes/s read by a slow viewer",
    "server busy %", "load client busy %",
)  # fmt: skip

RATIO, EACH = "p99 : without", "KB/slow viewer"


class Crowd(NamedTuple):
    """What came of one crowd.

    Args:
        ages: of the tokens when they came to those who read at once, in milliseconds.
        grew: KB of the server's own memory, from before the run.
        kernel: KB that the kernel held for a slow viewer at the end.
        read: bytes a second that a slow viewer has read.
        cpu: the share of a core that the server took.
        load: the share that the load client took.
    """

    ages: list[float]
    grew: float
    kernel: float
    read: float
    cpu: float
    load: float


def watch(model_api: str, core: int | None, fast: int, slow: Slow, count: int, seconds: float) -> Crowd:
    """One thread with one run, on a fresh server; of the kind of slow viewers there are so many."""
    with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder:
        settings = {"LIVETHREAD_UPSTREAM_URL": model_api}
        with process.livethread(Path(folder), settings, core=core) as server:
            assistant = call(f"{server.url}/v1/assistants", {"model": "any", "name": "benchmark"})["id"]
            thread_id = call(f"{server.url}/v1/threads", {})["id"]
            thread = f"{server.url}/v1/threads/{thread_id}"
            call(f"{thread}/messages", {"role": "user", "content": "go"})
            audience = Audience(server.url, thread_id, fast, slow, count)
            time.sleep(0.5)
            before = server.memory()
            tokens = int((SETTLING + seconds + 5) * RATE)
            call(f"{thread}/runs", {"assistant_id": assistant, "model": f"{tokens}@{RATE}"})
            audience.read(SETTLING, note=False)
            read, cpu = audience.read_slowly, server.cpu()
            load = audience.read(seconds, note=True)
            cpu, read = server.cpu() - cpu, audience.read_slowly - read
            grew, kernel = server.memory() - before, _queued(server, audience.slow_ports)
            connected = len(audience.slow_ports) or math.nan
            audience.close()
    ages = [age / 1000 for age in audience.ages]
    return Crowd(ages, grew / 1024, kernel / 1024 / connected, read / seconds / connected, cpu / seconds, load)


def _queued(server: Measured, ports: set[int]) -> int:
    """Bytes that the kernel holds for these clients of a server, unsent or unacknowledged."""
    own, total = int(server.url.rpartition(":")[2]), 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if int(local.partition(":")[2], 16) == own and int(remote.partition(":")[2], 16) in ports:
            total += int(queues.partition(":")[0], 16)
    return total


def main() -> None:
    """Measure, and print every repetition."""
    options = argparse.ArgumentParser("python -m benchmarks.slow_viewers", description=__doc__)
    options.add_argument("--repetitions", type=int, default=5)
    options.add_argument("--viewers", type=int, default=1000, help="in all")
    options.add_argument("--slow", type=int, default=100, help="of them")
    options.add_argument(
        "--seconds", type=float, default=20.0, help="of each measurement; who takes nothing is cut at 45"
    )
    names = [kind.name for kind in KINDS]
    options.add_argument("--only", choices=names, nargs="+", default=names, metavar="KIND", help=", ".join(names))
    given = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    core = divide()
    fast, kinds = given.viewers - given.slow, [kind for kind in KINDS if kind.name in given.only]
    crowds = [(WITHOUT, KINDS[0], 0), *((kind.name, kind, given.slow) for kind in kinds), (AGAIN, KINDS[0], 0)]
    sheet = Sheet(f"{fast} viewers", {P50: 2, P99: 2, GREW: 0, KERNEL: 1, READ: 0, CPU: 0, LOAD: 0})
    pairs = Sheet("of each repetition", {RATIO: 2, EACH: 1})
    with upstream() as direct:
        model_api = f"{direct.process.url}/v1"
        for repetition in range(given.repetitions):
            seen = {name: watch(model_api, core, fast, kind, slow, given.seconds) for name, kind, slow in crowds}
            for name, crowd in seen.items():
                sheet.add(
                    name, percentile(crowd.ages, 0.5), percentile(crowd.ages, 0.99), crowd.grew, crowd.kernel,
                    crowd.read, crowd.cpu * 100, crowd.load * 100,
                )  # fmt: skip
            alone, without = percentile(seen[WITHOUT].ages, 0.99), (seen[WITHOUT].grew + seen[AGAIN].grew) / 2
            for name, _, slow in crowds[1:]:
                each = (seen[name].grew - without) / (slow or math.nan)
                pairs.add(name, percentile(seen[name].ages, 0.99) / alone, each)
            print(f"### Repetition {repetition + 1}\n\n{sheet.repetition(repetition)}\n", flush=True)
    print(f"### Medians\n\n{sheet.medians()}\n\n{pairs.medians()}\n")
    for name in given.only:
        print(f"    {Bar(f'{name}: growth of the server for each', pairs.median(name, EACH), 64, ' KB')}")
        print(f"    {Bar(f'{name}: p99 of the others, with them : without', pairs.median(name, RATIO), 1.25)}")
    spread = pairs.all(AGAIN, RATIO)
    print(f"    two equal runs: {pairs.median(AGAIN, RATIO):.2f}, from {min(spread):.2f} to {max(spread):.2f}")


if __name__ == "__main__":
    main()
