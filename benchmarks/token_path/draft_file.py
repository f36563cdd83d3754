"""What the draft file costs a token, measured without a server around it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.sheet import Sheet
from benchmarks.token_path.measure import STREAMS
from livethread.live.drafts import FileDrafts

_TOKENS = 500
MICROSECONDS, BYTES, CALLS = "µs/token", "bytes/token", "write() calls/token"


class DraftFile:
    """The figures of all repetitions, for the tokens of as many drafts as there are streams."""

    def __init__(self) -> None:
        self.sheet = Sheet("draft file", {MICROSECONDS: 2, BYTES: 1, CALLS: 3})

    def repeat(self) -> None:
        """Measure one token a write, and the tokens of eight drafts together."""
        for together in (1, 8):
            self.sheet.add(f"{together} token{'s' * (together > 1)} a turn", *asyncio.run(_cost(together)))


async def _cost(together: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory(prefix="livethread-benchmark-") as folder:
        drafts = FileDrafts(Path(folder) / "drafts")
        ids = [f"msg_{number:024}" for number in range(STREAMS)]
        written, calls = _written()
        begun = time.thread_time()
        for _ in range(_TOKENS):
            for index, id in enumerate(ids, 1):
                drafts.grow("thread", id, " token")
                if index % together == 0:
                    drafts.flush()
        took = time.thread_time() - begun
        written, calls = (after - before for after, before in zip(_written(), (written, calls), strict=True))
        drafts.close()
    tokens = _TOKENS * STREAMS
    return took / tokens * 1e6, written / tokens, calls / tokens


def _written() -> tuple[int, int]:
    """Bytes and calls of ``write()`` so far, by the kernel's account of this process."""
    lines = Path("/proc/self/io").read_text().splitlines()
    account = {name: int(value) for name, value in (line.split(": ") for line in lines)}
    return account["wchar"], account["syscw"]
