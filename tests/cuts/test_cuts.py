import asyncio
import random

from livethread import testing
from tests.cuts.program import program


def test_no_viewer_that_is_cut_at_random_bytes_is_ever_shown_a_wrong_state() -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with testing.server() as url:
        report = asyncio.run(program(url, seed, cuts=1000))
    print(report)
    assert report.wrong == []
    assert report.cuts >= 1000
