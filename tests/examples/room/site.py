"""The page, built as its README says, and a web server that serves it."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
import os
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "room"
NODE = ROOT / ".venv" / "bin" / "node"
USUAL = "http://127.0.0.1:8000"
"""The server that the page asks unless it is built for another."""


async def build(into: Path, **environment: str) -> Path:
    """Build the page, as ``npm run build`` does.

    Args:
        into: an empty folder.
        environment: variables for the build.
    """
    vite = EXAMPLE / "node_modules" / "vite" / "bin" / "vite.js"
    for needed in (NODE, vite):
        assert needed.exists(), f"{needed.relative_to(ROOT)} is missing: scripts/setup dev installs it"
    building = await asyncio.create_subprocess_exec(
        NODE, vite, "build", "--logLevel", "warn", "--outDir", into, "--emptyOutDir",
        cwd=EXAMPLE,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await building.communicate()
    assert (told.decode(), building.returncode) == ("", 0)
    return into


class Site:
    """Serves the page as it would be for each server that it is asked for, below a path of its own.

    Args:
        built: the folder with the page.
    """

    def __init__(self, built: Path) -> None:
        self._built = built
        self._servers: list[str] = []
        self.origin = ""

    def address(self, server: str) -> str:
        """Where the page is that speaks to this server."""
        self._servers.append(server)
        return f"{self.origin}/{len(self._servers) - 1}/index.html"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        """Listening on a free port."""
        app = web.Application()
        app.router.add_get("/{number}/{path:.+}", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        path = self._built / request.match_info["path"]
        body = path.read_bytes().replace(USUAL.encode(), self._servers[int(request.match_info["number"])].encode())
        return web.Response(body=body, content_type=mimetypes.guess_type(path.name)[0])
