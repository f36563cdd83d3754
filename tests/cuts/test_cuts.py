import asyncio
import os
import random
from pathlib import Path

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livethread import serving, testing
from livethread.api.connection import Connection
from tests.cuts.acts import ACTS
from tests.cuts.program import program

TORTURE = bool(os.environ.get("TORTURE"))
CUTS, RUNS, VIEWERS, PIECES = (10_000, 100, 50, 300) if TORTURE else (300, 5, 12, 150)


@pytest.mark.torture
@pytest.mark.parametrize("protocol", [Connection, HttpToolsProtocol], ids=["direct", "asgi"])
def test_no_viewer_that_is_cut_at_random_bytes_is_ever_shown_a_wrong_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: type[HttpToolsProtocol]
) -> None:
    monkeypatch.setattr(serving, "Connection", protocol)  # uvicorn's own lets nobody write to its transport
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        played = program(url, tmp_path / "scripts", seed, cuts=CUTS, runs=RUNS, viewers=VIEWERS, pieces=PIECES)
        report = asyncio.run(played)
    print(report)
    assert report.wrong == []
    assert (report.cuts >= CUTS, report.runs >= RUNS) == (True, True)
    assert report.in_text >= CUTS / 3
    assert not TORTURE or [act for act in ACTS if not report.did[act.replace("_", " ")]] == []
