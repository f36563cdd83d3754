"""What an upstream lists is remembered for a minute."""

from __future__ import annotations

import asyncio

import pytest

from livethread.providers.chunks import ProviderError
from livethread.providers.listing import GOOD_FOR, SILENT_FOR, Listing, holds
from tests.providers.named import Named, Still


async def test_an_upstream_is_asked_once_a_minute() -> None:
    upstream, clock = Named("a"), Still()
    listing = Listing(upstream, clock)
    assert [await listing.lacks(name) for name in ("a", "b", "a")] == [False, True, False]
    assert upstream.asked == 1
    upstream.names.append("b")
    clock.time += GOOD_FOR
    assert await listing.lacks("b")
    clock.time += 1
    assert not await listing.lacks("b")
    assert upstream.asked == 2


async def test_a_clock_that_was_set_back_does_not_keep_a_list_for_long() -> None:
    upstream, clock = Named("a"), Still()
    listing = Listing(upstream, clock)
    await listing.lacks("a")
    clock.time -= 86_400
    await listing.lacks("a")
    assert upstream.asked == 2


async def test_an_upstream_that_cannot_be_asked_may_serve_anything_and_is_asked_again_soon() -> None:
    upstream, clock = Named("a", failure=ProviderError("connection", "down")), Still()
    listing = Listing(upstream, clock)
    assert not await listing.lacks("b")
    assert not await listing.lacks("b")
    assert upstream.asked == 1
    upstream.failure = None
    clock.time += SILENT_FOR + 1
    assert await listing.lacks("b")


async def test_those_who_ask_at_once_share_one_answer() -> None:
    upstream = Named("a")
    upstream.answers.clear()
    listing = Listing(upstream, Still())
    asking = [asyncio.create_task(listing.lacks(name)) for name in ("a", "b", "b")]
    await asyncio.sleep(0)
    upstream.answers.set()
    assert await asyncio.gather(*asking) == [False, True, True]
    assert upstream.asked == 1


async def test_a_fresh_list_is_asked_for_each_time_and_remembered() -> None:
    upstream = Named("a")
    listing = Listing(upstream, Still())
    assert await listing.fresh() == ["a"]
    upstream.names = ["b"]
    assert await listing.fresh() == ["b"]
    assert await listing.lacks("a")
    assert upstream.asked == 2
    upstream.failure = ProviderError("connection", "down")
    with pytest.raises(ProviderError):
        await listing.fresh()
    assert not await listing.lacks("a")


def test_a_list_with_a_tag_has_the_name_without_it_too() -> None:
    names = ["llama3.3:latest", "qwen3:8b"]
    assert [holds(names, name) for name in ("llama3.3", "llama3.3:latest", "qwen3", "qwen3:8b")] == [
        True, True, False, True,
    ]  # fmt: skip
