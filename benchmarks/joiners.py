"""1,000 viewers who come within one second, evenly, to a thread in which a model speaks 60 tokens a second.

The thread holds 10, 1,000 or 10,000 messages. A joiner's time runs from its `connect` to the first byte of its answer,
and to the end of its snapshot. ``python -m benchmarks.joiners``
"""

from __future__ import annotations

import argparse
import resource
import select
import socket
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks import process
from benchmarks.cores import divide
from benchmarks.figures import Bar, percentile
from benchmarks.process import Measured
from benchmarks.sheet import Sheet
from benchmarks.token_path.subjects import upstream
from benchmarks.wire import call, get

LENGTHS = (10, 1000, 10_000)
JOINERS, SECONDS, RATE = 1000, 1.0, 60
TEXT = "This is message %d of the thread, and about as long as a line."
FIRST50, FIRST, WHOLE, CPU, RATIO, LOAD = (
    "p50 ms to the first byte", "p99 ms to the first byte", "p99 ms to the snapshot", "server ms CPU/joiner",
    "CPU : with 1,000", "load client busy %",
)  # fmt: skip


class Joined(NamedTuple):
    """A second of joining.

    Args:
        first: milliseconds to the first byte, of each.
        whole: to the end of the snapshot.
        cpu: seconds that the server worked, for a joiner.
        load: the share of the time in which the load client was busy.
    """

    first: list[float]
    whole: list[float]
    cpu: float
    load: float


class Joiner:
    """One viewer.

    Args:
        address: of the server.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.began = time.monotonic()
        self.first = 0.0
        self.whole = 0.0
        self.asked = False
        self._end = b""
        self._begun = False
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    def ask(self, request: bytes) -> None:
        """It is connected."""
        self.asked = True
        self.socket.send(request)

    def read(self) -> None:
        """Something has come."""
        data = self.socket.recv(262_144)
        if not data:
            raise RuntimeError("a joiner was sent away")
        now = time.monotonic()
        self.first = self.first or now
        if not self.whole:
            seen = self._end + data
            begins = 0 if self._begun else seen.find(b"\nevent: thread.snapshot\n")
            self._begun = self._begun or begins >= 0
            if self._begun and b"\n\n" in seen[begins:]:
                self.whole = now
            self._end = seen[-30:]


def join(server: Measured, thread: str) -> Joined:
    """Let them come, read until each has its snapshot, and leave."""
    parts = urlsplit(server.url)
    address, request = (str(parts.hostname), int(parts.port or 80)), get(f"{thread}/events")
    poll, there = select.epoll(), dict[int, Joiner]()
    cpu, busy, began = server.cpu(), time.process_time(), time.monotonic()
    waiting = JOINERS
    while waiting:
        if (passed := time.monotonic() - began) > 30:
            raise TimeoutError(f"{waiting} joiners have no snapshot after 30 s")
        while len(there) < JOINERS and len(there) <= passed / SECONDS * JOINERS:
            joiner = Joiner(address)
            there[joiner.socket.fileno()] = joiner
            poll.register(joiner.socket.fileno(), select.EPOLLOUT)
        for number, _ in poll.poll(0.0005):
            joiner = there[number]
            if not joiner.asked:
                joiner.ask(request)
                poll.modify(number, select.EPOLLIN)
            else:
                waited = not joiner.whole
                joiner.read()
                waiting -= waited and bool(joiner.whole)
    took, cpu, busy = time.monotonic() - began, server.cpu() - cpu, time.process_time() - busy
    poll.close()
    for joiner in there.values():
        joiner.socket.close()
    first = [(joiner.first - joiner.began) * 1000 for joiner in there.values()]
    whole = [(joiner.whole - joiner.began) * 1000 for joiner in there.values()]
    return Joined(first, whole, cpu / JOINERS, busy / took)


def main() -> None:
    """Measure, and print every repetition."""
    options = argparse.ArgumentParser("python -m benchmarks.joiners", description=__doc__)
    options.add_argument("--repetitions", type=int, default=5)
    given = options.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    core = divide()
    sheet = Sheet("messages", {FIRST50: 1, FIRST: 1, WHOLE: 1, CPU: 2, RATIO: 2, LOAD: 0})
    with upstream() as direct, tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder:
        settings = {"LIVETHREAD_UPSTREAM_URL": f"{direct.process.url}/v1", "LIVETHREAD_MAX_BODY": str(2**30)}
        with process.livethread(Path(folder), settings, core=core) as server:
            assistant = call(f"{server.url}/v1/assistants", {"model": "any", "name": "benchmark"})["id"]
            threads = {length: _thread(server, length) for length in LENGTHS}
            for thread in threads.values():
                _measure(server, thread, assistant)  # to warm up
            for repetition in range(given.repetitions):
                _repeat(server, threads, assistant, sheet)
                print(f"### Repetition {repetition + 1}\n\n{sheet.repetition(repetition)}\n", flush=True)
    print(f"### Medians\n\n{sheet.medians()}\n")
    most = f"{LENGTHS[-1]:,}"
    print(f"    {Bar(f'p99 to the first byte with {most} messages', sheet.median(most, FIRST), 500, ' ms')}")
    print(f"    {Bar(f'CPU per joiner with {most} messages : with 1,000', sheet.median(most, RATIO), 1.15)}")


def _repeat(server: Measured, threads: dict[int, str], assistant: str, sheet: Sheet) -> None:
    joined = {length: _measure(server, thread, assistant) for length, thread in threads.items()}
    for length, each in joined.items():
        sheet.add(
            f"{length:,}", percentile(each.first, 0.5), percentile(each.first, 0.99), percentile(each.whole, 0.99),
            each.cpu * 1000, each.cpu / joined[1000].cpu, each.load * 100,
        )  # fmt: skip


def _measure(server: Measured, thread: str, assistant: str) -> Joined:
    run = call(f"{thread}/runs", {"assistant_id": assistant, "model": f"{100 * RATE}@{RATE}"})["id"]
    time.sleep(1.0)
    try:
        return join(server, thread)
    finally:
        call(f"{thread}/runs/{run}/cancel", {})
        time.sleep(1.0)


def _thread(server: Measured, length: int) -> str:
    messages = [{"role": "user", "content": TEXT % number} for number in range(length)]
    return f"{server.url}/v1/threads/{call(f'{server.url}/v1/threads', {'messages': messages})['id']}"


if __name__ == "__main__":
    main()
