"""A model API that costs as little as it can: every answer is ``tokens`` words, so many a second.

``python -m benchmarks.upstream PORT``; the model's name is ``<tokens>@<per second>``, 0 for at once.
"""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One chunk of a chat completion, as a chunk of HTTP."""
    data = {
        "id": "chatcmpl-benchmark", "object": "chat.completion.chunk", "created": 1, "model": "benchmark",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }  # fmt: skip
    return framed(b"data: " + json.dumps(data).encode() + b"\n\n")


def framed(data: bytes) -> bytes:
    """One chunk of an HTTP body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


TOKEN = chunk({"content": " token"})
END = chunk({}, "stop") + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests on one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            model = json.loads(await reader.readexactly(length))["model"]
            tokens, rate = (int(number) for number in model.split("@"))
            writer.write(HEAD)
            loop = asyncio.get_running_loop()
            due = loop.time()
            for _ in range(tokens):
                if rate:
                    due += 1 / rate
                    await asyncio.sleep(max(0.0, due - loop.time()))
                writer.write(TOKEN)
            writer.write(END)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
