from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from livethread.providers.patience import LOOKS, Patience


class Content:
    """What an answer's bytes are read from."""

    def __init__(self) -> None:
        self.total_bytes = 10
        self.error: BaseException | None = None

    def set_exception(self, error: BaseException) -> None:
        self.error = error


@pytest.fixture
def content() -> Content:
    return Content()


def patience(content: Content, protocol: Any = None) -> Patience:
    """One that never looks by itself while a test lasts."""
    connection = None if protocol is None else SimpleNamespace(protocol=protocol)
    response = SimpleNamespace(content=content, connection=connection)
    return Patience(cast(aiohttp.ClientResponse, response), seconds=4000)


async def test_a_silence_of_all_looks_ends_it_with_a_time_out(content: Content) -> None:
    watch = patience(content)
    for _ in range(LOOKS - 1):
        watch._look()
    assert content.error is None
    watch._look()
    assert isinstance(content.error, TimeoutError)
    watch.end()


async def test_any_byte_begins_it_anew(content: Content) -> None:
    watch = patience(content)
    for _ in range(3 * LOOKS):
        watch._look()
        content.total_bytes += 1
        for _ in range(LOOKS - 1):
            watch._look()
    assert content.error is None
    watch.end()


async def test_the_timer_for_each_piece_is_switched_off(content: Content) -> None:
    protocol = SimpleNamespace(read_timeout=120.0)
    patience(content, protocol).end()
    assert protocol.read_timeout is None


async def test_nothing_is_looked_at_behind_the_end(content: Content) -> None:
    watch = patience(content)
    watch.end()
    assert watch._timer.cancelled()
