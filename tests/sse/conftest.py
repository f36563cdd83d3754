from __future__ import annotations

import pytest

from tests.sse.ways import Tasks, Threads, Way


@pytest.fixture(params=[Threads, Tasks], ids=["stream", "astream"])
def way(request: pytest.FixtureRequest) -> Way:
    """Each of the two in turn."""
    made: Way = request.param()
    return made
