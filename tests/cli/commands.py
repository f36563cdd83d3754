"""A command of ours as a process, with pipes at both its ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LIVETHREAD = str(Path(sys.executable).with_name("livethread"))
OURS = ("LIVETHREAD_", "OPENAI_", "PYTHONUNBUFFERED")
QUIET = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


class Command:
    """A running command.

    Args:
        process: itself.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self.process = process
        self.printed = ""
        """All that was read of what it has printed."""
        self._out, self._in = process.stdout, process.stdin

    def enter(self, line: str) -> None:
        """Type a line."""
        self._in.write(f"{line}\n".encode())

    async def until(self, text: str) -> str:
        """All that it has printed, once this stands in it."""
        async with asyncio.timeout(30):
            while text not in self.printed:
                piece = await self._out.read(65536)
                assert piece, f"it has ended without {text!r}:\n{self.printed}"
                self.printed += piece.decode()
        return self.printed

    async def end(self) -> tuple[int, str, str]:
        """Close its input: the exit code, all that it has printed, and what it has said aside."""
        self._in.close()
        async with asyncio.timeout(30):
            out, errors = await self.process.communicate()
        assert self.process.returncode is not None
        self.printed += out.decode()
        return self.process.returncode, self.printed, errors.decode()


@asynccontextmanager
async def command(*arguments: str, **environment: str) -> AsyncIterator[Command]:
    """``livethread`` with these arguments, ended with the block at the latest."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        LIVETHREAD, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env={**QUIET, **environment}
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
