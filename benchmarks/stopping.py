"""How long after a stop all viewers have seen it: three assistants answer in parallel, ten viewers look on.

The time runs from when the POST is sent to when the last viewer has read that the last of the three runs is cancelled.
``python -m benchmarks.stopping``
"""

from __future__ import annotations

import argparse
import select
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import process
from benchmarks.cores import divide
from benchmarks.figures import Bar
from benchmarks.process import Measured
from benchmarks.token_path.subjects import upstream
from benchmarks.wire import call, get

VIEWERS, RUNS, RATE = 10, 3, 60
CANCELLED = b"\nevent: thread.run.cancelled\n"


def stop(server: Measured, thread: str, assistant: str) -> float:
    """Milliseconds from the stop to the last viewer."""
    viewers = [_viewer(server, thread) for _ in range(VIEWERS)]
    try:
        runs: list[str | dict[str, str]] = [
            {"assistant_id": assistant, "model": f"{100 * RATE}@{RATE}"} for _ in range(RUNS)
        ]
        call(f"{thread}/turns", {"message": "Tell it.", "assistants": runs})
        time.sleep(1.0)  # all of them speak
        for viewer in viewers:
            viewer.setblocking(False)
            while select.select([viewer], [], [], 0)[0] and viewer.recv(1 << 20):
                pass
        began = time.monotonic()
        asking = threading.Thread(target=call, args=(f"{thread}/stop", {}))
        asking.start()
        _seen(viewers)
        took = time.monotonic() - began
        asking.join(10)
        return took * 1000
    finally:
        for viewer in viewers:
            viewer.close()


def _viewer(server: Measured, thread: str) -> socket.socket:
    parts = urlsplit(server.url)
    viewer = socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=10)
    viewer.sendall(get(f"{thread}/events"))
    read = b""
    while b"event: thread.snapshot" not in read:
        read += viewer.recv(1 << 16)
    return viewer


def _seen(viewers: list[socket.socket]) -> None:
    """Come back when each has read that all runs are cancelled."""
    waits, read = set(viewers), dict.fromkeys(viewers, b"")
    end = time.monotonic() + 10
    while waits:
        if time.monotonic() > end:
            raise TimeoutError(f"{len(waits)} viewers have not seen the stop within 10 s")
        for viewer in select.select(waits, [], [], 0.5)[0]:
            read[viewer] += viewer.recv(1 << 20)
            if read[viewer].count(CANCELLED) == RUNS:
                waits.remove(viewer)


def main() -> None:
    """Measure, and print every repetition."""
    options = argparse.ArgumentParser("python -m benchmarks.stopping", description=__doc__)
    options.add_argument("--repetitions", type=int, default=20)
    given = options.parse_args()
    core = divide()
    with upstream() as direct, tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder:
        settings = {"LIVETHREAD_UPSTREAM_URL": f"{direct.process.url}/v1"}
        with process.livethread(Path(folder), settings, core=core) as server:
            assistant = call(f"{server.url}/v1/assistants", {"model": "any", "name": "benchmark"})["id"]
            took = []
            for _ in range(given.repetitions + 1):
                thread = f"{server.url}/v1/threads/{call(f'{server.url}/v1/threads', {})['id']}"
                took.append(stop(server, thread, assistant))
    took = took[1:]  # the first warms up
    print(f"{RUNS} runs stopped, {VIEWERS} viewers: ms to the last of them, each time")
    print("; ".join(f"{each:.1f}" for each in took))
    print(f"median {statistics.median(took):.1f} ms\n\n    {Bar('the slowest stop', max(took), 100, ' ms')}")


if __name__ == "__main__":
    main()
