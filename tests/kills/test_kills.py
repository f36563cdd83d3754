import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.kills.program import KINDS, program

KILLS = 100 if os.environ.get("TORTURE") else 8


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_what_was_answered_or_shown_before_a_kill_is_there_behind_it_and_nothing_is_stuck(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    report = asyncio.run(program(tmp_path, seed, kills=KILLS))
    print(report)
    assert report.wrong == []
    assert report.kills == dict.fromkeys(KINDS, KILLS // len(KINDS))
    counted = ("bytes shown at the kills", "streams resumed", "writes answered", "writes cut off", "outputs accepted",
               "threads imported")  # fmt: skip
    assert [what for what in counted if not report.did[what]] == []
