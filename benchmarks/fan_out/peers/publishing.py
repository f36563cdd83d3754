"""What the publishers written in Python share: the event, and what they are told on their standard input.

``topics N`` is answered with what a viewer of each asks with (see ``load.c``); ``publish BATCH RATE SECONDS`` with how
many events there were. With a rate, each event is published when it is due. Without, every topic gets a batch in one
turn of the loop, and the next when that was handed out.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

_EVENT = (
    b"event: thread.message.delta\n"
    b'data: {"id":"msg_A1b2C3d4E5f6G7h8I9j0K1l2","object":"thread.message.delta","delta":{"content":'
    b'[{"index":0,"type":"text","text":{"value":"%b"}}]}}\nid: 7.k3f9~5.0.%05x\n\n'
)


def text(due: int) -> str:
    """The text of an event that was due at this time (nanoseconds of the monotonic clock)."""
    return f"@{due:016d}; token"


def event(due: int, number: int) -> bytes:
    """The event as a Livethread server would send it."""
    return _EVENT % (text(due).encode(), number & 0xFFFFF)


def thread_event(due: int, number: int) -> dict[str, Any]:
    """The same as a Livethread server would tell it over Socket.IO."""
    value = [{"index": 0, "type": "text", "text": {"value": text(due)}}]
    data = {"id": "msg_A1b2C3d4E5f6G7h8I9j0K1l2", "object": "thread.message.delta", "delta": {"content": value}}
    id = f"7.k3f9~5.0.{number & 0xFFFFF:05x}"
    return {"thread_id": "thread_A1b2C3d4E5f6G7h8I9j0K1l2", "id": id, "event": "thread.message.delta", "data": data}


class Publisher(NamedTuple):
    """How a server publishes.

    Args:
        begin: make so many topics, without viewers yet; what a viewer of each asks with.
        publish: hand the event with this number, due at that time, to the viewers of a topic.
        handed_out: come back when all that was published has been written to its viewers.
        joins: whether events may be joined from now on, for a server that does it by itself.
    """

    begin: Callable[[int], Awaitable[list[str]]]
    publish: Callable[[int, int, int], Awaitable[None] | None]
    handed_out: Callable[[], Awaitable[None]]
    joins: Callable[[bool], None] = lambda joins: None


async def obey(publisher: Publisher) -> None:
    """Do what is asked for, until the input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    topics = 0
    while line := (await reader.readline()).decode():
        command, *numbers = line.split()
        if command == "topics":
            topics = int(numbers[0])
            answer = " ".join(await publisher.begin(topics))
        else:
            batch, rate, seconds = int(numbers[0]), float(numbers[1]), float(numbers[2])
            publisher.joins(batch > 1 or rate > 0)
            run = _paced(publisher, topics, rate, seconds) if rate else _pressed(publisher, topics, batch, seconds)
            answer = f"published {await run}"
        print(answer, flush=True)


async def _pressed(publisher: Publisher, topics: int, batch: int, seconds: float) -> int:
    number, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for topic in range(topics):
            due = time.monotonic_ns()
            for _ in range(batch):
                wait = publisher.publish(topic, due, number)
                if wait is not None:
                    await wait
                number += 1
        await publisher.handed_out()
    return number


async def _paced(publisher: Publisher, topics: int, rate: float, seconds: float) -> int:
    number, begun = 0, time.monotonic_ns()
    gap = 1e9 / rate
    end = begun + int(seconds * 1e9)
    while (now := time.monotonic_ns()) < end:
        while (due := begun + int(number * gap)) <= now:
            wait = publisher.publish(number % topics, due, number)
            if wait is not None:
                await wait
            number += 1
        await asyncio.sleep((due - now) / 1e9)
    return number
