"""Strategies: schemas that functions have, messages about them, and any JSON at all."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

WORDS = ("city", "count", "when", "unit", "query", "user_id", "isUrgent", "to", "from", "items", "note", "email")
VALUES = ("celsius", "new york", "RED", "two", "a", "on")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.floats(-9, 9, width=16) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_small = st.integers(-3, 12)
_length = st.integers(0, 12)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _typed(type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type)}, optional=fields)


_described = st.sampled_from(["", "The city, such as Rome.", "How many"])
_strings = _typed(
    "string", description=_described, minLength=_length, maxLength=_length, default=st.just("red"),
    format=st.sampled_from(["date", "email", "time", "uri", "date-time", "other"]),
    pattern=st.sampled_from(["^[A-Z]", "^\\d{4}", "o", "^(a+)+$", "(?=a)b"]),
)  # fmt: skip
_bounds = {"minimum": _small, "maximum": _small, "exclusiveMinimum": _small, "exclusiveMaximum": _small}
_numbers = st.sampled_from(["number", "integer"]).flatmap(
    lambda kind: _typed(kind, **_bounds, multipleOf=st.sampled_from([1, 2, 5, 0.5]), default=_small)
)
_others = st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, True, {"type": ["integer", "null"]}])
_listed = st.lists(st.sampled_from([*VALUES, 1, 2.5, None, True]), min_size=1, max_size=4, unique_by=repr)
_named = st.one_of(
    _listed.map(lambda values: {"enum": values}), st.sampled_from(VALUES).map(lambda one: {"const": one})
)
_leaf = st.one_of(_strings, _numbers, _others, _named, st.just({"$ref": "#/$defs/color"}))


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any] = _leaf) -> dict[str, Any]:
    """An object schema with a few properties."""
    properties = draw(st.dictionaries(st.sampled_from(WORDS), inner, max_size=4))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    more = draw(_some(additionalProperties=st.just(False), minProperties=st.integers(0, 2), description=_described))
    return {"type": "object", "properties": properties, "required": required, **more}


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        objects(inner),
        _typed("array", items=inner, minItems=st.integers(0, 2), maxItems=st.integers(0, 4), uniqueItems=st.booleans()),
        branches.map(lambda some: {"anyOf": some}),
        branches.map(lambda some: {"oneOf": some}),
        branches.map(lambda some: {"allOf": some[:2]}),
        inner.map(lambda one: {"not": one}),
        branches.map(lambda some: {"type": "array", "prefixItems": some}),
        st.just({"$ref": "#"}),
    )


schemas = st.recursive(_leaf, _nested, max_leaves=6)


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    """The parameters of a function."""
    color = {"type": "string", "enum": ["red", "dark green"]}
    tree = {"type": "object", "properties": {"inner": {"$ref": "#/$defs/tree"}, "city": {"type": "string"}}}
    return {**draw(objects(_strings | _numbers | _named | schemas)), "$defs": {"color": color, "tree": tree}}


_names = ("get_weather", "convertUnits", "add_todo", "list", "find_user_id", "set-light")
_asking = st.sampled_from(
    ["weather in", "convert units", "add a todo:", "list", "find the user", "set light", "Also the"]
)
_MENTIONED = """
    Rome | Paris | in oslo | Rome, Paris and Bern | to New York | from | of | 20 | 2.5 miles | -3 | two | 4 and 6
    | 2026-12-24 | 10:30 | red | dark green | celsius | RED | urgent | not urgent | city Rome | count 5 | unit: a
    | ada@example.com | https://example.com/a | tomorrow | Monday | 'buy milk' | "a quote | CA | items | yes | 123456
    | 😀 | [image file-1] | ?
"""
_mentioned = st.sampled_from([mentioned.strip() for mentioned in _MENTIONED.split("|")])
_clauses = st.builds(lambda asks, said: " ".join([asks, *said]), _asking, st.lists(_mentioned, max_size=5))
_linked = st.sampled_from([" and ", ", then ", ". ", " "])
messages = st.one_of(
    _clauses,
    st.builds(lambda one, link, other: one + link + other, _clauses, _linked, _clauses),
    st.lists(_clauses, min_size=2, max_size=5).map(" then ".join),
    st.lists(_mentioned | st.text(max_size=8), max_size=9).map(" ".join),
)


@st.composite
def tools(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few functions."""
    names = draw(st.lists(st.sampled_from(_names), unique=True, min_size=1, max_size=3))
    return [
        {
            "type": "function",
            "function": {"name": name, "description": "Weather, units", "parameters": draw(parameters())},
        }
        for name in names
    ]
