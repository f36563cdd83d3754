import asyncio
import random
from pathlib import Path

from livethread import testing
from tests.cuts.program import program


def test_no_viewer_that_is_cut_at_random_bytes_is_ever_shown_a_wrong_state(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server(data=tmp_path) as url:
        report = asyncio.run(program(url, tmp_path / "scripts", seed, cuts=1000))
    print(report)
    assert report.wrong == []
    assert report.cuts >= 1000
    assert report.in_text >= 300
