from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.engine.harness import House, working_at


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged; a test that expects an error there clears it."""
    with capture_logs() as entries:
        yield entries
    assert [entry for entry in entries if entry["log_level"] in ("error", "critical")] == []


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path / "data"
    folder.mkdir()
    async with working_at(folder) as house:
        yield house
