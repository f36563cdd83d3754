"""What a token, a run and an idle viewer cost, beside a bare ASGI pass-through in the same run.

64 streams at 60 tokens/s. The cost of a token is the slope between short and long answers, so that what a
run costs besides does not count; that is the rest of the short answers.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack

import aiohttp

from benchmarks import figures
from benchmarks.process import Measured, free_port, livethread, started

STREAMS = 64
RATE = 60
SHORT, LONG = 60, 360
IDLE = 1000


async def livethread_answers(subject: Measured, tokens: int) -> None:
    """Threads with a run each, streamed to whoever started them."""
    async with _session() as session:
        body = {"model": f"{tokens}@{RATE}", "name": "benchmark"}
        async with session.post(f"{subject.url}/v1/assistants", json=body) as answer:
            assistant_id = (await answer.json())["id"]
        thread = {"messages": [{"role": "user", "content": "go"}]}
        run = {"assistant_id": assistant_id, "thread": thread, "stream": True}
        await asyncio.gather(*(_post(session, f"{subject.url}/v1/threads/runs", run, tokens) for _ in range(STREAMS)))


async def passthrough_answers(subject: Measured, tokens: int) -> None:
    """The same answers, passed through."""
    async with _session() as session:
        body = {"model": f"{tokens}@{RATE}"}
        await asyncio.gather(*(_post(session, f"{subject.url}/", body, tokens) for _ in range(STREAMS)))


async def _post(session: aiohttp.ClientSession, url: str, body: object, tokens: int) -> None:
    async with session.post(url, json=body) as answer:
        text = await answer.read()
    assert text.count(b" token") in (tokens, 2 * tokens), text[-500:]  # a run says it all again when it is complete


async def idle_livethread(subject: Measured) -> float:
    """Bytes for each viewer of one quiet thread."""
    async with _session() as session:
        async with session.post(f"{subject.url}/v1/threads") as answer:
            thread_id = (await answer.json())["id"]
        return await _idle(session, subject, f"{subject.url}/v1/threads/{thread_id}/events")


async def idle_passthrough(subject: Measured) -> float:
    """Bytes for each open stream."""
    async with _session() as session:
        return await _idle(session, subject, subject.url)


async def _idle(session: aiohttp.ClientSession, subject: Measured, url: str) -> float:
    async def look() -> aiohttp.ClientResponse:
        answer = await session.get(url)
        await answer.content.readany()
        return answer

    warm = [await look() for _ in range(50)]
    await asyncio.sleep(0.5)
    before = subject.memory()
    answers = [await look() for _ in range(IDLE)]
    await asyncio.sleep(0.5)
    cost = (subject.memory() - before) / IDLE
    for answer in [*warm, *answers]:
        answer.close()
    await asyncio.sleep(0.5)
    return cost


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None), read_bufsize=4096
    )


def costs(subject: Measured, answers: Callable[[Measured, int], object]) -> tuple[float, float]:
    """Processor time: microseconds for each token, and milliseconds for each run besides."""

    def spent(tokens: int) -> float:
        before = subject.cpu()
        asyncio.run(answers(subject, tokens))  # type: ignore[arg-type]
        return subject.cpu() - before

    return figures.costs(spent(SHORT), spent(LONG), runs=STREAMS, short=SHORT, long=LONG)


def repetition(upstream: str) -> list[tuple[float, float]]:
    """One measurement of both, each in a fresh process: a used one has memory left over."""
    bare_port = free_port()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="livethread-benchmark-"))
        ours = stack.enter_context(livethread(folder, {"LIVETHREAD_UPSTREAM_URL": upstream}))
        bare = stack.enter_context(started(["-m", "benchmarks.passthrough", str(bare_port), upstream], bare_port))
        idle = asyncio.run(idle_livethread(ours)) / 1024, asyncio.run(idle_passthrough(bare)) / 1024
        asyncio.run(livethread_answers(ours, SHORT))
        asyncio.run(passthrough_answers(bare, SHORT))
        ours_cost, bare_cost = costs(ours, livethread_answers), costs(bare, passthrough_answers)
    return [(ours_cost[0], bare_cost[0]), (ours_cost[1], bare_cost[1]), idle]


def main(repetitions: int) -> None:
    """Measure, and print every repetition."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    port = free_port()
    print(f"{STREAMS} streams at {RATE} tokens/s, answers of {SHORT} and {LONG} tokens; {IDLE} idle viewers")
    print(f"{'':14} {'us CPU/token':>26} {'ms CPU/run besides':>26} {'KB/idle viewer':>26}")
    rows = []
    with started(["-m", "benchmarks.upstream", str(port)], port):
        for number in range(repetitions):
            rows.append(repetition(f"http://127.0.0.1:{port}/v1"))
            print(f"repetition {number + 1:<3} " + " ".join(f"{_pair(pair):>26}" for pair in rows[-1]), flush=True)
    columns = zip(*rows, strict=True)
    medians = [(statistics.median(a for a, _ in column), statistics.median(b for _, b in column)) for column in columns]
    print(f"{'median':14} " + " ".join(f"{_pair(pair):>26}" for pair in medians))


def _pair(pair: tuple[float, float]) -> str:
    ratio = f"{pair[0] / pair[1]:.2f}" if pair[1] > 0.05 else "-"
    return f"{pair[0]:.1f} : {pair[1]:.1f} = {ratio}"
