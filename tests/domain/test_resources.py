from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livethread.domain.resources import NewToolResources, ToolResources, filled_resources, stored_resources
from livethread.ids import Ids


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ({}, {}),
        ({"code_interpreter": None, "file_search": None}, {}),
        ({"code_interpreter": {}}, {"code_interpreter": {"file_ids": []}}),
        ({"code_interpreter": {"file_ids": ["a", "b"]}}, {"code_interpreter": {"file_ids": ["a", "b"]}}),
        ({"file_search": {}}, {"file_search": {"vector_store_ids": []}}),
        ({"file_search": {"vector_store_ids": ["vs_1"]}}, {"file_search": {"vector_store_ids": ["vs_1"]}}),
    ],
)
def test_resources_are_stored_by_id(asked: dict[str, Any], stored: dict[str, Any]) -> None:
    assert stored_resources(NewToolResources.model_validate(asked), Ids(1)) == stored
    assert stored_resources(ToolResources.model_validate(asked), Ids(1)) == stored


def test_no_resources_are_stored_as_an_empty_object() -> None:
    assert stored_resources(None, Ids(1)) == {}


def test_the_helper_that_makes_a_vector_store_is_answered_with_an_id() -> None:
    asked = NewToolResources.model_validate(
        {
            "file_search": {
                "vector_stores": [
                    {
                        "file_ids": ["file-1"],
                        "metadata": {"a": "b"},
                        "chunking_strategy": {
                            "type": "static",
                            "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50},
                        },
                    }
                ]
            }
        }
    )
    assert stored_resources(asked, Ids(1)) == {"file_search": {"vector_store_ids": [Ids(1).vector_store()]}}


def test_where_the_helper_is_not_taken_it_is_a_field_that_nobody_knows() -> None:
    asked = ToolResources.model_validate({"file_search": {"vector_stores": [{}]}})
    assert stored_resources(asked, Ids(1)) == {"file_search": {"vector_store_ids": []}}


def test_enabled_hosted_tools_have_an_entry_of_their_own() -> None:
    tools = [{"type": "function"}, {"type": "code_interpreter"}, {"type": "file_search"}]
    assert filled_resources({"file_search": {"vector_store_ids": ["vs_1"]}}, tools) == {
        "file_search": {"vector_store_ids": ["vs_1"]},
        "code_interpreter": {"file_ids": []},
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"code_interpreter": {"file_ids": ["f"] * 21}},
        {"code_interpreter": {"file_ids": [1]}},
        {"file_search": {"vector_store_ids": ["a", "b"]}},
        {"file_search": {"vector_stores": [{}, {}]}},
        {"file_search": {"vector_store_ids": [], "vector_stores": []}},
        {"file_search": {"vector_stores": [{"chunking_strategy": {"type": "static"}}]}},
        {
            "file_search": {
                "vector_stores": [
                    {
                        "chunking_strategy": {
                            "type": "static",
                            "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51},
                        }
                    }
                ]
            }
        },
    ],
    ids=str,
)
def test_resources_beyond_the_limits_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewToolResources.model_validate(asked)
