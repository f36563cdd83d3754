from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from livethread.domain.content import refusal_block, text_block
from livethread.domain.messages import Message, MessageCreate, MessageUpdate
from livethread.ids import Ids


def created(**body: Any) -> Message:
    asked = MessageCreate.model_validate({"role": "user", "content": "hi", **body})
    return Message.create(asked, "thread_1", Ids(seed=1), now=7)


def begun() -> Message:
    return Message.begin(id="msg_1", thread_id="thread_1", assistant_id="asst_1", run_id="run_1", now=7)


def test_a_posted_message_has_every_field_in_the_order_of_the_wire() -> None:
    message = created()
    assert message.json_text() == (
        f'{{"id":"{message.id}","object":"thread.message","created_at":7,"assistant_id":null,"thread_id":"thread_1",'
        '"run_id":null,"status":"completed","incomplete_details":null,"incomplete_at":null,"completed_at":7,'
        '"role":"user","content":[{"type":"text","text":{"value":"hi","annotations":[]}}],"attachments":[],'
        '"metadata":{}}'
    )


def test_a_message_comes_back_from_its_json_byte_for_byte() -> None:
    text = created(content="a\x00\x1b\U0001f600\u2028", metadata={"name": "Zoë"}).json_text()
    assert Message.model_validate_json(text).json_text() == text


def test_parts_are_stored_as_blocks() -> None:
    message = created(
        content=[
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}},
        ]
    )
    assert message.content == [
        {"type": "text", "text": {"value": "look", "annotations": []}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "auto"}},
        {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}},
    ]


def test_attachments_are_echoed_unchanged() -> None:
    attachments = [
        {"file_id": "file-1", "tools": [{"type": "code_interpreter"}]},
        {"file_id": "file-1", "tools": [{"type": "file_search"}]},
    ]
    assert created(attachments=attachments).attachments == attachments


def test_null_on_create_means_absent() -> None:
    assert created(attachments=None, metadata=None) == created()


@pytest.mark.parametrize(
    "body",
    [
        {"role": "system"},
        {"role": None},
        {"content": None},
        {"content": ""},
        {"content": []},
        {"content": 1},
        {"content": {"type": "text", "text": "x"}},
        {"content": ["x"]},
        {"content": "x" * 256_001},
        {"content": [{"type": "text", "text": ""}]},
        {"content": [{"type": "text", "text": {"value": "x"}}]},
        {"content": [{"type": "text", "text": "x" * 256_001}]},
        {"content": [{"type": "refusal", "refusal": "x"}]},
        {"content": [{"type": "image_url", "image_url": {}}]},
        {"content": [{"type": "image_url", "image_url": {"url": "u", "detail": "huge"}}]},
        {"attachments": [{"file_id": "file-1"}]},
        {"attachments": [{"tools": []}]},
        {"attachments": [{"file_id": "file-1", "tools": [{"type": "function"}]}]},
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_body_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        created(**body)


def test_the_longest_text_is_counted_in_characters() -> None:
    assert created(content="\U0001f600" * 256_000).text == "\U0001f600" * 256_000


def test_a_message_that_a_run_begins_is_empty_and_in_progress() -> None:
    assert begun().model_dump() == {
        "id": "msg_1",
        "object": "thread.message",
        "created_at": 7,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "run_id": "run_1",
        "status": "in_progress",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": None,
        "role": "assistant",
        "content": [],
        "attachments": [],
        "metadata": {},
    }


def test_a_message_completes_with_its_content() -> None:
    content = [text_block("done")]
    assert begun().completed(content, 9).model_dump() == begun().model_dump() | {
        "status": "completed",
        "completed_at": 9,
        "content": content,
    }


def test_a_message_that_breaks_off_says_why() -> None:
    content = [text_block("do")]
    assert begun().cut(content, "run_cancelled", 9).model_dump() == begun().model_dump() | {
        "status": "incomplete",
        "incomplete_at": 9,
        "incomplete_details": {"reason": "run_cancelled"},
        "content": content,
    }


def test_the_text_of_a_message_is_that_of_its_text_blocks() -> None:
    assert begun().completed([text_block("a"), refusal_block("no"), text_block("b")], 9).text == "a\nb"


def test_an_update_replaces_metadata_as_a_whole() -> None:
    before = created(metadata={"a": "1", "b": "2"})
    after = before.updated(MessageUpdate.model_validate({"metadata": {"b": "3"}}))
    assert after.model_dump() == before.model_dump() | {"metadata": {"b": "3"}}


def test_an_update_without_metadata_changes_nothing() -> None:
    before = created(metadata={"a": "1"})
    assert before.updated(MessageUpdate.model_validate({})) == before


def test_null_in_an_update_clears_the_metadata() -> None:
    assert created(metadata={"a": "1"}).updated(MessageUpdate.model_validate({"metadata": None})) == created()
