"""Processes that are measured from outside, by the kernel's own accounting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


class Measured:
    """A process that serves on a port.

    Args:
        pid: of the process.
        url: where it is reached.
    """

    def __init__(self, pid: int, url: str) -> None:
        self.pid = pid
        self.url = url

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def memory(self) -> int:
        """Bytes of its own memory that are in use."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no Private_Dirty")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int, what: str) -> None:
    """Come back when something listens on a port.

    Args:
        port: which.
        what: is expected to.

    Raises:
        TimeoutError: nothing does within 30 s.
    """
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{what} did not listen within 30 s")


@contextmanager
def started(
    arguments: list[str], port: int, environment: Mapping[str, str] | None = None, *, core: int | None = None
) -> Iterator[Measured]:
    """A Python process that serves on a port, for as long as the block lasts.

    Args:
        arguments: of the interpreter.
        port: that it will listen on.
        environment: added to this process's own.
        core: the processor core that it and all its threads keep to; any if None.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        listening(port, str(arguments))
        yield Measured(process.pid, f"http://127.0.0.1:{port}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


@contextmanager
def livethread(
    folder: Path | str, environment: Mapping[str, str] | None = None, *, core: int | None = None
) -> Iterator[Measured]:
    """A Livethread server, for as long as the block lasts.

    Args:
        folder: its data.
        environment: settings.
        core: as for `started`.
    """
    port = free_port()
    serve = ["-c", "from livethread.cli import main; main()", "serve", "--port", str(port), "--data", str(folder)]
    with started(serve, port, {"LIVETHREAD_LOCAL_ENGINES": "false", **(environment or {})}, core=core) as process:
        yield process
