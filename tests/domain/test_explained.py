from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from pydantic import TypeAdapter, ValidationError, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse

from livethread.api.problems import body
from livethread.domain.assistants import AssistantCreate
from livethread.domain.body import Body
from livethread.domain.explained import from_validation
from livethread.domain.messages import MessageCreate
from livethread.domain.run_bodies import RunCreate, ThreadAndRunCreate, ToolOutputsSubmit
from livethread.domain.strict_json import UNREADABLE
from livethread.errors import ApiError, NotFound


def told(type: Any, value: Any) -> tuple[str, str | None, str | None]:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(type).validate_python(value)
    error = from_validation([problem | {"loc": ("body", *problem["loc"])} for problem in raised.value.errors()])
    assert from_validation(raised.value.errors()).message == error.message
    assert error.status == 400
    return error.message, error.param, error.code


def test_the_envelope_always_has_all_four_keys() -> None:
    assert body(NotFound("thread", "thread_1")) == {
        "error": {
            "message": "No thread found with id 'thread_1'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    }
    assert body(ApiError("No.", param="a.b", code="c")) == {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "a.b", "code": "c"}
    }


@pytest.mark.parametrize(
    ("type", "value", "param"),
    [
        (RunCreate, {}, "assistant_id"),
        (RunCreate, {"model": 1, "temperature": 3}, "assistant_id"),
        (MessageCreate, {"role": "user"}, "content"),
        (AssistantCreate, {"model": "m", "tools": [{}]}, "tools[0].type"),
        (AssistantCreate, {"model": "m", "tools": [{"type": "function"}]}, "tools[0].function"),
        (AssistantCreate, {"model": "m", "tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        (
            AssistantCreate,
            {"model": "m", "response_format": {"type": "json_schema", "json_schema": {}}},
            "response_format.json_schema.name",
        ),
        (
            ThreadAndRunCreate,
            {"assistant_id": "a", "thread": {"messages": [{"role": "user", "content": [{"type": "text"}]}]}},
            "thread.messages[0].content[0].text",
        ),
        (ToolOutputsSubmit, {"tool_outputs": [{}]}, "tool_outputs[0].tool_call_id"),
    ],
)
def test_what_is_missing_is_named(type: Any, value: Any, param: str) -> None:
    assert told(type, value) == (f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


@pytest.mark.parametrize(
    ("type", "value", "param", "expected", "got"),
    [
        (AssistantCreate, {"model": "m", "metadata": {"modified": True}}, "metadata.modified", "a string", "a boolean"),
        (AssistantCreate, {"model": "m", "metadata": {"Key": 1}}, "metadata.Key", "a string", "an integer"),
        (AssistantCreate, {"model": "m", "metadata": {"<text>": 1}}, "metadata.<text>", "a string", "an integer"),
        (AssistantCreate, {"model": "m", "metadata": {"str": None}}, "metadata.str", "a string", "null"),
        (AssistantCreate, {"model": "m", "metadata": "x"}, "metadata", "an object", "a string"),
        (AssistantCreate, {"model": 1.5}, "model", "a string", "a decimal"),
        (AssistantCreate, {"model": "m", "temperature": "1"}, "temperature", "a decimal", "a string"),
        (AssistantCreate, {"model": "m", "temperature": 10**400}, "temperature", "a decimal", "an integer"),
        (AssistantCreate, {"model": "m", "tools": {}}, "tools", "an array", "an object"),
        (AssistantCreate, {"model": "m", "tools": ["x"]}, "tools[0]", "an object", "a string"),
        (
            MessageCreate,
            {"role": "user", "content": 5},
            "content",
            "one of a string or an array of objects",
            "an integer",
        ),
        (
            MessageCreate,
            {"role": "user", "content": [{"type": "text", "text": {}}]},
            "content[0].text",
            "a string",
            "an object",
        ),
        (
            MessageCreate,
            {"role": "user", "content": [{"type": 1}]},
            "content[0].type",
            "one of 'text', 'image_url', or 'image_file'",
            "an integer",
        ),
        (MessageCreate, {"role": 1, "content": "x"}, "role", "one of 'user' or 'assistant'", "an integer"),
        (RunCreate, {"assistant_id": "a", "max_prompt_tokens": 2.5}, "max_prompt_tokens", "an integer", "a decimal"),
        (RunCreate, {"assistant_id": "a", "parallel_tool_calls": None}, "parallel_tool_calls", "a boolean", "null"),
        (
            RunCreate,
            {"assistant_id": "a", "tool_choice": []},
            "tool_choice",
            "one of a string or an object",
            "an array",
        ),
        (
            ToolOutputsSubmit,
            {"tool_outputs": [{"tool_call_id": "c", "output": {"a": 1}}]},
            "tool_outputs[0].output",
            "a string",
            "an object",
        ),
    ],
)
def test_a_wrong_type_is_told_with_what_was_expected(
    type: Any, value: Any, param: str, expected: str, got: str
) -> None:
    message = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    assert told(type, value) == (message, param, "invalid_type")


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_a_body_that_is_no_object_has_no_param(value: Any) -> None:
    message, param, code = told(MessageCreate, value)
    assert message.startswith("Invalid type: expected an object, but got ")
    assert (param, code) == (None, "invalid_type")


@pytest.mark.parametrize(
    ("type", "value", "param", "message"),
    [
        (
            AssistantCreate,
            {"model": "m", "tools": [{"type": "retrieval"}]},
            "tools[0].type",
            "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
        ),
        (
            MessageCreate,
            {"role": "system", "content": "x"},
            "role",
            "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
        ),
        (
            AssistantCreate,
            {"model": "m", "response_format": "json"},
            "response_format",
            "Invalid value: 'json'. Supported values are: 'auto'.",
        ),
        (
            AssistantCreate,
            {"model": "m", "tools": [{"type": "function", "function": {"name": "a b"}}]},
            "tools[0].function.name",
            "Invalid 'tools[0].function.name': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        ),
    ],
)
def test_a_value_out_of_a_closed_set_is_told_with_the_set(type: Any, value: Any, param: str, message: str) -> None:
    assert told(type, value) == (message, param, "invalid_value")


@pytest.mark.parametrize(
    ("type", "value", "param", "rest", "code"),
    [
        (
            MessageCreate,
            {"role": "user", "content": "x" * 1_620_133},
            "content",
            "string too long. Expected a string with maximum length 256000, "
            "but got a string with length 1620133 instead.",
            "string_above_max_length",
        ),
        (
            MessageCreate,
            {"role": "user", "content": ""},
            "content",
            "empty string. Expected a string with minimum length 1, but got an empty string instead.",
            "empty_string",
        ),
        (
            MessageCreate,
            {"role": "user", "content": []},
            "content",
            "empty array. Expected an array with minimum length 1, but got an empty array instead.",
            "empty_array",
        ),
        (
            AssistantCreate,
            {"model": "m", "tools": [{"type": "code_interpreter"}] * 129},
            "tools",
            "array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
            "array_above_max_length",
        ),
        (
            AssistantCreate,
            {"model": "m", "metadata": {str(number): "" for number in range(17)}},
            "metadata",
            "too many properties. Expected an object with at most 16 properties, "
            "but got an object with 17 properties instead.",
            "object_above_max_properties",
        ),
        (
            AssistantCreate,
            {"model": "m", "temperature": 2.5},
            "temperature",
            "decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
            "decimal_above_max_value",
        ),
        (
            AssistantCreate,
            {"model": "m", "top_p": -1},
            "top_p",
            "decimal below minimum value. Expected a value >= 0, but got -1 instead.",
            "decimal_below_min_value",
        ),
        (
            RunCreate,
            {"assistant_id": "a", "max_completion_tokens": 0},
            "max_completion_tokens",
            "integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "integer_below_min_value",
        ),
        (
            AssistantCreate,
            {"model": "m", "tool_resources": {"file_search": {"vector_store_ids": [], "vector_stores": []}}},
            "tool_resources.file_search",
            "expected either 'vector_store_ids' or 'vector_stores', but got both.",
            "mutually_exclusive_parameters",
        ),
    ],
)
def test_a_limit_is_told_with_what_was_sent(type: Any, value: Any, param: str, rest: str, code: str) -> None:
    assert told(type, value) == (f"Invalid '{param}': {rest}", param, code)


def test_a_long_property_name_is_told_with_its_length() -> None:
    key = "k" * 65
    assert told(AssistantCreate, {"model": "m", "metadata": {key: "x"}}) == (
        f"Invalid property name in 'metadata': '{key}' is too long. "
        "Expected a string with maximum length 64, but got a string with length 65 instead.",
        f"metadata.{key}",
        "string_above_max_length",
    )


class Untagged(Body):
    message: str | MessageCreate

    @field_validator("message")
    @classmethod
    def _polite(cls, value: str | MessageCreate) -> str | MessageCreate:
        if value == "rude":
            raise ValueError("please be polite")
        return value


def test_a_union_without_tags_tells_of_the_member_that_came_closest() -> None:
    assert told(Untagged, {"message": {"role": "user", "content": [{"type": "text"}]}}) == (
        "Missing required parameter: 'message.content[0].text'.",
        "message.content[0].text",
        "missing_required_parameter",
    )


def test_a_rule_of_another_validator_keeps_its_own_sentence() -> None:
    assert told(Untagged, {"message": "rude"}) == ("Invalid 'message': please be polite.", "message", "invalid_value")


class Order(Enum):
    asc = "asc"
    desc = "desc"


def client() -> TestClient:
    app = FastAPI()

    @app.post("/things/{number}")
    def make(
        thing: MessageCreate,
        number: Annotated[int, Path()],
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        order: Order = Order.desc,
    ) -> None: ...

    @app.exception_handler(RequestValidationError)
    def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
        told = from_validation(error.errors())
        return JSONResponse(body(told), told.status)

    return TestClient(app)


@pytest.mark.parametrize(
    ("url", "content", "message", "param", "code"),
    [
        ("/things/1", b"{", UNREADABLE, None, None),
        ("/things/1", b"", "Missing request body.", None, "missing_required_parameter"),
        ("/things/1", b"{}", "Missing required parameter: 'role'.", "role", "missing_required_parameter"),
        (
            "/things/x",
            b'{"role":"user","content":"x"}',
            "Invalid value for 'number': expected an integer, but got 'x' instead.",
            "number",
            "invalid_value",
        ),
        (
            "/things/1?limit=0",
            b'{"role":"user","content":"x"}',
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            "limit",
            "integer_below_min_value",
        ),
        (
            "/things/1?limit=x",
            b'{"role":"user","content":"x"}',
            "Invalid value for 'limit': expected an integer, but got 'x' instead.",
            "limit",
            "invalid_value",
        ),
        (
            "/things/1?order=up",
            b'{"role":"user","content":"x"}',
            "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.",
            "order",
            "invalid_value",
        ),
    ],
)
def test_what_fastapi_finds_is_told_the_same_way(
    url: str, content: bytes, message: str, param: str | None, code: str | None
) -> None:
    answer = client().post(url, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}},
    )
