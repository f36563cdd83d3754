"""Requests a second and p99 of creating a thread, adding a message, and listing 20 of 100,000 messages.

Livethread beside a bare FastAPI handler that does one insert or one select, the repetitions interleaved.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import process
from benchmarks.cores import divide
from benchmarks.process import Measured, free_port, started
from benchmarks.rest.load import load
from benchmarks.sheet import Sheet
from benchmarks.wire import call, get, post

CONNECTIONS = 16
RATE, P50, P99, CPU = "requests/s", "p50 ms", "p99 ms", "ms CPU/request"


class Server(NamedTuple):
    """One of the two.

    Args:
        name: in the tables.
        process: that serves.
        listed: its thread with all the messages.
        threads: those that messages are added to.
    """

    name: str
    process: Measured
    listed: str
    threads: list[str]


@contextmanager
def livethread(folder: Path, messages: int, core: int | None) -> Iterator[Server]:
    """Livethread, with a thread of so many messages."""
    settings = {"LIVETHREAD_MAX_BODY": str(2**30)}
    with process.livethread(folder, settings, core=core) as measured:
        threads = f"{measured.url}/v1/threads"
        body = {"messages": [{"role": "user", "content": f"message {number}"} for number in range(messages)]}
        listed = call(threads, body)["id"]
        yield Server("Livethread", measured, listed, [call(threads, {})["id"] for _ in range(CONNECTIONS)])


@contextmanager
def bare(folder: Path, messages: int, core: int | None) -> Iterator[Server]:
    """The peer."""
    port = free_port()
    arguments = ["-m", "benchmarks.rest.peer", str(port), str(folder / "bare.db"), str(messages)]
    with started(arguments, port, core=core) as measured:
        threads = [f"thread_{number}" for number in range(CONNECTIONS)]
        yield Server("bare FastAPI + SQLite", measured, "thread_listed", threads)


def calls(server: Server) -> dict[str, Callable[[int], bytes]]:
    """What is asked of a server, each with the maker of its requests; no two that change something are equal."""
    threads = f"{server.process.url}/v1/threads"
    page = get(f"{threads}/{server.listed}/messages?limit=20")

    def add(number: int) -> bytes:
        thread = server.threads[number % len(server.threads)]
        return post(f"{threads}/{thread}/messages", {"role": "user", "content": f"This is message {number}."})

    return {
        "create a thread": lambda number: post(threads, {"metadata": {"number": str(number)}}),
        "add a message": add,
        "list 20 messages": lambda number: page,
    }


def main() -> None:
    """Measure, and print every repetition."""
    options = argparse.ArgumentParser("python -m benchmarks.rest", description=__doc__)
    options.add_argument("--repetitions", type=int, default=3)
    options.add_argument("--messages", type=int, default=100_000, help="in the thread that is listed")
    options.add_argument("--requests", type=int, default=3000, help="of each measurement, at most")
    options.add_argument("--seconds", type=float, default=10.0, help="of each measurement, at most")
    given = options.parse_args()
    core = divide()
    sheet = Sheet(f"{CONNECTIONS} connections", {RATE: 0, P50: 2, P99: 2, CPU: 2})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="livethread-benchmark-")))
        servers = [stack.enter_context(start(folder, given.messages, core)) for start in (bare, livethread)]
        repeat(Sheet("to warm up", sheet.columns), servers, given.requests, given.seconds)
        for repetition in range(given.repetitions):
            repeat(sheet, servers, given.requests, given.seconds)
            print(f"### Repetition {repetition + 1}\n\n{sheet.repetition(repetition)}\n", flush=True)
    print(f"### Medians, {given.messages:,} messages in the listed thread\n\n{sheet.medians()}\n")
    for name in calls(servers[0]):
        peer, ours = (f"{name}, {server.name}" for server in servers)
        rate, cpu = (sheet.median(ours, column) / sheet.median(peer, column) for column in (RATE, CPU))
        print(f"    {name}: {rate:.2f} of the peer's requests/s, {cpu:.1f} times its CPU")


def repeat(sheet: Sheet, servers: list[Server], count: int, seconds: float) -> None:
    """Measure every call of every server once."""
    for name in calls(servers[0]):
        for server in servers:
            request, before = calls(server)[name], server.process.cpu()
            result = load(server.process.url, request, connections=CONNECTIONS, count=count, seconds=seconds)
            cpu = (server.process.cpu() - before) / result.answers
            rate = result.answers / result.seconds
            sheet.add(f"{name}, {server.name}", rate, result.p50, result.p99, cpu * 1e3)


if __name__ == "__main__":
    main()
