"""A model API that answers each question as a test says, and knows when its reader has gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

_PATIENCE = 20.0


class Spoken:
    """The answer to one question."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        """Whether its reader has left before its end."""
        self._said: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def say(self, *texts: str | None) -> None:
        """Say so much, each text as one chunk."""
        for text in texts:
            self._said.put_nowait({"delta": {"content": text}, "finish_reason": None})

    def end(self, reason: str = "stop") -> None:
        """Be done."""
        self._said.put_nowait({"delta": {}, "finish_reason": reason})
        self._said.put_nowait(None)

    def cut(self) -> None:
        """Break off: the stream ends without a finish reason."""
        self._said.put_nowait(None)

    def drop(self) -> None:
        """Break off in the middle of a chunk, as a process that is killed does."""
        self._said.put_nowait({"dropped": True})

    async def left(self) -> None:
        """Go on talking until the reader has gone."""
        async with asyncio.timeout(_PATIENCE):
            while not self.gone.is_set():
                self.say("…")
                await asyncio.sleep(0.02)

    async def write(self, answer: web.StreamResponse, line: asyncio.Transport | None) -> None:
        """Write what is said, as it is said."""
        try:
            while (choice := await self._said.get()) is not None:
                if "dropped" in choice and line is not None:
                    await answer.write(b'data: {"id"')
                    line.abort()
                    return
                # One without a choice stands before each, as some engines send them.
                for choices in ([], [{"index": 0, **choice}]):
                    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
                    await answer.write(b"data: " + json.dumps({**chunk, "choices": choices}).encode() + b"\n\n")
            await answer.write(b"data: [DONE]\n\n")
        except ConnectionError:
            self.gone.set()


class Upstream:
    """The API; its address is ``OPENAI_BASE_URL`` without the ``/v1``."""

    def __init__(self) -> None:
        self.url = ""
        self.refusing = False
        self.questions: list[str] = []
        """All that was asked, in order."""
        self._asked: defaultdict[str, asyncio.Queue[Spoken]] = defaultdict(asyncio.Queue)

    async def asked(self, question: str) -> Spoken:
        """The next time that this is asked."""
        async with asyncio.timeout(_PATIENCE):
            return await self._asked[question].get()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Upstream]:
        """Listening on a free port."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        question: str = (await request.json())["messages"][-1]["content"]
        self.questions.append(question)
        if self.refusing:
            return web.json_response({"error": {"message": "no such key: sk-secret"}}, status=401)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        spoken = Spoken()
        self._asked[question].put_nowait(spoken)
        await spoken.write(answer, request.transport)
        return answer
