"""For any functions and any message: the arguments fit their schema, and the run ends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from livethread.providers.builtin.tools.turn import MOST_CALLS
from tests.providers.builtin.tools.runs import run

THOROUGH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.floats(-9, 9, width=16) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def typed(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=fields)


small, length, nothing = st.integers(-3, 12), st.integers(0, 12), {"type": "null"}
bounds = {"minimum": small, "maximum": small, "exclusiveMinimum": small, "exclusiveMaximum": small, "default": small}
strings = typed("string", minLength=length, maxLength=length, default=st.just("red"), format=st.just("date"))
numbers = typed("number", **bounds) | typed("integer", **bounds)
listed = st.lists(st.sampled_from(["celsius", "new york", "RED", "a", 1, 2.5, None, True]), min_size=1, unique_by=repr)
leaf = st.one_of(
    strings,
    numbers,
    st.sampled_from([{"type": "boolean"}, nothing, {}, True, False, {"type": ["integer", "null"]}, {"const": "two"}]),
    listed.map(lambda values: {"enum": values}),
    st.sampled_from([{"$ref": "#/$defs/color"}, {"$ref": "#/$defs/tree"}]),
    typed("string", pattern=st.just("^(a+)+$"), not_=small).map(lambda one: {**one, "uniqueItems": True}),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = ("city", "count", "query", "user_id", "isUrgent", "to", "from", "items")
    more = {"required": st.lists(st.sampled_from(names), unique=True, max_size=3)}
    return typed(
        "object", properties=st.dictionaries(st.sampled_from(names), inner), additionalProperties=st.booleans(), **more
    )


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    told = strings | numbers | objects(inner)
    return st.one_of(
        objects(inner),
        typed("array", items=inner, minItems=st.integers(0, 2), maxItems=st.integers(0, 4)),
        inner.map(lambda one: {"anyOf": [one, nothing]}),
        told.map(lambda one: {"oneOf": [nothing, one], "description": "The city"}),
    )


TREE = {"type": "object", "properties": {"inner": {"$ref": "#/$defs/tree"}, "city": {"type": "string"}}}
parameters = objects(st.recursive(leaf, nested, max_leaves=6)).map(
    lambda one: {**one, "$defs": {"color": {"enum": ["red", "dark green"]}, "tree": TREE}}
)
words = st.sampled_from(
    [
        "weather in", "convert units", "add a todo:", "find the user", "then", ", then", "and", ", ", ". ",
        "Rome", "Paris and", "in oslo", "to New York", "from", "20", "2.5 miles", "-3", "4 and 6",
        "2026-12-24", "10:30", "red", "dark green", "celsius", "urgent", "not urgent", "city Rome", "count 5",
        "unit: a", "ada@example.com", "'buy milk'", '"a quote', "CA", "items", "yes", "123456", "😀",
        "[image file-1]", "?",
    ]
)  # fmt: skip
messages = st.lists(words | st.text(max_size=8), max_size=14).map(" ".join)
choices = st.sampled_from(["auto", "none", "required"])


@THOROUGH
@given(st.lists(parameters, min_size=1, max_size=3), messages, choices, st.booleans())
def test_arguments_fit_their_schema_and_the_run_ends(
    schemas: list[dict[str, Any]], said: str, choice: str, parallel: bool
) -> None:
    wanted = dict(zip(["get_weather", "convertUnits", "find_user_id"], schemas, strict=False))
    tools = [{"type": "function", "function": {"name": name, "parameters": one}} for name, one in wanted.items()]
    played = run(said, tools=tools, tool_choice=choice, parallel_tool_calls=parallel)
    for name, arguments in played.calls:
        Draft202012Validator(wanted[name]).validate(arguments)
    made = [(name, json.dumps(arguments, sort_keys=True)) for name, arguments in played.calls]
    assert len(made) == len(set(made)) <= MOST_CALLS
    assert all(len(calls) == 1 for calls in played.rounds) or parallel
    assert played.finishes == ["tool_calls"] * len(played.rounds) + ["stop"]
    assert played.text


@THOROUGH
@given(parameters, messages)
def test_an_answer_by_a_schema_fits_it(schema: dict[str, Any], said: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    text = run(said, tools=[], response_format=form).text
    if not text.endswith("fits the schema 'answer'."):
        Draft202012Validator(schema).validate(json.loads(text))


keywords = st.sampled_from(
    [
        "type", "properties", "required", "enum", "const", "items", "anyOf", "oneOf", "allOf", "not", "$ref",
        "$defs", "minimum", "exclusiveMaximum", "pattern", "minLength", "maxItems", "minItems", "default",
        "format", "additionalProperties", "description",
    ]
)  # fmt: skip
senseless = st.dictionaries(keywords, json_values | st.sampled_from(["object", "#/", {"city": {}}]), max_size=5)


@THOROUGH
@given(senseless | json_values, messages, choices)
def test_parameters_that_are_no_schema_break_nothing(wanted: Any, said: str, choice: str) -> None:
    inner = {"type": "object", "properties": {"city": wanted, "unit": wanted}, "required": ["city"]}
    for odd in (wanted, inner):
        tool = {"type": "function", "function": {"name": "get_weather", "description": wanted, "parameters": odd}}
        run(said, tools=[tool], tool_choice=choice)
