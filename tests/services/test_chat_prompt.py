"""A conversation as the model reads it."""

from __future__ import annotations

from typing import Any

import pytest

from livethread.domain.chat import ChatCreate
from livethread.errors import ApiError
from livethread.providers.chunks import ImagePart, PromptMessage, Request, TextPart, ToolCall
from livethread.services import chat_prompt

WEATHER: dict[str, Any] = {"type": "function", "function": {"name": "weather", "description": None}}

NOTHING = {"type": "object", "properties": {}}


def asked(*messages: dict[str, Any], **more: Any) -> Request:
    return chat_prompt.request(ChatCreate.model_validate({"model": "alias", "messages": [*messages], **more}), "m")


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def called(*ids: str) -> dict[str, Any]:
    calls = [{"id": id, "type": "function", "function": {"name": "weather", "arguments": "{}"}} for id in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def output(id: str) -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": id,
        "content": [{"type": "text", "text": "18"}, {"type": "text", "text": "°"}],
    }


def said(role: Any, text: str, **more: Any) -> PromptMessage:
    return PromptMessage(role, (TextPart(text),), **more)


def test_a_question_alone_leaves_everything_else_to_the_model() -> None:
    assert asked(user("Hello")) == Request(model="m", instructions=None, messages=(said("user", "Hello"),), whole=True)


def test_what_stands_at_the_beginning_is_one_system_message_and_what_follows_stays_where_it_is() -> None:
    request = asked(
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Rhyme"}, {"type": "text", "text": "."}]},
        user("Hello"),
        {"role": "developer", "content": "Now in prose."},
    )
    assert request.instructions == "Be brief.\n\nRhyme."
    assert request.messages == (said("user", "Hello"), said("system", "Now in prose."))


def test_a_whole_round_of_calls_is_read_as_it_was() -> None:
    request = asked(user("Weather?"), called("call_1", "call_2"), output("call_1"), output("call_2"))
    assert request.messages == (
        said("user", "Weather?"),
        said("assistant", "", tool_calls=(ToolCall("call_1", "weather", "{}"), ToolCall("call_2", "weather", "{}"))),
        PromptMessage("tool", (TextPart("18"), TextPart("°")), tool_call_id="call_1"),
        PromptMessage("tool", (TextPart("18"), TextPart("°")), tool_call_id="call_2"),
    )


def test_names_images_refusals_and_reasoning_are_kept() -> None:
    request = asked(
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
            ],
        },
        {"role": "assistant", "content": None, "refusal": "I will not say.", "reasoning_content": "Hm."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    )
    images = ImagePart("https://example.com/a.png"), ImagePart("data:image/png;base64,AA==", "low")
    assert request.messages == (
        PromptMessage("user", (TextPart("What is this?"), *images), name="ann"),
        said("assistant", "I will not say.", reasoning="Hm."),
        said("assistant", "No."),
    )


def test_the_turn_of_a_script_is_the_number_of_rounds_since_a_person_spoke() -> None:
    first = [user("One"), called("a"), output("a"), called("b"), output("b")]
    assert asked(user("One")).turn == 0
    assert asked(*first).turn == 2
    assert asked(*first, {"role": "assistant", "content": "Done."}, user("Two")).turn == 0
    assert asked(*first, user("Two"), called("c"), output("c")).turn == 1


def test_every_setting_arrives() -> None:
    request = asked(
        user("Hello"), stream=True, tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False, temperature=0, top_p=0.5, reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}},
        max_completion_tokens=5, max_tokens=9, metadata={"script": "a.yaml"}, seed=1, n=1,
    )  # fmt: skip
    assert request == Request(
        model="m", instructions=None, messages=(said("user", "Hello"),),
        tools=({"type": "function", "function": {"name": "weather", "parameters": NOTHING}},),
        tool_choice={"type": "function", "function": {"name": "weather"}}, parallel_tool_calls=False, temperature=0,
        top_p=0.5, reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}},
        max_completion_tokens=5, metadata={"script": "a.yaml"}, options={"seed": 1, "metadata": {"script": "a.yaml"}},
    )  # fmt: skip


def test_the_older_limit_counts_where_there_is_no_other() -> None:
    assert asked(user("Hello"), max_tokens=9).max_completion_tokens == 9


@pytest.mark.parametrize(
    ("choice", "tools", "sentence"),
    [
        ("required", None, "Invalid 'tool_choice': it is only allowed with 'tools'."),
        (
            {"type": "function", "function": {"name": "other"}},
            [WEATHER],
            "Invalid 'tool_choice': the function 'other' is not among the 'tools'.",
        ),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(choice: Any, tools: Any, sentence: str) -> None:
    with pytest.raises(ApiError) as raised:
        asked(user("Hello"), tool_choice=choice, tools=tools)
    assert (raised.value.message, raised.value.param) == (sentence, "tool_choice")


@pytest.mark.parametrize("choice", ["none", "auto", None])
def test_a_choice_that_asks_for_nothing_needs_no_tools(choice: Any) -> None:
    assert asked(user("Hello"), tool_choice=choice).tools == ()
