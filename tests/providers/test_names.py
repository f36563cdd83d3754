"""What a model name means."""

from __future__ import annotations

import pytest

from livethread.providers.names import Names, Place, UnusableAlias, default_of

UPSTREAMS = ["local", "default"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("builtin/guide", Place("builtin", "builtin/guide")),
        ("local/llama", Place("local", "llama")),
        ("local/meta/llama:8b", Place("local", "meta/llama:8b")),
        ("default/builtin/guide", Place("default", "builtin/guide")),
        ("llama", Place("default", "llama", bare=True)),
        ("meta/llama:8b", Place("default", "meta/llama:8b", bare=True)),
        ("Local/llama", Place("default", "Local/llama", bare=True)),
        ("local", Place("default", "local", bare=True)),
        ("local/", Place("default", "local/", bare=True)),
        ("builtin", Place("default", "builtin", bare=True)),
        ("", Place("default", "", bare=True)),
    ],
)
def test_the_first_part_leads_to_an_upstream_of_that_name_and_all_else_to_the_default(name: str, place: Place) -> None:
    assert Names(UPSTREAMS, "default", {}).place(name) == place


def test_without_a_default_a_bare_name_leads_nowhere() -> None:
    assert Names(UPSTREAMS, None, {}).place("llama") == Place(None, "llama", bare=True)


def test_an_alias_is_followed_to_its_end() -> None:
    names = Names(UPSTREAMS, None, {"a": "b", "b": "c", "c": "local/llama", "builtin/guide": "a"})
    assert [names.followed(name) for name in ("a", "c", "builtin/guide", "d")] == [*["local/llama"] * 3, "d"]


@pytest.mark.parametrize(
    ("upstreams", "default"),
    [([], None), (["local"], "local"), (["a", "b"], None), (["a", "default", "b"], "default")],
)
def test_the_default_is_the_one_called_so_or_the_only_one(upstreams: list[str], default: str | None) -> None:
    assert default_of(upstreams) == default


def test_a_model_is_spelt_as_shortly_as_it_is_sure_to_lead_there() -> None:
    names = Names(UPSTREAMS, "default", {"gpt": "local/llama", "same": "default/same"})
    spelled = [names.spelled("default", name) for name in ("llama", "local/llama", "builtin/x", "gpt", "same")]
    assert spelled == ["llama", "default/local/llama", "default/builtin/x", "default/gpt", "same"]
    assert names.spelled("local", "llama") == "local/llama"


@pytest.mark.parametrize(
    ("aliases", "alias"),
    [({"a": "a"}, "a"), ({"x": "a", "a": "b", "b": "c", "c": "a"}, "a"), ({"*": "a", "a": "*"}, "*")],
)
def test_an_alias_that_leads_back_to_itself_is_refused_by_name(aliases: dict[str, str], alias: str) -> None:
    with pytest.raises(UnusableAlias, match="leads back to itself") as raised:
        Names([], None, aliases)
    assert raised.value.alias == alias


@pytest.mark.parametrize("target", ["llama", "nowhere/llama"])
def test_an_alias_that_nothing_would_take_is_refused_by_name(target: str) -> None:
    with pytest.raises(UnusableAlias) as raised:
        Names(UPSTREAMS, None, {"x": "a", "a": target}).refuse_lost_aliases()
    assert raised.value.alias == "a"
    Names(UPSTREAMS, "default", {"x": "a", "a": target}).refuse_lost_aliases()
    Names(UPSTREAMS, None, {"x": "a", "a": target, "*": "builtin/guide"}).refuse_lost_aliases()
    with pytest.raises(UnusableAlias):
        Names(UPSTREAMS, None, {"*": target}).refuse_lost_aliases()
