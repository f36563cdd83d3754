"""Claims over HTTP: what is asked and answered, and how what may not be is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.api.test_refusals import told
from tests.services.rooms import NOW, Rooms
from tests.services.test_claims import LOST

Client = httpx2.AsyncClient

BAD_CLAIMS: list[tuple[Any, str, str | None]] = [
    ({}, "Missing required parameter: 'user_id'.", "missing_required_parameter"),
    ({"user_id": None}, "Invalid type for 'user_id': expected a string, but got null instead.", "invalid_type"),
    ({"user_id": 7}, "Invalid type for 'user_id': expected a string, but got an integer instead.", "invalid_type"),
    *(
        ({"user_id": wrong}, "Invalid 'user_id': expected 1 to 64 visible characters without blanks.", "invalid_value")
        for wrong in ("", "a b", "x" * 65)
    ),
]


@pytest.fixture
async def place(client: Client, rooms: Rooms) -> str:
    """A run that waits for its caller."""
    thread_id = (await client.post("/v1/threads")).json()["id"]
    run = await rooms.run_on(thread_id, "requires_action")
    return f"/v1/threads/{thread_id}/runs/{run.id}"


async def claimed(client: Client, place: str, user_id: str = "ann", **headers: str) -> dict[str, Any]:
    answer = await client.post(
        f"{place}/claim",
        json={"user_id": user_id},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    object: dict[str, Any] = answer.json()
    return object


async def submitted(client: Client, place: str, token: str) -> httpx2.Response:
    headers = {"X-Livethread-Claim": token}
    return await client.post(f"{place}/submit_tool_outputs", json={"tool_outputs": []}, headers=headers)


async def test_one_is_granted_a_token_and_its_outputs_are_taken(client: Client, place: str) -> None:
    answers = await asyncio.gather(*(claimed(client, place, f"user-{number}") for number in range(10)))
    (granted,) = (answer for answer in answers if answer["granted"])
    assert granted == {"granted": True, "token": granted["token"], "expires_at": NOW + 15}
    assert [answer for answer in answers if answer != granted] == [{"granted": False, "expires_at": NOW + 15}] * 9
    answer = await submitted(client, place, granted["token"])
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert told(await submitted(client, place, granted["token"])) == (
        400, 'Runs in status "queued" do not accept tool outputs.', None, None,
    )  # fmt: skip


async def test_outputs_with_a_token_that_is_not_the_valid_one_are_refused_and_the_run_waits_on(
    client: Client, place: str, rooms: Rooms
) -> None:
    run = (await client.get(place)).json()
    stale = (await claimed(client, place))["token"]
    rooms.clock.time += 15
    token = (await claimed(client, place, "ben"))["token"]
    before = await rooms.counts()
    for wrong in (stale, "", "claim_", token.upper()):
        assert told(await submitted(client, place, wrong)) == (400, LOST, None, "claim_lost")
    assert await rooms.counts() == before
    assert (await client.get(place)).json() == run
    assert (await submitted(client, place, token)).status_code == 200


async def test_a_claim_is_renewed_with_its_token_in_the_header(client: Client, place: str, rooms: Rooms) -> None:
    first = await claimed(client, place)
    rooms.clock.time += 10
    assert await claimed(client, place, x_livethread_claim=first["token"]) == first | {"expires_at": NOW + 25}
    assert await claimed(client, place) == {"granted": False, "expires_at": NOW + 25}


async def test_a_claim_that_is_sent_again_with_its_key_is_the_same_claim(client: Client, place: str) -> None:
    first = await claimed(client, place, idempotency_key="k")
    assert await claimed(client, place, idempotency_key="k") == first
    assert not (await claimed(client, place, idempotency_key="another"))["granted"]


@pytest.mark.parametrize(("body", "message", "code"), BAD_CLAIMS)
async def test_a_claim_by_nobody_is_refused(
    client: Client, place: str, rooms: Rooms, body: Any, message: str, code: str
) -> None:
    assert told(await client.post(f"{place}/claim", json=body)) == (400, message, "user_id", code)
    assert (await rooms.counts())["claims"] == 0


async def test_what_does_not_wait_or_is_not_there_cannot_be_claimed(client: Client, place: str, rooms: Rooms) -> None:
    thread, _, run_id = place.partition("/runs/")
    thread_id = thread.rpartition("/")[2]
    working = await rooms.run_on(thread_id, "in_progress")
    body = {"user_id": "ann"}
    found = [
        told(await client.post(f"{path}/claim", json=body))
        for path in (
            f"{thread}/runs/{working.id}", f"{thread}/runs/run_none", f"/v1/threads/thread_none/runs/{run_id}",
            f"{thread}/runs/{thread_id}",
        )
    ]  # fmt: skip
    assert found == [
        (
            400,
            'Runs in status "in_progress" cannot be claimed. Only one that waits for tool outputs can, '
            'in status "requires_action".',
            None,
            None,
        ),
        (404, "No run found with id 'run_none'.", None, None),
        (404, "No thread found with id 'thread_none'.", None, None),
        (
            400,
            f"Invalid 'run_id': '{thread_id}'. Expected an ID that begins with 'run'.",
            "run_id",
            "invalid_value",
        ),
    ]


def test_the_documentation_shows_the_header_where_it_is_taken(app: FastAPI) -> None:
    document = app.openapi()
    taking = {
        path.rpartition("/")[2]
        for path, calls in document["paths"].items()
        for parameter in calls.get("post", {}).get("parameters", ())
        if (parameter["in"], parameter["name"]) == ("header", "x-livethread-claim")
    }
    assert taking == {"claim", "submit_tool_outputs"}
    claim = document["paths"]["/v1/threads/{thread_id}/runs/{run_id}/claim"]["post"]
    assert claim["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ClaimCreate"}
    assert list(document["components"]["schemas"]["Claimed"]["properties"]) == ["granted", "token", "expires_at"]
