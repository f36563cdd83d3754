"""The body of a chat completion: what it takes, and how what is wrong with it is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livethread.domain.chat import ChatCreate
from livethread.domain.explained import from_validation

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
BODY: dict[str, Any] = {"model": "m", "messages": HELLO}


def refused(body: Any) -> tuple[str, str | None, str | None]:
    """The sentence, the param and the code that a body is refused with."""
    with pytest.raises(ValidationError) as raised:
        ChatCreate.model_validate(body)
    error = from_validation(raised.value.errors())
    return error.message, error.param, error.code


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "model", "missing_required_parameter"),
        ({"model": "m"}, "messages", "missing_required_parameter"),
        ({"messages": HELLO}, "model", "missing_required_parameter"),
        ({**BODY, "model": 4}, "model", "invalid_type"),
        ({**BODY, "model": ""}, "model", "empty_string"),
        ({**BODY, "model": "m" * 513}, "model", "string_above_max_length"),
        ({**BODY, "messages": []}, "messages", "empty_array"),
        ({**BODY, "messages": "Hello"}, "messages", "invalid_type"),
        ({**BODY, "messages": ["Hello"]}, "messages[0]", "invalid_type"),
        ({**BODY, "messages": [{"content": "Hello"}]}, "messages[0].role", "missing_required_parameter"),
        ({**BODY, "messages": [{"role": 1, "content": "Hello"}]}, "messages[0].role", "invalid_type"),
        ({**BODY, "messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({**BODY, "messages": [{"role": "user", "content": None}]}, "messages[0].content", "invalid_type"),
        ({**BODY, "messages": [{"role": "user", "content": []}]}, "messages[0].content", "empty_array"),
        ({**BODY, "messages": [*HELLO, {"role": "tool", "content": "4"}]}, "messages[1].tool_call_id",
         "missing_required_parameter"),
        ({**BODY, "messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": "function"}]}]},
         "messages[0].tool_calls[0].function", "missing_required_parameter"),
        ({**BODY, "stream": "yes"}, "stream", "invalid_type"),
        ({**BODY, "stream_options": True}, "stream_options", "invalid_type"),
        ({**BODY, "temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({**BODY, "top_p": "1"}, "top_p", "invalid_type"),
        ({**BODY, "max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({**BODY, "max_completion_tokens": 1.5}, "max_completion_tokens", "invalid_type"),
        ({**BODY, "n": 2}, "n", "invalid_value"),
        ({**BODY, "logprobs": True}, "logprobs", "invalid_value"),
        ({**BODY, "top_logprobs": 3}, "top_logprobs", "invalid_value"),
        ({**BODY, "modalities": ["text", "audio"]}, "modalities", "invalid_value"),
        ({**BODY, "functions": []}, "functions", "invalid_value"),
        ({**BODY, "tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type", "invalid_value"),
        ({**BODY, "tools": [{"type": "function", "function": {"name": "no blanks"}}]}, "tools[0].function.name",
         "invalid_value"),
        ({**BODY, "tool_choice": "any"}, "tool_choice", "invalid_value"),
        ({**BODY, "response_format": {"type": "json_schema"}}, "response_format.json_schema",
         "missing_required_parameter"),
        ({**BODY, "metadata": {"script": 1}}, "metadata.script", "invalid_type"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_place(body: Any, param: str, code: str) -> None:
    assert refused(body)[1:] == (param, code)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {**BODY, "messages": [{"role": "function", "name": "f", "content": "4"}]},
            "Invalid value: 'function'. Supported values are: 'system', 'developer', 'user', 'assistant', and 'tool'.",
        ),
        (
            {**BODY, "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
            "Invalid value: 'input_audio'. Supported values are: 'text' and 'image_url'.",
        ),
        (
            {**BODY, "messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "Invalid value: 'image_url'. Supported values are: 'text'.",
        ),
        ({**BODY, "n": 3}, "Invalid 'n': only one answer is given. Expected 1; for more, send the request again."),
        ({**BODY, "audio": {}}, "Invalid 'audio': answers have text and tool calls only. Leave it out."),
        (
            {**BODY, "function_call": "auto"},
            "Invalid 'function_call': it gave way to 'tools' and 'tool_choice'. Send the functions there.",
        ),
    ],
)
def test_what_cannot_be_had_is_told_in_a_sentence(body: Any, sentence: str) -> None:
    assert refused(body)[0] == sentence


def test_what_asks_for_nothing_is_taken() -> None:
    body = {
        **BODY, "n": 1, "logprobs": False, "top_logprobs": 0, "modalities": ["text"], "audio": None, "functions": None,
        "stream_options": {"include_obfuscation": False},
    }  # fmt: skip
    taken = ChatCreate.model_validate(body)
    assert (taken.options, taken.wants_usage) == ({}, False)


def test_what_nobody_knows_is_handed_on_unless_it_is_null() -> None:
    more = {"seed": 7, "stop": ["\n"], "chat_template_kwargs": {"enable_thinking": False}, "user": None}
    assert ChatCreate.model_validate({**BODY, **more}).options == {
        "seed": 7, "stop": ["\n"], "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip


def test_a_message_may_be_as_long_as_the_body() -> None:
    text = "語🎉 " * 300_000
    body = ChatCreate.model_validate({**BODY, "messages": [{"role": "user", "content": text}]})
    assert body.messages[0].content == text
