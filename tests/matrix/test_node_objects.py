"""Node: every call that makes, reads, changes, lists or deletes something."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.nodes import Told, each_version, plain, told
from tests.sdk.scenes import script

NO_DELETED_MESSAGES = {"4.29"}
"""It has no call that deletes a message."""
NO_REQUEST_IDS = {"4.29"}
"""Its objects have no ``_request_id``; ``withResponse()`` gives the header."""
PAGES_TO_AN_EMPTY_ONE = {"4.29"}
"""It does not read ``has_more``: its last page is the one that is empty."""
FILES = {"4.29"}
"""It has the calls for files of the API's first version, which are gone."""

USAGE_DETAILS = {
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


@pytest.fixture(scope="module")
def objects(version: str, server: str) -> Told:
    return told(version, "objects", server)


def assistant(**changes: Any) -> dict[str, Any]:
    function = {"name": "get_weather", "description": "Weather now", "parameters": NO_PARAMETERS, "strict": False}
    return {
        "id": "asst-1",
        "object": "assistant",
        "created_at": "then",
        "name": "New",
        "description": None,
        "model": "builtin/guide",
        "instructions": "Be brief.",
        "tools": [{"type": "function", "function": function}],
        "top_p": 1,
        "temperature": 1,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {"b": "2"},
        "response_format": "auto",
        **changes,
    }


NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


def thread(number: int, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"thread-{number}",
        "object": "thread",
        "created_at": "then",
        "metadata": metadata,
        "tool_resources": {},
    }


def message(id: str, thread_id: str, said: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "object": "thread.message",
        "created_at": "then",
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": "then",
        "role": "user",
        "content": [{"type": "text", "text": {"value": said, "annotations": []}}],
        "attachments": [],
        "metadata": {},
        **changes,
    }


def run(**changes: Any) -> dict[str, Any]:
    return {
        "id": "run-1",
        "object": "thread.run",
        "created_at": "then",
        "assistant_id": "asst-1",
        "thread_id": "thread-1",
        "status": "queued",
        "started_at": None,
        "expires_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "builtin/script",
        "instructions": script("echo"),
        "tools": [],
        "tool_resources": {},
        "metadata": {"a": "1"},
        "temperature": 0.5,
        "top_p": 1,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "thread_policy": "queue",
        "turn_id": None,
        "skipped_tools": [],
        **changes,
    }


def usage(prompt: int, completion: int) -> dict[str, Any]:
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **USAGE_DETAILS}


def step(id: str, details: dict[str, Any], used: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id,
        "object": "thread.run.step",
        "created_at": "then",
        "run_id": "run-1",
        "assistant_id": "asst-1",
        "thread_id": "thread-1",
        "type": details["type"],
        "status": "completed",
        "cancelled_at": None,
        "completed_at": "then",
        "expires_at": None,
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": used,
        "metadata": {},
    }


def deleted(id: str, object: str) -> dict[str, Any]:
    return {"id": id, "object": object, "deleted": True}


def creation(message_id: str) -> dict[str, Any]:
    return {"type": "message_creation", "message_creation": {"message_id": message_id}}


@each_version
def test_assistants_are_made_changed_read_and_deleted(objects: Told) -> None:
    assert plain(objects.value["assistants"]) == {
        "created": assistant(name="Old", metadata={"a": "1"}),
        "updated": assistant(),
        "read": assistant(),
        "deleted": deleted("asst-1", "assistant.deleted"),
        "gone": 404,
    }


@each_version
def test_threads_are_made_changed_read_and_deleted(objects: Told) -> None:
    assert plain(objects.value["threads"]) == {
        "empty": thread(1, {}),
        "created": thread(2, {"topic": "tides"}),
        "updated": thread(2, {"topic": "winds"}),
        "read": thread(2, {"topic": "winds"}),
        "messages": [
            message("msg-1", "thread-2", "First"),
            message("msg-2", "thread-2", "Second", metadata={"mood": "calm"}),
        ],
        "deleted": deleted("thread-2", "thread.deleted"),
    }


