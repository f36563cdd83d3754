"""Which provider a model name leads to, and what is listed."""

from __future__ import annotations

import pytest

from livethread.providers.chunks import ProviderError
from livethread.providers.registry import Listed, Registry, Served, Upstream
from tests.providers.named import Named, Still

DOWN = ProviderError("connection", "It is down.")


@pytest.fixture
def guide() -> Named:
    return Named("builtin/guide", "builtin/tools")


async def refusal(registry: Registry, model: str) -> str:
    with pytest.raises(ProviderError) as raised:
        await registry.find(model)
    assert (raised.value.kind, raised.value.retryable) == ("not_found", False)
    return raised.value.message


async def test_builtin_names_lead_to_the_built_in_provider_and_keep_their_name(guide: Named) -> None:
    registry = Registry(guide, [Upstream("default", Named("gpt"))])
    assert await registry.find("builtin/guide") == Served(guide, "builtin/guide")
    assert await registry.find("builtin/unknown") == Served(guide, "builtin/unknown")


@pytest.mark.parametrize("name", ["default", "local"])
@pytest.mark.parametrize("model", ["gpt", "meta/llama:8b", "builtin", "Builtin/guide", ""])
async def test_a_bare_name_leads_to_the_only_upstream_as_it_is(guide: Named, name: str, model: str) -> None:
    upstream = Named()
    assert await Registry(guide, [Upstream(name, upstream, 4096)]).find(model) == Served(upstream, model, 4096)


async def test_a_prefix_leads_to_the_upstream_of_that_name_and_is_cut() -> None:
    one, two = Named(), Named()
    registry = Registry(Named(), [Upstream("one", one), Upstream("default", two, 8192)])
    assert await registry.find("one/meta/llama") == Served(one, "meta/llama")
    assert await registry.find("default/gpt") == Served(two, "gpt", 8192)
    assert await registry.find("gpt") == Served(two, "gpt", 8192)


async def test_an_engine_that_was_found_never_takes_a_bare_name(guide: Named) -> None:
    found, named = Upstream("ollama", Named(), bare=False), Upstream("local", Named())
    assert await Registry(guide, [found, named]).find("llama") == Served(named.provider, "llama")
    assert "no upstream takes names without a prefix" in await refusal(Registry(guide, [found]), "llama")


async def test_an_alias_leads_through_its_chain(guide: Named) -> None:
    local = Named()
    aliases = {"gpt-4-1106-preview": "gpt-4", "gpt-4": "local/llama", "builtin/guide": "gpt-4"}
    registry = Registry(guide, [Upstream("local", local)], aliases=aliases)
    for model in aliases:
        assert await registry.find(model) == Served(local, "llama")


async def test_the_catch_all_takes_the_bare_names_that_the_default_upstream_does_not_list(guide: Named) -> None:
    upstream, clock = Named("gpt", "llama:latest"), Still()
    registry = Registry(
        guide, [Upstream("default", upstream)], aliases={"*": "any", "any": "builtin/guide"}, clock=clock
    )
    assert await registry.find("gpt") == Served(upstream, "gpt")
    assert await registry.find("llama") == Served(upstream, "llama")
    assert await registry.find("gpt-3.5-turbo") == Served(guide, "builtin/guide")
    assert await registry.find("default/gpt-3.5-turbo") == Served(upstream, "gpt-3.5-turbo")
    upstream.names.append("gpt-3.5-turbo")
    clock.time += 61
    assert await registry.find("gpt-3.5-turbo") == Served(upstream, "gpt-3.5-turbo")
    assert upstream.asked == 2


async def test_the_catch_all_takes_what_has_no_upstream_at_all(guide: Named) -> None:
    assert await Registry(guide, aliases={"*": "builtin/guide"}).find("gpt") == Served(guide, "builtin/guide")
    two = [Upstream("one", Named()), Upstream("two", Named())]
    assert await Registry(guide, two, aliases={"*": "one/llama"}).find("gpt") == Served(two[0].provider, "llama")


async def test_a_catch_all_that_is_not_listed_itself_is_asked_for_all_the_same(guide: Named) -> None:
    upstream = Named()
    registry = Registry(guide, [Upstream("default", upstream)], aliases={"*": "llama"})
    assert await registry.find("gpt") == Served(upstream, "llama")


