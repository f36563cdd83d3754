from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from livethread.domain.assistants import Assistant, AssistantCreate, AssistantUpdate
from livethread.ids import Ids

EMPTY_FUNCTION = {"name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def created(**body: Any) -> Assistant:
    return Assistant.create(AssistantCreate.model_validate({"model": "m", **body}), Ids(seed=1), now=7)


def updated(assistant: Assistant, **body: Any) -> Assistant:
    return assistant.updated(AssistantUpdate.model_validate(body), Ids(seed=2))


def test_a_new_assistant_has_every_field_in_the_order_of_the_wire() -> None:
    assistant = created()
    assert assistant.json_text() == (
        f'{{"id":"{assistant.id}","object":"assistant","created_at":7,"name":null,"description":null,"model":"m",'
        '"instructions":null,"tools":[],"top_p":1.0,"temperature":1.0,"reasoning_effort":null,"tool_resources":{},'
        '"metadata":{},"response_format":"auto"}'
    )


def test_an_assistant_keeps_what_it_was_given() -> None:
    given: dict[str, Any] = {
        "model": "m",
        "name": "n" * 256,
        "description": "d" * 512,
        "instructions": "i" * 256_000,
        "reasoning_effort": "xhigh",
        "metadata": {"k" * 64: "v" * 512},
        "temperature": 0.5,
        "top_p": 0.25,
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"a": [1, 2.0, None]}}},
    }
    stored = created(**given).model_dump()
    assert {key: stored[key] for key in given} == given


def test_an_assistant_comes_back_from_its_json_byte_for_byte() -> None:
    text = created(
        temperature=1,
        name="ü\x00\U0001f600",
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"n": 1.0, "m": 1, "z": [1e300, -0.0]}}}],
    ).json_text()
    assert text.isascii()
    assert Assistant.model_validate_json(text).json_text() == text


@given(st.dictionaries(TEXT, VALUES))
def test_parameters_of_any_kind_come_back_unchanged(parameters: dict[str, Any]) -> None:
    assistant = created(tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    text = assistant.json_text()
    restored = Assistant.model_validate_json(text)
    assert (restored, restored.json_text()) == (assistant, text)


def test_null_on_create_means_absent() -> None:
    nulls = dict.fromkeys(set(AssistantCreate.model_fields) - {"model"})
    assert created(**nulls) == created()


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert created(unheard_of=1) == created()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": None},
        {"model": ""},
        {"model": 1},
        {"name": "n" * 257},
        {"description": "d" * 513},
        {"instructions": "i" * 256_001},
        {"instructions": True},
        {"reasoning_effort": "extreme"},
        {"tools": [{"type": "code_interpreter"}] * 129},
        {"temperature": 2.1},
        {"temperature": "1"},
        {"temperature": True},
        {"top_p": 1.1},
        {"top_p": -0.1},
        {"metadata": {str(number): "" for number in range(17)}},
        {"metadata": {"k" * 65: ""}},
        {"metadata": {"k": "v" * 513}},
        {"metadata": {"k": 1}},
        {"response_format": "text"},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
    ],
    ids=str,
)
def test_a_body_beyond_the_limits_is_refused(body: dict[str, Any]) -> None:
    model = {} if body == {} or "model" in body else {"model": "m"}
    with pytest.raises(ValidationError):
        AssistantCreate.model_validate(model | body)


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    before = created(name="old", instructions="be kind", temperature=0.5, metadata={"a": "1", "b": "2"})
    after = updated(before, name="new", metadata={"c": "3"}, tools=[{"type": "function", "function": {"name": "f"}}])
    assert after.model_dump() == before.model_dump() | {
        "name": "new",
        "metadata": {"c": "3"},
        "tools": [{"type": "function", "function": EMPTY_FUNCTION}],
    }


def test_null_in_an_update_goes_back_to_the_default() -> None:
    before = created(
        name="n",
        description="d",
        instructions="i",
        reasoning_effort="low",
        tools=[{"type": "function", "function": {"name": "f"}}],
        tool_resources={"code_interpreter": {"file_ids": ["file-1"]}},
        metadata={"a": "1"},
        temperature=0.5,
        top_p=0.5,
        response_format={"type": "text"},
    )
    after = updated(before, **dict.fromkeys(set(AssistantUpdate.model_fields) - {"model"}))
    assert after == created()


def test_an_update_may_not_take_the_model_away() -> None:
    with pytest.raises(ValidationError):
        AssistantUpdate.model_validate({"model": None})


def test_an_update_that_enables_a_hosted_tool_gives_it_its_resources() -> None:
    after = updated(created(), tools=[{"type": "code_interpreter"}])
    assert after.tool_resources == {"code_interpreter": {"file_ids": []}}
