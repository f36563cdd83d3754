import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.kills.program import program

KILLS = 100 if os.environ.get("TORTURE") else 20


@pytest.mark.torture
@pytest.mark.timeout(1200)
def test_a_server_that_is_killed_has_stored_all_that_any_viewer_was_shown(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    report = asyncio.run(program(tmp_path, seed, kills=KILLS))
    print(report)
    assert report.wrong == []
    assert report.kills == KILLS
    assert report.shown > 0
    assert report.resumed > 0
