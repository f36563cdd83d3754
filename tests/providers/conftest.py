from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.aimock_process import aimock


@pytest.fixture(scope="session")
def aimock_url() -> Iterator[str]:
    """The base URL of aimock, started once for all of these tests."""
    with aimock() as url:
        yield url
