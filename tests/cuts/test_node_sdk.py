"""The cut test with the official Node SDK: run streams that break, and are attached to again as it can."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from livethread import testing
from tests.cuts import scripts
from tests.cuts.proxy import Proxy
from tests.sdk.javascript import node

CUTS = 1000 if os.environ.get("TORTURE") else 20


@pytest.mark.torture
async def test_run_streams_of_the_node_sdk_that_are_cut_end_with_exactly_the_final_text(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 31)
    print(f"seed {seed}")
    dice = random.Random(seed)
    cuts = by_page = anew = 0
    with testing.server(data=tmp_path) as url:
        async with Proxy(url, dice).running() as proxy:
            for number in range(200):
                speeches = [scripts.speech(dice, 150) for _ in range(6)]
                names = [
                    scripts.write_script(tmp_path / "scripts", {"turns": said.turns})["script"] for said in speeches
                ]
                found = await asyncio.to_thread(node, "cut_streams", url, proxy.url, str(seed + number), *names)
                for run, speech in zip(found, speeches, strict=True):
                    (due,) = speech.texts
                    assert (run["said"], run["status"]) == (due, "completed")
                    assert run["ended"] in (due, None)  # None: it had ended before the page was read
                    assert [held for held in run["held"] if not due.startswith(held)] == []
                    cuts += len(run["held"])
                    by_page += run["byPage"]
                    anew += run["anew"]
                if cuts >= CUTS:
                    break
    print(f"{cuts} cuts, attached {by_page} times by a cursor of REST and {anew} times from the start")
    assert cuts >= CUTS
    assert min(by_page, anew) > 0
