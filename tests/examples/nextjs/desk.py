"""What a function of the app asks, and a test answers: so a call takes as long as the test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web


class Call:
    """One call of the function."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def give(self, text: str) -> None:
        """Have it return this."""
        self.answer.set_result(text)


class Desk:
    """Where the function asks; one that is called twice is answered twice."""

    def __init__(self) -> None:
        self.url = ""
        self.calls = 0
        self._asked: asyncio.Queue[Call] = asyncio.Queue()

    async def asked(self) -> Call:
        """The next call."""
        async with asyncio.timeout(20):
            return await self._asked.get()

    def add_to(self, folder: Path) -> None:
        """Give a copy of the example a function, ``ask_the_desk``, as its reader would."""
        path = folder / "lib" / "functions.ts"
        text, list_ = path.read_text(encoding="utf-8"), "const FUNCTIONS: Record<string, Callable> = {\n"
        assert text.count(list_) == 1
        call = f'async () => (await fetch("{self.url}/")).text()'
        entry = f'  ask_the_desk: {{ description: "Ask the desk.", properties: {{}}, call: {call} }},\n'
        path.write_text(text.replace(list_, list_ + entry), encoding="utf-8")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Desk]:
        """Listening on a free port."""
        app = web.Application()
        app.router.add_get("/", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        call = Call()
        self.calls += 1
        self._asked.put_nowait(call)
        return web.Response(text=await call.answer, headers={"Access-Control-Allow-Origin": "*"})
