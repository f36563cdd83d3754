from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from livethread.domain.tools import Tools, skipped_tools, stored_tools

TOOLS: TypeAdapter[Any] = TypeAdapter(Tools)

DEFAULT_RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
        ({"type": "file_search"}, {"type": "file_search", "file_search": {"ranking_options": DEFAULT_RANKING}}),
        (
            {"type": "file_search", "file_search": {"max_num_results": 5, "ranking_options": {"score_threshold": 1}}},
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 5,
                    "ranking_options": {
                        "ranker": "default_2024_08_21",
                        "score_threshold": 1.0,
                        "hybrid_search": None,
                    },
                },
            },
        ),
        (
            {"type": "function", "function": {"name": "f"}},
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False},
            },
        ),
        (
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": True}},
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": True}},
        ),
    ],
)
def test_a_tool_is_stored_in_its_normal_form(asked: dict[str, Any], stored: dict[str, Any]) -> None:
    assert stored_tools(TOOLS.validate_python([asked])) == [stored]


@pytest.mark.parametrize(
    "tool",
    [
        "code_interpreter",
        {},
        {"type": "retrieval"},
        {"type": "function"},
        {"type": "function", "function": {"name": ""}},
        {"type": "function", "function": {"name": "a b"}},
        {"type": "function", "function": {"name": "a\n"}},
        {"type": "function", "function": {"name": "a" * 65}},
        {"type": "function", "function": {"name": "f", "parameters": []}},
        {"type": "function", "function": {"name": "f", "strict": 1}},
        {"type": "file_search", "file_search": {"max_num_results": 51}},
        {"type": "file_search", "file_search": {"ranking_options": {}}},
        {"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 2}}},
    ],
    ids=str,
)
def test_a_tool_of_another_shape_is_refused(tool: Any) -> None:
    with pytest.raises(ValidationError):
        TOOLS.validate_python([tool])


def test_hosted_tools_are_told_apart_once_each() -> None:
    tools = [{"type": "file_search"}, {"type": "function"}, {"type": "code_interpreter"}, {"type": "file_search"}]
    assert skipped_tools(tools) == ["code_interpreter", "file_search"]
