import asyncio
import os
import random
from pathlib import Path

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livethread import serving, testing
from tests.cuts.program import program

CUTS = 10_000 if os.environ.get("TORTURE") else 500


@pytest.mark.torture
@pytest.mark.parametrize("protocol", [serving.Connection, HttpToolsProtocol], ids=["direct", "asgi"])
def test_no_viewer_that_is_cut_at_random_bytes_is_ever_shown_a_wrong_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: type[HttpToolsProtocol]
) -> None:
    monkeypatch.setattr(serving, "Connection", protocol)  # uvicorn's own lets nobody write to its transport
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        report = asyncio.run(program(url, tmp_path / "scripts", seed, cuts=CUTS))
    print(report)
    assert report.wrong == []
    assert report.cuts >= CUTS
    assert report.in_text >= CUTS / 3
