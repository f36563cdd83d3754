"""Which provider a model name leads to, and what is listed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from livethread.providers.chunks import Chunk, Provider, ProviderError, Request
from livethread.providers.registry import Registry, Served


class Names:
    """A provider that only knows names."""

    def __init__(self, *names: str, failure: Exception | None = None) -> None:
        self.names = list(names)
        self.failure = failure
        self.closed = False

    def stream(self, request: Request) -> AsyncIterator[Chunk]:
        raise AssertionError("nothing is asked here")

    async def models(self) -> list[str]:
        if self.failure is not None:
            raise self.failure
        return self.names

    async def close(self) -> None:
        self.closed = True
        if self.failure is not None:
            raise self.failure


GUIDE = Names("builtin/guide", "builtin/tools")


async def test_builtin_names_lead_to_the_built_in_provider_and_keep_their_name() -> None:
    registry = Registry(GUIDE, Names("gpt"))
    assert await registry.find("builtin/guide") == Served(GUIDE, "builtin/guide")
    assert await registry.find("builtin/unknown") == Served(GUIDE, "builtin/unknown")


@pytest.mark.parametrize("model", ["gpt", "meta/llama:8b", "builtin", "Builtin/guide", ""])
async def test_every_other_name_leads_upstream_as_it_is(model: str) -> None:
    upstream: Provider = Names()
    assert await Registry(GUIDE, upstream).find(model) == Served(upstream, model)


async def test_without_an_upstream_the_error_names_the_model_and_the_way_out() -> None:
    with pytest.raises(ProviderError) as raised:
        await Registry(GUIDE).find("gpt-4o")
    assert (raised.value.kind, raised.value.retryable) == ("not_found", False)
    for word in ("'gpt-4o'", "LIVETHREAD_UPSTREAM_URL", "OPENAI_BASE_URL", "builtin/guide"):
        assert word in raised.value.message


async def test_all_models_are_listed_once_each_with_its_owner() -> None:
    upstream = Names("b", "a", "b", "builtin/guide", "builtin/fake")
    assert await Registry(GUIDE, upstream, upstream_name="ollama").models() == [
        ("builtin/guide", "livethread"),
        ("builtin/tools", "livethread"),
        ("b", "ollama"),
        ("a", "ollama"),
    ]


async def test_an_upstream_that_fails_does_not_break_the_list() -> None:
    failing = Names(failure=ProviderError("connection", "down"))
    own = [("builtin/guide", "livethread"), ("builtin/tools", "livethread")]
    assert await Registry(GUIDE, failing).models() == await Registry(GUIDE).models() == own


async def test_both_providers_are_closed_even_when_one_fails() -> None:
    builtin, upstream = Names(), Names(failure=OSError("no"))
    with pytest.raises(OSError, match="no"):
        await Registry(builtin, upstream).close()
    assert builtin.closed
    assert upstream.closed
