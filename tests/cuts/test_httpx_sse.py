"""The cut test with ``httpx-sse``, which leaves it to its user to come back with the id of the last event."""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest
from httpx_sse import aconnect_sse

from livethread import testing
from livethread.sse import Event
from tests.cuts.program import program
from tests.cuts.proxy import Proxy
from tests.cuts.watching import Watching

CUTS, VIEWERS = (2000, 24) if os.environ.get("TORTURE") else (100, 6)


@dataclass
class HttpxSse(Watching):
    """Follows a stream as users of ``httpx-sse`` do; the proxy cuts it."""

    client: httpx.AsyncClient = field(kw_only=True)

    async def look(self) -> bool:
        """One connection; it is given up after a second, for no event may tell that all is over."""
        self.held.done = False
        url, header = self.where()
        headers = {"Last-Event-ID": header} if header else {}
        try:
            async with (
                asyncio.timeout(1),
                aconnect_sse(self.client, "GET", url, headers=headers) as source,
            ):
                if self.ended_by(source.response.status_code):
                    return False
                async for sse in source.aiter_sse():
                    self.held.take(Event(sse.event, sse.data, sse.id or self.held.last_id or ""))
                    if self.over:
                        break
        except (httpx.TransportError, TimeoutError):
            return True
        return not self.held.done


@pytest.mark.torture
async def test_httpx_sse_is_never_shown_a_wrong_state(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        async with Proxy(url, random.Random(seed)).running() as proxy, httpx.AsyncClient(timeout=20) as client:
            report = await program(
                url,
                tmp_path / "scripts",
                seed,
                cuts=CUTS,
                viewers=VIEWERS,
                pieces=150,
                watcher=partial(HttpxSse, client=client),
                proxy=proxy,
            )
    print(report)
    assert report.wrong == []
    assert report.cuts >= CUTS
