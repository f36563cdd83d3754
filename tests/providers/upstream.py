"""A fake model API: a raw socket that answers each request by playing a list of steps."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any


class Do(Enum):
    """What a script can do besides sending bytes; at its end the connection is closed in good order."""

    RESET = "send a TCP reset"
    HANG = "send nothing more until the client has left"
    NEXT = "keep the connection for the next request"


Step = bytes | asyncio.Event | Do
"""Bytes are sent as they are, an event is waited for."""


@dataclass
class Asked:
    """A request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body, parsed."""
        return json.loads(self.body)


@dataclass
class Upstream:
    """Plays one script for each request in turn, the last one for all others too."""

    scripts: list[list[Step]]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    async def __aenter__(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def requests(self, count: int) -> None:
        """Wait until so many requests have come in."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.asked) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        script = self.scripts[min(len(self.asked), len(self.scripts) - 1)]
        async with self._came:
            self.asked.append(Asked(head[0], headers, body))
            self._came.notify_all()
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, asyncio.Event):
                await step.wait()
            elif step is Do.RESET:
                # Lingering for no time is what makes the kernel send a reset.
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            elif step is Do.HANG:
                await reader.read()
                self.left.set()
            else:
                return True
        return False


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
OPEN = STREAM + b"Connection: close\r\n\r\n"
"""The head of a stream that ends with its connection."""
CHUNKED = STREAM + b"Transfer-Encoding: chunked\r\n\r\n"
"""The head of a stream in chunks, so that a cut can be told from an end."""
DONE = b"data: [DONE]\n\n"


def piece(data: bytes) -> bytes:
    """One chunk of a chunked body; an empty one ends it."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data: Any) -> bytes:
    """A server-sent event with JSON, or with the very bytes given."""
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def delta(finish: str | None = None, **fields: Any) -> bytes:
    """A chunk as most engines send it."""
    choice = {"index": 0, "delta": fields, "logprobs": None, "finish_reason": finish}
    return event(
        {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], "usage": None}
    )


def call(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> bytes:
    """A chunk with a piece of one tool call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fields = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return delta(tool_calls=[{**fields, "type": "function", "function": function}])


def usage(prompt: int, completion: int, **more: Any) -> bytes:
    """The chunk without choices that reports the usage."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return event({"id": "c-1", "object": "chat.completion.chunk", "choices": [], "usage": {**counts, **more}})


def plain(status: str, body: Any, type: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {type}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data
