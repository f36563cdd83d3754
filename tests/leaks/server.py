"""The server of a leak test: ``python -m tests.leaks.server FOLDER`` prints its address, and tells what it holds.

It does so for each line that it reads.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import sys
from pathlib import Path

import uvicorn

from livethread.serving import Server, running
from livethread.settings import Settings


def held(server: Server) -> dict[str, int]:
    """What there is of everything that may not become more."""
    gc.collect()
    blocks = sys.getallocatedblocks()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed, but not given back, is not held
    rollup = Path("/proc/self/smaps_rollup").read_text()
    private = next(line for line in rollup.splitlines() if line.startswith("Private_Dirty:"))
    return {
        "KB": int(private.split()[1]),
        "blocks": blocks,
        "files": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
        "hubs": len(server.app.hubs._hubs),
        "viewers": server.app.hubs.viewers,
        "connections": len(server.server_state.connections),
    }


async def serve(folder: Path) -> None:
    """Until there is nothing more to read."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with running(Settings(port=0, data=folder, words_per_second=0, local_engines=False)) as server:
        print(server.url, flush=True)
        while await reader.readline():
            print(json.dumps(held(server)), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("livethread").get_loop_factory()) as runner:
        runner.run(serve(Path(sys.argv[1])))
