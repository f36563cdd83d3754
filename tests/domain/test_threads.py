from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livethread.domain.threads import Thread, ThreadCreate, ThreadUpdate
from livethread.ids import Ids


def created(**body: Any) -> Thread:
    return Thread.create(ThreadCreate.model_validate(body), Ids(seed=1), now=7)


def test_a_new_thread_has_every_field_in_the_order_of_the_wire() -> None:
    thread = created()
    assert thread.json_text() == (
        f'{{"id":"{thread.id}","object":"thread","created_at":7,"metadata":{{}},"tool_resources":{{}}}}'
    )


def test_a_thread_comes_back_from_its_json_byte_for_byte() -> None:
    text = created(metadata={"ü": "\U0001f600"}).json_text()
    assert Thread.model_validate_json(text).json_text() == text


def test_null_on_create_means_absent() -> None:
    assert created(messages=None, tool_resources=None, metadata=None) == created()


def test_an_update_replaces_metadata_as_a_whole() -> None:
    before = created(metadata={"a": "1", "b": "2"}, tool_resources={"code_interpreter": {"file_ids": ["f"]}})
    after = before.updated(ThreadUpdate.model_validate({"metadata": {"b": "3"}}), Ids(2))
    assert after.model_dump() == before.model_dump() | {"metadata": {"b": "3"}}


def test_null_in_an_update_clears() -> None:
    before = created(metadata={"a": "1"}, tool_resources={"code_interpreter": {"file_ids": ["f"]}})
    after = before.updated(ThreadUpdate.model_validate({"metadata": None, "tool_resources": None}), Ids(2))
    assert after == created()


def test_the_first_messages_are_held_to_the_rules_of_messages() -> None:
    with pytest.raises(ValidationError):
        ThreadCreate.model_validate({"messages": [{"role": "system", "content": "x"}]})


def test_attachments_are_added_to_the_resources_of_the_thread() -> None:
    thread = created(tool_resources={"code_interpreter": {"file_ids": ["old"]}})
    attachments = [
        {"file_id": "new", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]},
        {"file_id": "old", "tools": [{"type": "code_interpreter"}]},
        {"file_id": "other", "tools": [{"type": "file_search"}]},
    ]
    assert thread.with_attachments(attachments, Ids(3)).tool_resources == {
        "code_interpreter": {"file_ids": ["old", "new"]},
        "file_search": {"vector_store_ids": [Ids(3).vector_store()]},
    }


def test_without_attachments_the_thread_stays_the_same_object() -> None:
    thread = created()
    assert thread.with_attachments([], Ids(3)) is thread
