import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.leaks.program import KINDS, READINGS, program

CYCLES = 100_000 if os.environ.get("TORTURE") else 600


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_a_server_holds_no_more_when_many_clients_have_connected_and_been_cut(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    report = asyncio.run(program(tmp_path, seed, CYCLES))
    print(report)
    assert report.wrong == []
    assert report.cuts.total() == CYCLES
    assert set(report.cuts) == set(KINDS)
    assert [(after, held["viewers"], held["hubs"]) for after, held in report.readings] == [
        (CYCLES * number // READINGS, 0, 0) for number in range(READINGS + 1)
    ]
