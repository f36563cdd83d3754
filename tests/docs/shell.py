"""A terminal in an empty folder, in which the lines of a document are typed as they are printed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.cli.commands import QUIET, Command
from tests.docs.blocks import ROOT

ADDRESS = "http://127.0.0.1:8000"
PROGRAMS = Path(sys.executable).parent
PATIENCE = 30.0
_OF_MAKE = {"MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "PYTHON", "ARGS", "DATA"}
OUTSIDE = {name: value for name, value in QUIET.items() if name not in _OF_MAKE}
"""An environment without what the tests' own `make test ARGS=…` hands down."""
MAKE = f"""#!/bin/sh
# What make does, but for the set-up: tests run in what was set up, and never make it anew.
{shutil.which("make")} -s -n -C '{ROOT}' "$@" >.made || exit
sed -i '/^scripts.setup/d' .made
exec sh -eu .made
"""


class Terminal:
    """A folder with the programs that a checkout has after its set-up.

    Args:
        folder: an empty one.
        url: of a running server, which is typed in the place of the usual one.
        ids: what is typed in the place of ``thread_…`` and its kind.
    """

    def __init__(self, folder: Path, url: str = ADDRESS, **ids: str) -> None:
        self.folder = folder
        self._url = url
        self._ids = ids
        self._environment = {
            **OUTSIDE,
            "PATH": f"{folder / 'stubs'}:{PROGRAMS}:{os.environ['PATH']}",
            "LIVETHREAD_URL": url,
            "LIVETHREAD_LOCAL_ENGINES": "0",
            "LIVETHREAD_WORDS_PER_SECOND": "0",
            "LIVETHREAD_PORT": "0",
            "PORT": "0",
        }
        (folder / ".venv").symlink_to(PROGRAMS.parent)
        (folder / "stubs").mkdir()
        (folder / "stubs" / "make").write_text(MAKE)
        (folder / "stubs" / "make").chmod(0o755)

    def typed(self, code: str) -> str:
        """A block for this server, and about what is there."""
        code = code.replace(ADDRESS, self._url)
        for kind, id in self._ids.items():
            code = code.replace(f"{kind}_…", id)
        return code

    async def run(self, code: str, *, entered: str = "", **environment: str) -> str:
        """Type lines, wait for their end, and return what was printed.

        Raises:
            AssertionError: one of them failed.
        """
        async with self._shell(["sh", "-euc", self.typed(code)], environment) as process:
            async with asyncio.timeout(PATIENCE):
                told, complaints = await process.communicate(entered.encode())
            assert process.returncode == 0, f"{code}\n{told.decode()}\n{complaints.decode()}"
            return told.decode()

    @contextlib.asynccontextmanager
    async def running(self, code: str, **environment: str) -> AsyncIterator[Command]:
        """Type lines the last of which goes on, and end it behind the block."""
        async with self._shell(["sh", "-euc", self.typed(code)], environment) as process:
            yield Command(process)

    @contextlib.asynccontextmanager
    async def program(self, code: str, **environment: str) -> AsyncIterator[Command]:
        """Run a Python program that goes on, and end it behind the block."""
        line = [sys.executable, "-W", "ignore", "-u", "-c", self.typed(code)]
        async with self._shell(line, environment) as process:
            yield Command(process)

    async def made(self, line: str) -> str:
        """What ``make`` would run last."""
        arguments = ["-s", "-n", "-C", str(ROOT), *shlex.split(line, comments=True)[1:]]
        told = asyncio.subprocess.PIPE
        make = await asyncio.create_subprocess_exec("make", *arguments, stdout=told, env=OUTSIDE)
        lines, _ = await make.communicate()
        assert make.returncode == 0
        return lines.decode().splitlines()[-1].strip()

    async def serves(self, server: Command) -> str:
        """The address that a server greets with."""
        greeting = await server.until("API docs")
        found = re.search(r"Livethread is at (\S+)", greeting)
        assert found is not None
        return found[1]

    @contextlib.asynccontextmanager
    async def _shell(self, line: list[str], environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *line, cwd=self.folder, env={**self._environment, **environment},
            stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()
