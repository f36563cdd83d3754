"""What is refused: in the envelope, in the vendor's words, and with nothing written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from livethread.api.body import SPILL
from tests.api.conftest import MAX_BODY
from tests.services.rooms import Rooms

Client = httpx2.AsyncClient


def told(answer: httpx2.Response) -> tuple[int, str, str | None, str | None]:
    """Status, message, param and code of an error in the envelope."""
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["type"] == ("server_error" if answer.status_code >= 500 else "invalid_request_error")
    return answer.status_code, error["message"], error["param"], error["code"]


async def thread_of(client: Client) -> str:
    id: str = (await client.post("/v1/threads")).json()["id"]
    return id


ASSISTANT: dict[str, Any] = {"model": "m"}
MESSAGE: dict[str, Any] = {"role": "user", "content": "Hi"}
TOOL = {"type": "code_interpreter"}

BAD_ASSISTANTS: list[tuple[Any, str, str | None, str | None]] = [
    ({}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
    (
        ASSISTANT | {"metadata": {"modified": True}},
        "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
        "metadata.modified",
        "invalid_type",
    ),
    (
        ASSISTANT | {"metadata": {"k": "v" * 513}},
        "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, "
        "but got a string with length 513 instead.",
        "metadata.k",
        "string_above_max_length",
    ),
    (
        ASSISTANT | {"metadata": {f"k{number}": "" for number in range(17)}},
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead.",
        "metadata",
        "object_above_max_properties",
    ),
    (
        ASSISTANT | {"tools": [TOOL] * 129},
        "Invalid 'tools': array too long. Expected an array with maximum length 128, "
        "but got an array with length 129 instead.",
        "tools",
        "array_above_max_length",
    ),
    (
        ASSISTANT | {"tools": [{"type": "retrieval"}]},
        "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
        "tools[0].type",
        "invalid_value",
    ),
    (
        ASSISTANT | {"temperature": 3},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "temperature",
        "decimal_above_max_value",
    ),
    ([], "Invalid type: expected an object, but got an array instead.", None, "invalid_type"),
    (None, "Invalid type: expected an object, but got null instead.", None, "invalid_type"),
]


@pytest.mark.parametrize(("body", "message", "param", "code"), BAD_ASSISTANTS)
async def test_a_bad_assistant_is_refused_and_not_stored(
    client: Client, rooms: Rooms, body: Any, message: str, param: str | None, code: str | None
) -> None:
    answer = await client.post("/v1/assistants", content=json.dumps(body), headers={"content-type": "application/json"})
    assert told(answer) == (400, message, param, code)
    assert (await rooms.counts())["assistants"] == 0


BAD_MESSAGES: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    ({"content": "Hi"}, "Missing required parameter: 'role'.", "role", "missing_required_parameter"),
    (
        MESSAGE | {"role": "system"},
        "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
        "role",
        "invalid_value",
    ),
    (
        MESSAGE | {"content": 3},
        "Invalid type for 'content': expected one of a string or an array of objects, but got an integer instead.",
        "content",
        "invalid_type",
    ),
    (
        MESSAGE | {"content": "x" * 256_001},
        "Invalid 'content': string too long. Expected a string with maximum length 256000, "
        "but got a string with length 256001 instead.",
        "content",
        "string_above_max_length",
    ),
    (
        MESSAGE | {"content": "x" * 1_000_000},
        "Invalid 'content': string too long. Expected a string with maximum length 256000, "
        "but got a string with length 1000000 instead.",
        "content",
        "string_above_max_length",
    ),
    (
        MESSAGE | {"metadata": {"a": "\ud800"}},
        "Invalid 'metadata.a': not valid text. Expected a string without half of a surrogate pair.",
        "metadata.a",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(("body", "message", "param", "code"), BAD_MESSAGES, ids=range(len(BAD_MESSAGES)))
async def test_a_bad_message_is_refused_and_leaves_the_thread_as_it_was(
    client: Client, rooms: Rooms, body: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    thread_id = await thread_of(client)
    counts = await rooms.counts()
    answer = await client.post(
        f"/v1/threads/{thread_id}/messages", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert told(answer) == (400, message, param, code)
    assert await rooms.counts() == counts


async def test_a_thread_with_one_bad_message_is_not_made_at_all(client: Client, rooms: Rooms) -> None:
    answer = await client.post("/v1/threads", json={"messages": [MESSAGE, MESSAGE | {"content": ""}]})
    assert told(answer)[::2] == (400, "messages[1].content")
    assert set((await rooms.counts()).values()) == {0}


@pytest.mark.parametrize("raw", [b"{", b"{'a': 1}", b"\xff", b"NaN", b'{"temperature": 1e999}', b"{}{}", b"\0"])
async def test_what_is_no_json_is_refused(client: Client, raw: bytes) -> None:
    answer = await client.post("/v1/threads", content=raw, headers={"content-type": "application/json"})
    message = "We could not parse the JSON body of your request. Expected one JSON value in UTF-8."
    assert told(answer) == (400, message, None, None)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "\xff"]
)
async def test_a_body_of_another_type_is_refused(client: Client, rooms: Rooms, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type.encode("latin-1")}
    answer = await client.post("/v1/threads", content=b"{}", headers=headers)  # type: ignore[arg-type]
    message = "Unsupported content type. Send the body as JSON, with 'Content-Type: application/json'."
    assert told(answer) == (400, message, None, None)
    assert (await rooms.counts())["threads"] == 0


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_may_name_its_charset(client: Client, content_type: str) -> None:
    answer = await client.post("/v1/threads", content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize("length", [str(MAX_BODY + SPILL + 1), "9" * 5000])
async def test_a_body_far_over_the_limit_is_refused_by_its_length_alone(
    client: Client, rooms: Rooms, length: str
) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b" " * 100_000

    headers = {"content-type": "application/json", "content-length": length}
    answer = await client.post("/v1/threads", content=body(), headers=headers)
    assert told(answer) == (413, f"Request body too large. Expected at most {MAX_BODY} bytes.", None, None)
    assert answer.headers["connection"] == "close"
    assert read == 0
    assert (await rooms.counts())["threads"] == 0


async def test_a_body_that_is_a_little_too_long_is_read_to_its_end_so_that_its_sender_hears_why(client: Client) -> None:
    answer = await client.post(
        "/v1/threads", content=b" " * (MAX_BODY + 1), headers={"content-type": "application/json"}
    )
    assert told(answer) == (413, f"Request body too large. Expected at most {MAX_BODY} bytes.", None, None)


async def test_a_body_that_grows_far_over_the_limit_is_not_read_to_its_end(client: Client) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b" " * 1_000_000

    answer = await client.post("/v1/threads", content=body(), headers={"content-type": "application/json"})
    assert told(answer)[0] == 413
    assert read == (MAX_BODY + SPILL) // 1_000_000 + 1


async def test_a_megabyte_within_the_limit_is_taken(client: Client) -> None:
    messages = [MESSAGE | {"content": "x" * 250_000}] * 4
    answer = await client.post("/v1/threads", json={"messages": messages})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "message", "param", "code"),
    [
        ("limit=0", "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
         "limit", "integer_below_min_value"),
        ("limit=101", "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
         "limit", "integer_above_max_value"),
        ("limit=many", "Invalid value for 'limit': expected an integer, but got 'many' instead.",
         "limit", "invalid_value"),
        ("limit=", "Invalid value for 'limit': expected an integer, but got '' instead.", "limit", "invalid_value"),
        ("order=down", "Invalid value: 'down'. Supported values are: 'asc' and 'desc'.", "order", "invalid_value"),
        ("after=asst_gone", "No assistant found with id 'asst_gone'.", "after", None),
        ("before=%00%ff", "No assistant found with id '\0\ufffd'.", "before", None),
    ],
)  # fmt: skip
async def test_a_bad_page_is_refused(client: Client, query: str, message: str, param: str, code: str | None) -> None:
    assert told(await client.get(f"/v1/assistants?{query}")) == (400, message, param, code)


@pytest.mark.parametrize(
    ("path", "name", "value", "prefix"),
    [
        ("/v1/assistants/undefined", "assistant_id", "undefined", "asst"),
        ("/v1/threads/undefined", "thread_id", "undefined", "thread"),
        ("/v1/threads/msg_1", "thread_id", "msg_1", "thread"),
        ("/v1/threads/%20", "thread_id", " ", "thread"),
        ("/v1/threads/thread_1/messages/null", "message_id", "null", "msg"),
        ("/v1/threads/thread_1/messages?run_id=x", "run_id", "x", "run"),
        ("/v1/threads/thread_1/runs/x/steps", "run_id", "x", "run"),
        ("/v1/threads/thread_1/runs/run_1/steps/run_1", "step_id", "run_1", "step"),
    ],
)
async def test_an_id_of_another_kind_is_refused_in_the_vendors_words(
    client: Client, path: str, name: str, value: str, prefix: str
) -> None:
    message = f"Invalid '{name}': '{value}'. Expected an ID that begins with '{prefix}'."
    assert told(await client.get(path)) == (400, message, name, "invalid_value")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/assistants/asst_1", "No assistant found with id 'asst_1'."),
        ("/v1/threads/thread_1", "No thread found with id 'thread_1'."),
        ("/v1/threads/thread_1/messages", "No thread found with id 'thread_1'."),
        ("/v1/threads/thread_1/messages/msg_1", "No thread found with id 'thread_1'."),
        ("/v1/threads/thread_%00", "No thread found with id 'thread_\0'."),
        ("/v1/threads/thread_%F0%9F%99%82", "No thread found with id 'thread_🙂'."),
        ("/v1/threads/thread_%FF", "No thread found with id 'thread_\ufffd'."),
        ("/v1/threads/thread_..;'--", "No thread found with id 'thread_..;'--'."),
        ("/v1/threads/thread_" + "x" * 5000, f"No thread found with id 'thread_{'x' * 121}'."),
    ],
    ids=range(9),
)
async def test_an_id_that_nothing_has_is_not_found(client: Client, path: str, message: str) -> None:
    assert told(await client.get(path)) == (404, message, None, None)


@pytest.mark.parametrize(
    "path", ["/v1/foo", "/", "/v1/threads/", "/v1/threads//messages", "/v1/threads/thread_1/messages/", "/v1"]
)
async def test_an_unknown_url_is_told_in_the_envelope(client: Client, path: str) -> None:
    assert told(await client.get(path)) == (404, f"Invalid URL (GET {path})", None, None)


async def test_an_unknown_method_is_told_in_the_envelope(client: Client) -> None:
    answer = await client.put("/v1/assistants", json={})
    assert told(answer) == (405, "Invalid method for URL (PUT /v1/assistants)", None, None)
    assert "allow" in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["files", "files/file-1/content", "vector_stores", "vector_stores/vs_1/files"])
async def test_files_say_that_a_later_release_brings_them(client: Client, method: str, path: str) -> None:
    answer = await client.request(
        method, f"/v1/{path}", content=b"--x", headers={"content-type": "multipart/form-data"}
    )
    message = f"Livethread has no /v1/{path.split('/')[0]} yet; a later release brings it."
    assert told(answer) == (404, message, None, None)


async def test_a_mistake_of_ours_is_a_server_error_with_every_header(client: Client) -> None:
    answer = await client.get("/v1/broken", headers={"origin": "http://localhost:3000"})
    status, message, param, code = told(answer)
    assert (status, param, code) == (500, None, None)
    assert message.startswith("The server had an error processing your request. Sorry about that!")
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
