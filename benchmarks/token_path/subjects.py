"""What is measured: the upstream itself, two pass-throughs, and Livethread, all asked for the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import process
from benchmarks.process import Measured, free_port, started
from benchmarks.wire import call, post

DIRECT, BARE, SDK, OURS = "direct", "bare pass-through", "openai SDK pass-through", "Livethread"


class Subject(NamedTuple):
    """Something that answers.

    Args:
        name: in the tables.
        process: that answers.
        request: the request for an answer by a model of this name, ready for the wire.
    """

    name: str
    process: Measured
    request: Callable[[str], bytes]


@contextmanager
def upstream() -> Iterator[Subject]:
    """The model API."""
    port = free_port()
    with started(["-m", "benchmarks.token_path.upstream", str(port)], port) as measured:
        path = f"{measured.url}/v1/chat/completions"
        yield Subject(DIRECT, measured, lambda model: post(path, {"model": model}))


@contextmanager
def proxies(model_api: str, folder: Path, core: int | None) -> Iterator[list[Subject]]:
    """The peers and Livethread, each in a fresh process.

    Args:
        model_api: its base URL.
        folder: Livethread's data.
        core: that they keep to.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(_peer(BARE, "benchmarks.passthrough", model_api, core)),
            stack.enter_context(_peer(SDK, "benchmarks.token_path.sdk_passthrough", model_api, core)),
            stack.enter_context(livethread(model_api, folder, core)),
        ]


@contextmanager
def _peer(name: str, module: str, model_api: str, core: int | None) -> Iterator[Subject]:
    port = free_port()
    with started(["-m", module, str(port), model_api], port, core=core) as measured:
        yield Subject(name, measured, lambda model: post(f"{measured.url}/", {"model": model}))


@contextmanager
def livethread(model_api: str, folder: Path, core: int | None = None, *, counted: bool = False) -> Iterator[Subject]:
    """Livethread: every answer is a run of a new thread, streamed to whoever created it.

    Args:
        model_api: its base URL.
        folder: the data.
        core: that it keeps to.
        counted: it tells its transactions; see `benchmarks.token_path.counted`.
    """
    environment = {"LIVETHREAD_UPSTREAM_URL": model_api}
    if counted:
        port = free_port()
        server = started(["-m", "benchmarks.token_path.counted", str(port), str(folder)], port, environment)
    else:
        server = process.livethread(folder, environment, core=core)
    with server as measured:
        yield Subject(OURS, measured, create_and_run(measured.url))


def create_and_run(url: str) -> Callable[[str], bytes]:
    """Requests for runs of new threads on a Livethread server."""
    assistant = call(f"{url}/v1/assistants", {"model": "any", "name": "benchmark"})["id"]
    thread = {"messages": [{"role": "user", "content": "go"}]}

    def request(model: str) -> bytes:
        run = {"assistant_id": assistant, "model": model, "thread": thread, "stream": True}
        return post(f"{url}/v1/threads/runs", run)

    return request
