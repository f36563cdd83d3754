from __future__ import annotations

import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from livethread.providers.builtin.tools.fitting import canonical, fits
from livethread.providers.builtin.tools.schemas import Document, TooMuch, Work


def fitting(value: Any, schema: Any) -> bool:
    return fits(value, schema, Document(schema if isinstance(schema, dict) else {}, Work()))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (True, [1], []),
        (False, [], [1]),
        ({"type": "integer"}, [1, 1.0], [1.5, True, "1"]),
        ({"type": ["string", "null"]}, ["", None], [0]),
        ({"const": 1}, [1, 1.0], [True, 2]),
        ({"enum": [True, "a", {"b": [1]}]}, [True, "a", {"b": [1.0]}], [1, "b"]),
        ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9, "a"], [0, 3]),
        ({"multipleOf": 0.5}, [1, 1.5], [1.3]),
        ({"multipleOf": 3}, [9, 0], [10]),
        ({"minLength": 1, "maxLength": 2, "pattern": "b"}, ["b", "ab"], ["", "a", "abc"]),
        ({"items": {"type": "string"}, "minItems": 1, "uniqueItems": True}, [["a"], ["a", "b"]], [[], ["a", "a"], [1]]),
        ({"prefixItems": [{"type": "string"}], "items": False}, [[], ["a"]], [[1], ["a", "b"]]),
        ({"required": ["a"], "properties": {"a": {"type": "null"}}}, [{"a": None}], [{}, {"a": 1}]),
        ({"additionalProperties": False, "properties": {"a": {}}}, [{}, {"a": 1}], [{"b": 1}]),
        ({"patternProperties": {"^n": {"type": "null"}}, "additionalProperties": False}, [{"n": None}], [{"n": 1}]),
        ({"propertyNames": {"maxLength": 1}, "maxProperties": 1}, [{"a": 1}], [{"ab": 1}, {"a": 1, "b": 1}]),
        ({"dependentRequired": {"a": ["b"]}}, [{"b": 1}, {"a": 1, "b": 1}], [{"a": 1}]),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, ["a"], ["", 1]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5], [3]),
        ({"not": {"type": "string"}}, [1], ["a"]),
        ({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "null"}}, ["ab", None], ["a", 1]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}, [1], ["a"]),
    ],
)  # fmt: skip
def test_a_value_fits_as_the_standard_says(schema: Any, good: list[Any], bad: list[Any]) -> None:
    standard = Draft202012Validator(schema)
    assert [(fitting(value, schema), standard.is_valid(value)) for value in good] == [(True, True)] * len(good)
    assert [(fitting(value, schema), standard.is_valid(value)) for value in bad] == [(False, False)] * len(bad)


@pytest.mark.parametrize(
    "schema",
    [
        {"contains": {}},
        {"not": {"unevaluatedProperties": False}},
        {"$ref": "https://example.com/schema.json"},
        {"pattern": "(?<=look)behind"},
        {"pattern": "x" * 300},
        {"type": "text"},
        {"anyOf": "a"},
        7,
    ],
)
def test_what_cannot_be_told_does_not_fit(schema: Any) -> None:
    assert not fitting("behind", schema)


def test_older_drafts_are_understood() -> None:
    assert fitting(2, {"minimum": 1, "exclusiveMinimum": True})
    assert not fitting(1, {"minimum": 1, "exclusiveMinimum": True})
    assert fitting(["a", 1], {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}})
    assert not fitting(["a", "b"], {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}})


def test_a_pattern_never_takes_long() -> None:
    started = time.process_time()
    assert not fitting("a" * 2_000, {"pattern": "^(a+)+$b"})
    assert not fitting("a", {"pattern": "((((a{99}){99}){99}){99})"})
    assert time.process_time() - started < 0.1


def test_a_schema_without_end_is_given_up() -> None:
    with pytest.raises(TooMuch):
        fitting([[[1]]], {"allOf": [{"items": {"$ref": "#"}}] * 40})


def test_equal_values_have_one_canonical_text() -> None:
    assert canonical({"b": [1.0, True], "a": None}) == canonical({"a": None, "b": [1, True]})
    assert canonical(True) != canonical(1)
