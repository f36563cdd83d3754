from __future__ import annotations

from typing import Any

import pytest

from tests.providers.builtin.tools.runs import INTEGER, NUMBER, STRING, function, run

DATE = {**STRING, "format": "date"}
BOOLEAN = {"type": "boolean"}
TEXTS = {"type": "array", "items": STRING}
DISH = {"type": "object", "properties": {"name": STRING, "quantity": INTEGER}, "required": ["name", "quantity"]}


def arguments(said: str, properties: dict[str, Any], *required: str) -> list[dict[str, Any]]:
    """What a function is called with; it is asked for by its name."""
    wanted = list(required) if required else None
    return [given for _, given in run(said, tools=[function("act", "", properties, wanted)]).calls]


@pytest.mark.parametrize(
    ("said", "properties", "expected"),
    [
        ("Act on order 12345", {"order_id": STRING}, {"order_id": "12345"}),
        ("act on AB-12 please", {"code": STRING}, {"code": "AB-12"}),
        ("act for 3 nights and 2 people", {"people": INTEGER, "nights": INTEGER}, {"people": 2, "nights": 3}),
        ("act between 5 and 10", {"least": NUMBER, "most": NUMBER}, {"least": 5, "most": 10}),
        ("act with 50 or 7", {"count": {**INTEGER, "maximum": 10}}, {"count": 7}),
        ("act at −3 degrees", {"degrees": NUMBER}, {"degrees": -3}),
        ("act with 1,234,567", {"n": INTEGER}, {"n": 1234567}),
        ("act from Rome to Paris", {"destination": STRING, "origin": STRING},
         {"origin": "Rome", "destination": "Paris"}),
        ("act on 2026-12-24", {"day": DATE}, {"day": "2026-12-24"}),
        ("act at 10:30", {"time": STRING}, {"time": "10:30"}),
        ("act, write to ada@example.com", {"to": {**STRING, "format": "email"}}, {"to": "ada@example.com"}),
        ("act on https://example.com/a.", {"page": STRING}, {"page": "https://example.com/a"}),
        ("act: buy milk and bread, please!", {"text": STRING}, {"text": "buy milk and bread"}),
        ("act: subject 'Lunch', body 'At noon'", {"subject": STRING, "body": STRING},
         {"subject": "Lunch", "body": "At noon"}),
        ("act on Ada's behalf", {"name": STRING}, {"name": "Ada"}),
        ("act in a dark green", {"color": {"enum": ["red", "dark_green"]}}, {"color": "dark_green"}),
        ("act in size M", {"size": {"enum": ["S", "M", "L"]}}, {"size": "M"}),
        ("act at level 2", {"level": {"enum": [1, 2, 3]}}, {"level": 2}),
        ("act in blue", {"color": {"enum": ["red", "green"]}}, {"color": "red"}),
        ("act", {"color": {**STRING, "default": "red"}, "n": {**INTEGER, "minimum": 4}}, {"color": "red", "n": 4}),
        ("act", {"n": {**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1}}, {"n": 0.5}),
        ("act", {"a": {"type": "null"}, "b": {"const": 7}, "c": BOOLEAN}, {"a": None, "b": 7, "c": False}),
        ("act, it is urgent", {"is_urgent": BOOLEAN}, {"is_urgent": True}),
        ("act, but it is not urgent", {"is_urgent": BOOLEAN}, {"is_urgent": False}),
        ("act in Rome, Paris and Oslo", {"cities": TEXTS}, {"cities": ["Rome", "Paris", "Oslo"]}),
        ("act on 3, 4 and 5", {"numbers": {"type": "array", "items": INTEGER, "maxItems": 2}}, {"numbers": [3, 4]}),
        ("act: 2 pizzas and 3 beers", {"items": {"type": "array", "items": DISH}},
         {"items": [{"name": "pizzas", "quantity": 2}, {"name": "beers", "quantity": 3}]}),
        ("act", {"note": {"type": ["string", "null"]}, "n": {"anyOf": [INTEGER, {"type": "null"}]}},
         {"note": None, "n": None}),
    ],
)  # fmt: skip
def test_required_arguments_are_filled_from_the_message(said: str, properties: Any, expected: dict[str, Any]) -> None:
    assert arguments(said, properties) == [expected]


@pytest.mark.parametrize(
    ("said", "properties", "expected"),
    [
        ("act in Rome", {"unit": {"enum": ["celsius"]}, "days": {**INTEGER, "default": 3}, "country": STRING}, {}),
        ("act in Rome for 5 days, urgent", {"days": INTEGER, "urgent": BOOLEAN}, {"days": 5, "urgent": True}),
        ("act in Rome with Bob", {"filter": {"type": "object", "properties": {"guest": STRING}}},
         {"filter": {"guest": "Bob"}}),
        ("act in Rome with code 7", {"code": {**INTEGER, "multipleOf": 7}}, {}),
    ],
)  # fmt: skip
def test_an_optional_argument_without_a_candidate_is_left_out(
    said: str, properties: Any, expected: dict[str, Any]
) -> None:
    assert arguments(said, {"city": STRING, **properties}, "city") == [{"city": "Rome", **expected}]


def test_several_values_for_one_argument_are_several_calls() -> None:
    calls = [{"city": "Rome", "color": "red"}, {"city": "Oslo", "color": "red"}]
    assert arguments("act in Rome and Oslo in red", {"city": STRING, "color": {"enum": ["red"]}}) == calls
    calls = [{"city": "Rome"}, {"city": "Oslo"}]
    assert arguments("act in rome or oslo", {"city": {"enum": ["Rome", "Paris", "Oslo"]}}) == calls


def test_references_are_followed_through_definitions_and_into_themselves() -> None:
    tree = {"type": "object", "properties": {"name": STRING, "inner": {"$ref": "#/$defs/tree"}}, "required": ["name"]}
    tool = function("plant", "", {"tree": {"$ref": "#/$defs/tree"}, "n": {"$ref": "#/$defs/a~1b"}})
    tool["function"]["parameters"]["$defs"] = {"tree": tree, "a/b": {**INTEGER, "minimum": 2}}
    assert run("plant 'Oak'", tools=[tool]).calls == [("plant", {"tree": {"name": "Oak"}, "n": 2})]


@pytest.mark.parametrize(
    ("properties", "asked"),
    [
        ({"when": {"type": "object", "properties": {"day": DATE}, "required": ["day"]}}, "`when.day`."),
        ({"n": INTEGER}, "`n`."),
        ({"cities": TEXTS}, "`cities`."),
        ({"code": {**STRING, "pattern": "^[A-Z]"}}, "`code`; its schema uses `pattern`, which I do not follow."),
    ],
)
def test_a_question_names_the_property_that_is_missing(properties: Any, asked: str) -> None:
    played = run("act now", tools=[function("act", "", properties)])
    assert (played.calls, f"To call `act` I need {asked} What shall I take?" in played.text) == ([], True)


def test_what_nothing_can_fit_is_not_called() -> None:
    nothing_fits: list[Any] = [{"not": {}}, {"enum": []}, False, {"$ref": "#/nowhere"}, {"anyOf": []}]
    for odd in nothing_fits:
        for choice in ("auto", "required"):
            assert run("act", tools=[function("act", "", {"odd": odd})], tool_choice=choice).calls == []
