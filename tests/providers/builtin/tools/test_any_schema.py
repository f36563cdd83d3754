"""For any functions and any message: the arguments fit their schema, and the run ends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from livethread.providers.builtin.tools.fitting import fits
from livethread.providers.builtin.tools.schemas import Document, TooMuch, Work
from livethread.providers.builtin.tools.turn import MOST_CALLS
from tests.providers.builtin.tools.runs import run
from tests.providers.builtin.tools.schemas import json_values, messages, parameters, schemas, tools

THOROUGH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

choices = st.sampled_from(["auto", "none", "required"])
outputs = st.sampled_from(["fine", "", "42", '{"city": "Bern", "user_id": 7}', '["a"]', "{"])


@THOROUGH
@given(tools(), messages, choices, outputs, st.booleans())
def test_arguments_fit_their_schema_and_the_run_ends(
    functions: list[dict[str, Any]], said: str, choice: str, output: str, parallel: bool
) -> None:
    played = run(
        said, tools=functions, tool_choice=choice, parallel_tool_calls=parallel, outputs=lambda name, given: output
    )
    schemas_of = {tool["function"]["name"]: tool["function"]["parameters"] for tool in functions}
    for name, arguments in played.calls:
        Draft202012Validator(schemas_of[name]).validate(arguments)
    made = [(name, json.dumps(arguments, sort_keys=True)) for name, arguments in played.calls]
    assert len(made) == len(set(made)) <= MOST_CALLS
    # The last round is the answer's.
    assert len(played.rounds) + 1 <= (len(functions) + 2 if parallel else MOST_CALLS + 1)
    assert all(len(calls) == 1 for calls in played.rounds) or parallel
    assert played.finishes == ["tool_calls"] * len(played.rounds) + ["stop"]
    assert played.text


@THOROUGH
@given(parameters(), messages, st.booleans())
def test_a_named_function_is_called_or_no_call_fits(wanted: dict[str, Any], said: str, parallel: bool) -> None:
    tool = {"type": "function", "function": {"name": "act", "parameters": wanted}}
    choice = {"type": "function", "function": {"name": "act"}}
    played = run(said, tools=[tool], tool_choice=choice, parallel_tool_calls=parallel)
    for _, arguments in played.calls:
        Draft202012Validator(wanted).validate(arguments)
    assert played.calls or "`act`" in played.text


@THOROUGH
@given(schemas, messages)
def test_an_answer_by_a_schema_fits_it(wanted: Any, said: str) -> None:
    root = {"$defs": {"color": {"enum": ["red"]}, "tree": {}}, **(wanted if isinstance(wanted, dict) else {})}
    format = {"type": "json_schema", "json_schema": {"name": "answer", "schema": root}}
    played = run(said, tools=[], response_format=format)
    if not played.text.endswith("fits the schema 'answer'."):
        Draft202012Validator(root).validate(json.loads(played.text))


@THOROUGH
@given(schemas, json_values)
def test_what_is_said_to_fit_does_fit(schema: Any, value: Any) -> None:
    root = {"$defs": {"color": {"enum": ["red"]}, "tree": {}}, **(schema if isinstance(schema, dict) else {})}
    document = Document(root, Work())
    try:
        fitting = fits(value, root, document)
    except TooMuch:
        return
    if fitting:
        Draft202012Validator(root).validate(value)


@THOROUGH
@given(json_values, messages, choices)
def test_parameters_that_are_no_schema_break_nothing(wanted: Any, said: str, choice: str) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "description": wanted, "parameters": wanted}}
    run(said, tools=[tool], tool_choice=choice)


keywords = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "enum",
        "const",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "$ref",
        "$defs",
        "minimum",
        "maximum",
        "multipleOf",
        "pattern",
        "minLength",
        "maxItems",
        "minItems",
        "default",
        "format",
        "additionalProperties",
        "description",
    ]
)


@THOROUGH
@given(
    st.dictionaries(keywords, json_values | st.just("object") | st.just({"city": {}}), max_size=5), messages, choices
)
def test_keywords_with_senseless_values_break_nothing(wanted: dict[str, Any], said: str, choice: str) -> None:
    inner = {"type": "object", "properties": {"city": wanted, "unit": wanted}, "required": ["city"]}
    for parameters_ in (wanted, inner):
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": parameters_}}
        run(said, tools=[tool], tool_choice=choice)
