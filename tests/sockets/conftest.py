from __future__ import annotations

from collections.abc import Iterator

import pytest

from livethread import testing


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A server for all of these tests; its built-in models speak at once."""
    with testing.server() as url:
        yield url
