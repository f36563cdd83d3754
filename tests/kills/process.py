"""The processes that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path

import aiohttp

LIVETHREAD = [sys.executable, "-c", "from livethread.cli import main; main()"]
QUIET = {"LIVETHREAD_WORDS_PER_SECOND": "0", "LIVETHREAD_LOCAL_ENGINES": "0"}


class ServerProcess:
    """``livethread serve`` on one port and one data folder, started again and again.

    Args:
        data: the folder.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.logged = ""
        self._reading: asyncio.Task[None] | None = None
        self.process: asyncio.subprocess.Process | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and come back when it answers."""
        self.process = await asyncio.create_subprocess_exec(
            *LIVETHREAD, "serve", "--port", str(self.port), "--data", str(self.data),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=QUIET,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read_log(self.process))
        async with aiohttp.ClientSession() as session:
            for _ in range(1000):
                if self.process.returncode is not None:
                    raise RuntimeError(f"the server ended: {self.logged[-2000:]}")
                try:
                    async with session.get(f"{self.url}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)
        raise TimeoutError("the server did not answer within 20 s")

    async def end(self, number: signal.Signals) -> None:
        """Send it a signal and wait for its end."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            try:
                await asyncio.wait_for(self.process.wait(), 30)
            except TimeoutError:
                self.process.kill()
                raise
        if self._reading is not None:
            await self._reading

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(65536):
            self.logged += data.decode(errors="replace")

    async def kill_during(self, acting: Iterable[Awaitable[None]], moment: Awaitable[None]) -> None:
        """Kill it in the midst of something, and start it again.

        Args:
            acting: what goes on; that its calls fail is what a kill does to them.
            moment: comes back when the time has come.
        """
        tasks = [asyncio.ensure_future(one) for one in acting]
        await moment
        await self.end(signal.SIGKILL)
        await asyncio.wait(tasks, timeout=0.5)  # what was answered before is still read
        for task in tasks:
            task.cancel()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(error, Exception) and not isinstance(error, aiohttp.ClientError | OSError):
                raise error
        await self.start()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Started here; whatever happens, nothing of it is left behind."""
        await self.start()
        try:
            yield
        finally:
            await self.end(signal.SIGTERM)
