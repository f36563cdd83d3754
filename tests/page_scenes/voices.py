"""A model API whose models say what a test puts into their mouths, piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web


class Voice:
    """One answer that was asked for."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()

    def say(self, text: str) -> None:
        """Say a piece, as one chunk."""
        self._pieces.put_nowait(text)

    def end(self) -> None:
        """Be done."""
        self._pieces.put_nowait(None)

    async def chunks(self) -> AsyncIterator[dict[str, Any]]:
        """What goes over the wire."""
        while (text := await self._pieces.get()) is not None:
            yield {"delta": {"content": text}, "finish_reason": None}
        yield {"delta": {}, "finish_reason": "stop"}


class Voices:
    """The API; its address is what an upstream's ``url`` is."""

    def __init__(self) -> None:
        self.url = ""
        self._asked: defaultdict[str, asyncio.Queue[Voice]] = defaultdict(asyncio.Queue)

    async def asked(self, model: str) -> Voice:
        """The next answer that is asked of a model."""
        async with asyncio.timeout(20):
            return await self._asked[model].get()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Voices]:
        """Listening on a free port."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        voice = Voice()
        self._asked[(await request.json())["model"]].put_nowait(voice)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):  # the run was stopped
            async for choice in voice.chunks():
                chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]}
                await answer.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            await answer.write(b"data: [DONE]\n\n")
        return answer
