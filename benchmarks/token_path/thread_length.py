"""The cost of a token in threads that hold 1, 10, 100 and 1,000 messages already."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.figures import Bar
from benchmarks.plot import Panel
from benchmarks.sheet import Sheet
from benchmarks.token_path.measure import LONG, RATE, SHORT, STREAMS, answers, costs_of
from benchmarks.token_path.subjects import livethread
from benchmarks.wire import call, post

MESSAGES = (1, 10, 100, 1000)
TOKEN, RUN, RATIO = "µs/token", "ms/run besides", "µs/token : that with 1"
_TEXT = "This is message %d of the thread, and about as long as a line."


class ThreadLength:
    """The figures of all repetitions, each on a copy of the same data.

    Args:
        model_api: its base URL.
        folder: for the data.
        core: that the server keeps to.
    """

    def __init__(self, model_api: str, folder: Path, core: int | None) -> None:
        self._model_api = model_api
        self._folder = folder
        self._core = core
        self.sheet = Sheet("messages in the thread", {TOKEN: 1, RUN: 1, RATIO: 2})
        with livethread(model_api, folder, core) as server:
            url = server.process.url
            self._assistant = call(f"{url}/v1/assistants", {"model": "any", "name": "benchmark"})["id"]
            self._threads = {count: [_thread(url, count) for _ in range(STREAMS)] for count in MESSAGES}

    def repeat(self) -> None:
        """Measure every length once."""
        with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as copy:
            folder = shutil.copytree(self._folder, copy, dirs_exist_ok=True)
            with livethread(self._model_api, Path(folder), self._core) as server:
                answers(server.process, [server.request(f"{SHORT}@{10 * RATE}")] * 16, SHORT, 10 * RATE)
                first = 0.0
                for count, threads in self._threads.items():
                    long, short = (
                        answers(server.process, [self._run(server.process.url, id, f"{n}@{RATE}") for id in threads], n)
                        for n in (LONG, SHORT)
                    )
                    token, run = costs_of(short, long, (SHORT, LONG))
                    first = first or token
                    self.sheet.add(f"{count:,}", token, run, token / first)

    def _run(self, url: str, thread_id: str, model: str) -> bytes:
        return post(
            f"{url}/v1/threads/{thread_id}/runs", {"assistant_id": self._assistant, "model": model, "stream": True}
        )

    def bars(self) -> list[Bar]:
        """What may not grow."""
        most = f"{MESSAGES[-1]:,}"
        return [Bar(f"CPU per token with {most} messages : with 1", self.sheet.median(most, RATIO), 1.15)]

    def panels(self) -> list[Panel]:
        """The figures that a picture shows."""
        rows = [(f"{count:,}", self.sheet.all(f"{count:,}", TOKEN)) for count in MESSAGES]
        return [Panel("µs CPU per token, by messages in the thread", rows, 1)]


def _thread(url: str, count: int) -> str:
    messages = [{"role": "user", "content": _TEXT % number} for number in range(1, count + 1)]
    id: str = call(f"{url}/v1/threads", {"messages": messages})["id"]
    return id
