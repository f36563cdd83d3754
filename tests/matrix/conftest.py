from __future__ import annotations

from collections.abc import Iterator

import pytest

from livethread import testing
from tests.matrix.wire import checked


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A server for the whole matrix; its built-in models speak at once."""
    with testing.server() as url:
        yield url


@pytest.fixture
def wire(server: str) -> Iterator[str]:
    """That server's address for one test, at whose end all it was told is held against the contract."""
    with checked(server) as tap:
        yield tap.url
