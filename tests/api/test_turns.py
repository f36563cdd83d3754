"""Turns over HTTP: what a body may be, and how one that may not is refused."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.api.test_refusals import told
from tests.services.rooms import Rooms

Client = httpx2.AsyncClient

LONG = [f"asst_{number}" for number in range(101)]

BAD_TURNS: list[tuple[Any, str, str | None, str]] = [
    ({"message": None}, "Missing required parameter: 'message'.", "message", "missing_required_parameter"),
    (
        {"message": 7},
        "Invalid type for 'message': expected one of a string or an object, but got an integer instead.",
        "message",
        "invalid_type",
    ),
    (
        {"message": ""},
        "Invalid 'message': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        "message",
        "empty_string",
    ),
    (
        {"message": {"role": "user"}},
        "Missing required parameter: 'message.content'.",
        "message.content",
        "missing_required_parameter",
    ),
    (
        {"message": {"role": "system", "content": "Hi"}},
        "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.",
        "message.role",
        "invalid_value",
    ),
    ({"assistants": None}, "Missing required parameter: 'assistants'.", "assistants", "missing_required_parameter"),
    (
        {"assistants": []},
        "Invalid 'assistants': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "assistants",
        "empty_array",
    ),
    (
        {"assistants": LONG},
        "Invalid 'assistants': array too long. Expected an array with maximum length 100, "
        "but got an array with length 101 instead.",
        "assistants",
        "array_above_max_length",
    ),
    (
        {"assistants": "asst_1"},
        "Invalid type for 'assistants': expected an array, but got a string instead.",
        "assistants",
        "invalid_type",
    ),
    (
        {"assistants": ["asst_1", None]},
        "Invalid type for 'assistants[1]': expected one of a string or an object, but got null instead.",
        "assistants[1]",
        "invalid_type",
    ),
    (
        {"assistants": ["asst_1", {"model": "m"}]},
        "Missing required parameter: 'assistants[1].assistant_id'.",
        "assistants[1].assistant_id",
        "missing_required_parameter",
    ),
    (
        {"assistants": [{"assistant_id": "asst_1", "temperature": 3}]},
        "Invalid 'assistants[0].temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "assistants[0].temperature",
        "decimal_above_max_value",
    ),
    (
        {"assistants": [{"assistant_id": "asst_1", "stream": True}]},
        "Invalid 'assistants[0].stream': a turn is answered with its runs. "
        "Follow the thread's stream, or that of each run.",
        "assistants[0].stream",
        "invalid_value",
    ),
    (
        {"assistants": [{"assistant_id": "asst_1", "thread_policy": "queue"}]},
        "Invalid 'assistants[0].thread_policy': a turn has one policy for all its runs. Put it beside 'assistants'.",
        "assistants[0].thread_policy",
        "invalid_value",
    ),
    (
        {"mode": "both"},
        "Invalid value: 'both'. Supported values are: 'parallel' and 'sequential'.",
        "mode",
        "invalid_value",
    ),
    (
        {"thread_policy": "overtake"},
        "Invalid value: 'overtake'. Supported values are: 'queue', 'parallel', 'interrupt', and 'reject'.",
        "thread_policy",
        "invalid_value",
    ),
]


@pytest.fixture
async def place(client: Client) -> str:
    """A thread."""
    return f"/v1/threads/{(await client.post('/v1/threads')).json()['id']}"


async def assistant(client: Client) -> str:
    id: str = (await client.post("/v1/assistants", json={"model": "m"})).json()["id"]
    return id


@pytest.mark.parametrize(("wrong", "message", "param", "code"), BAD_TURNS)
async def test_a_turn_that_is_wrong_is_refused_at_the_place_where_it_is(
    client: Client, place: str, rooms: Rooms, wrong: dict[str, Any], message: str, param: str, code: str
) -> None:
    before = await rooms.counts()
    body = {"message": "Hi", "assistants": ["asst_1"]} | wrong
    body = {name: value for name, value in body.items() if value is not None}
    assert told(await client.post(f"{place}/turns", json=body)) == (400, message, param, code)
    assert await rooms.counts() == before


async def test_an_assistant_that_is_not_there_is_named_by_its_place(client: Client, place: str) -> None:
    body = {"message": "Hi", "assistants": [await assistant(client), "asst_none"]}
    refused = told(await client.post(f"{place}/turns", json=body))
    assert refused == (404, "No assistant found with id 'asst_none'.", "assistants[1]", None)


async def test_a_turn_is_answered_with_what_reads_show_then_and_runs_of_no_turn_say_so(
    client: Client, place: str
) -> None:
    id = await assistant(client)
    plain = (await client.post(f"{place}/runs", json={"assistant_id": id, "instructions": "Go on."})).json()
    body = {"message": "Hi", "assistants": [id, {"assistant_id": id, "stream": False, "thread_policy": None}, id]}
    answer = await client.post(f"{place}/turns", json=body | {"mode": "sequential"})
    assert answer.status_code == 200, answer.text
    turn = answer.json()
    assert list(turn) == ["id", "object", "message", "runs"]
    assert (await client.get(f"{place}/messages")).json()["data"] == [turn["message"]]
    listed = (await client.get(f"{place}/runs")).json()["data"]
    assert listed == [*reversed(turn["runs"]), plain]
    assert [run["turn_id"] for run in listed] == [turn["id"]] * 3 + [None]


async def test_stop_takes_no_body_and_answers_a_list(client: Client, place: str) -> None:
    assert (await client.post(f"{place}/stop")).json() == {"object": "list", "data": []}
    body = {"message": "Hi", "assistants": [await assistant(client)] * 2}
    await client.post(f"{place}/turns", json=body)
    for _ in range(2):
        stopped = (await client.post(f"{place}/stop", json={})).json()
        assert stopped["data"] == [*reversed((await client.get(f"{place}/runs")).json()["data"])]
        assert [run["status"] for run in stopped["data"]] == ["cancelling"] * 2
    gone = told(await client.post("/v1/threads/thread_none/stop"))
    assert gone == (404, "No thread found with id 'thread_none'.", None, None)
