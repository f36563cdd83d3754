"""The apps of docs/sse.md behind gunicorn: what tests/sse/test_guide.py asks of each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sse.test_guide import GUNICORN, does_what_the_page_says


@pytest.mark.examples
@pytest.mark.parametrize("line", GUNICORN, ids=lambda line: line.split()[-1])
async def test_an_app_does_what_the_page_says_behind_gunicorn(line: str, tmp_path: Path) -> None:
    await does_what_the_page_says(line, tmp_path)
