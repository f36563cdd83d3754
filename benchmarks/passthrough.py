"""The peer: a bare ASGI app that streams a model's answer on, with the same libraries and nothing else.

No storage, no other viewers, no resuming. ``python -m benchmarks.passthrough PORT UPSTREAM``.
"""

from __future__ import annotations

import json
import sys
from json.encoder import encode_basestring_ascii
from typing import Any

import aiohttp
import msgspec
import uvicorn

HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


_decode = msgspec.json.Decoder(_Chunk).decode


def delta(text: str) -> bytes:
    """A piece of text as the event that Livethread's viewers get."""
    return (
        b'event: thread.message.delta\ndata: {"id":"msg_A1b2C3d4E5f6G7h8I9j0K1l2","object":'
        b'"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":'
        + encode_basestring_ascii(text).encode()
        + b"}}]}}\nid: 9.abcd~8.0.a\n\n"
    )


class PassThrough:
    """POST: one answer, token by token. GET: a stream that stays open and silent.

    Args:
        upstream: the model API's base URL.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["method"] == "POST":
            body = b""
            while (message := await receive()).get("body") or message.get("more_body"):
                body += message["body"]
                if not message.get("more_body"):
                    break
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self.stream(json.loads(body)["model"], send)
            await send({"type": "http.response.body", "body": b"event: done\ndata: [DONE]\n\n"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b":\n", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass

    async def stream(self, model: str, send: Any) -> None:
        """Pass an answer on."""
        self.session = self.session or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with self.session.post(f"{self.upstream}/chat/completions", json={"model": model}) as answer:
            rest = b""
            async for data in answer.content.iter_any():
                *blocks, rest = (rest + data).split(b"\n\n")
                out = b""
                for block in blocks:
                    if block != b"data: [DONE]" and (text := _decode(block[6:]).choices[0].delta.content):
                        out += delta(text)
                if out:
                    await send({"type": "http.response.body", "body": out, "more_body": True})


def serve(app: PassThrough, port: int) -> None:
    """Serve until killed, on the same uvicorn as Livethread."""
    uvicorn.run(app, port=port, http="httptools", lifespan="off", log_level="warning", access_log=False)


if __name__ == "__main__":
    serve(PassThrough(sys.argv[2]), int(sys.argv[1]))