@each_version
def test_messages_are_made_changed_read_and_deleted(objects: Told, version: str) -> None:
    seen = message("msg-1", "thread-1", "Hello 🦊", metadata={"seen": "yes"})
    expected = {"created": seen | {"metadata": {}}, "updated": seen, "read": seen}
    if version not in NO_DELETED_MESSAGES:
        expected["deleted"] = deleted("msg-1", "thread.message.deleted")
    assert plain(objects.value["messages"]) == expected


@each_version
def test_runs_and_their_steps_are_made_changed_and_read(objects: Told) -> None:
    completed = run(status="completed", started_at="then", completed_at="then", usage=usage(1, 3))
    its_step = step("step-1", creation("msg-1"), usage(1, 3))
    ahoy = {"id": "run-2", "assistant_id": "asst-2", "thread_id": "thread-2", "temperature": 1, "metadata": {}}
    assert plain(objects.value["runs"]) == {
        "created": run(),
        "completed": completed,
        "updated": completed | {"metadata": {"b": "2"}},
        "steps": [its_step],
        "step": its_step,
        "written": [
            message("msg-1", "thread-1", "You said: Hello", role="assistant", run_id="run-1", assistant_id="asst-1")
        ],
        "both": run(**ahoy),
        "ended": {**completed, **ahoy},
    }


@each_version
def test_calls_are_asked_for_and_answered(objects: Told) -> None:
    calls = plain(objects.value["calls"])
    asked = [one["required_action"]["submit_tool_outputs"]["tool_calls"] for one in calls["told"][:3:2]]

    def function(id: str, name: str, arguments: str, **output: str) -> dict[str, Any]:
        return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments, **output}}

    find, weather = (
        ("call_find", "find_city", '{"country": "Italy"}'),
        ("call_weather", "get_weather", '{"city": "Rome"}'),
    )
    assert [one["status"] for one in calls["told"]] == [
        "requires_action",
        "queued",
        "requires_action",
        "queued",
        "completed",
    ]
    assert asked == [[function(*find)], [function(*weather)]]
    steps = [
        step(
            f"step-{number}",
            {"type": "tool_calls", "tool_calls": [function(*call, output=f"sunny for {call[0]}")]},
            usage(prompt, 2),
        )
        for number, call, prompt in ((1, find, 1), (2, weather, 4))
    ]
    steps.append(step("step-3", creation("msg-1"), usage(7, 5)))
    assert calls["steps"] == steps
    assert calls["backwards"] == steps[::-1]


@each_version
@pytest.mark.parametrize("noun", ["assistants", "messages", "runs"])
def test_lists_page_by_themselves_both_ways_and_from_a_place(objects: Told, version: str, noun: str) -> None:
    assert objects.value["paging"][noun] == {
        "asc": [1, 2, 3, 4],
        "desc": [4, 3, 2, 1, 0],
        "after": [2, 1, 0],
        # The SDKs go on with `after`, and so get only those next to the place.
        "before": [[1, 2], [2, 1]],
        "between": [1, 2, 3],
        "end": [],
        "byHand": [True, [3, 4], [2, 2, 0] if version in PAGES_TO_AN_EMPTY_ONE else [2, 2]],
    }


@each_version
def test_the_raw_response_can_be_had(objects: Told, version: str) -> None:
    expected = {
        "raw": [200, "application/json", "thread"],
        "parsed": ["thread", 200, True],
        "version": "2020-10-01",
    }
    assert objects.value["responses"] == (expected if version in NO_REQUEST_IDS else expected | {"request": True})


@each_version
def test_the_files_of_the_first_api_are_not_found(objects: Told, version: str) -> None:
    def gone(method: str, path: str) -> dict[str, Any]:
        return {
            "kind": "NotFoundError",
            "status": 404,
            "code": None,
            "param": None,
            "type": "invalid_request_error",
            "says": f"404 Invalid URL ({method} /v1{path})",
            "request": "a request",
        }

    of_assistant, of_message = "/assistants/asst_A/files", "/threads/thread_A/messages/msg_A/files"
    assert plain(objects.value.get("files")) == (
        [
            gone("POST", of_assistant),
            gone("GET", f"{of_assistant}/file-A"),
            gone("GET", of_assistant),
            gone("DELETE", f"{of_assistant}/file-A"),
            gone("GET", f"{of_message}/file-A"),
            gone("GET", of_message),
        ]
        if version in FILES
        else None
    )