async def test_an_outage_is_not_answered_by_another_model(guide: Named) -> None:
    upstream = Named(failure=DOWN)
    registry = Registry(guide, [Upstream("default", upstream)], aliases={"*": "builtin/guide"})
    assert await registry.find("gpt") == Served(upstream, "gpt")


async def test_without_a_catch_all_no_list_is_asked_for(guide: Named) -> None:
    upstream = Named()
    await Registry(guide, [Upstream("default", upstream)], aliases={"a": "b"}).find("gpt")
    assert upstream.asked == 0


async def test_without_an_upstream_the_error_names_the_model_and_the_way_out(guide: Named) -> None:
    assert await refusal(Registry(guide), "gpt-4o") == (
        "Nothing serves the model 'gpt-4o': no model API is set up. Set LIVETHREAD_UPSTREAM_URL (or OPENAI_BASE_URL) "
        'to one, or write "gpt-4o" = "builtin/guide" under [aliases] in livethread.toml; '
        "builtin/guide needs no model API."
    )


async def test_where_no_upstream_takes_bare_names_the_error_says_how_to_ask(guide: Named) -> None:
    registry = Registry(guide, [Upstream("one", Named()), Upstream("two", Named())], aliases={"gpt": "gpt-4o"})
    assert await refusal(registry, "gpt") == (
        "Nothing serves the model 'gpt' (an alias of 'gpt-4o'): no upstream takes names without a prefix. Ask for it "
        'with one (one, two), as in one/gpt, or write "gpt" = "UPSTREAM/MODEL" under [aliases] in livethread.toml; '
        "builtin/guide needs no model API."
    )


async def test_what_was_meant_for_an_absent_upstream_goes_to_no_other(guide: Named) -> None:
    absent = {"ollama": "Ollama did not answer."}
    registry = Registry(guide, [Upstream("default", Named())], absent=absent, aliases={"*": "builtin/guide"})
    assert await refusal(registry, "ollama/llama") == "Nothing serves the model 'ollama/llama': Ollama did not answer."


async def test_where_the_default_is_absent_a_bare_name_is_told_so(guide: Named) -> None:
    registry = Registry(guide, absent={"default": "it is this server itself"})
    assert await refusal(registry, "gpt") == "Nothing serves the model 'gpt': it is this server itself."


async def test_all_that_may_be_asked_for_is_listed_once_each_with_its_owner(guide: Named) -> None:
    upstreams = [
        Upstream("default", Named("b", "a", "b", "builtin/guide", "gpt", "one/x")),
        Upstream("one", Named("a", "meta/llama")),
        Upstream("ollama", Named("qwen"), bare=False),
        Upstream("off", Named(failure=DOWN)),
    ]
    aliases = {"gpt": "one/a", "a": "default/a", "gpt-4": "gpt", "*": "builtin/guide"}
    assert await Registry(guide, upstreams, aliases=aliases).models() == [
        ("builtin/guide", "livethread"),
        ("builtin/tools", "livethread"),
        ("b", "default"),
        ("a", "default"),
        ("default/builtin/guide", "default"),
        ("default/gpt", "default"),
        ("default/one/x", "default"),
        ("one/a", "one"),
        ("one/meta/llama", "one"),
        ("ollama/qwen", "ollama"),
        ("gpt", "alias"),
        ("gpt-4", "alias"),
    ]


async def test_every_upstream_tells_what_it_lists_or_why_it_lists_nothing(guide: Named) -> None:
    upstreams = [Upstream("one", Named("a")), Upstream("off", Named(failure=DOWN))]
    assert await Registry(guide, upstreams).listed() == [
        Listed("builtin", ["builtin/guide", "builtin/tools"]),
        Listed("one", ["a"]),
        Listed("off", (), "It is down."),
    ]


async def test_all_providers_are_closed_even_when_one_fails(guide: Named) -> None:
    one, two = Named(), Named(failure=OSError("no"))
    with pytest.raises(OSError, match="no"):
        await Registry(guide, [Upstream("one", one), Upstream("two", two)]).close()
    assert (guide.closed, one.closed, two.closed) == (True, True, True)
