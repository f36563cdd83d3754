"""Every call of the nouns, over HTTP: the right service, the stored text, the cursor."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from livethread.api.routes import Services, add_routes
from tests.services.rooms import Rooms

Client = httpx2.AsyncClient


async def made(client: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    object: dict[str, Any] = answer.json()
    return object


async def test_an_assistant_lives_from_create_to_delete(client: Client) -> None:
    assistant = await made(client, "/v1/assistants", model="m", name="Ada")
    place = f"/v1/assistants/{assistant['id']}"
    assert (await client.get(place)).json() == assistant
    updated = await made(client, place, name=None, metadata={"a": "b"})
    assert updated == assistant | {"name": None, "metadata": {"a": "b"}}
    assert (await client.get("/v1/assistants")).json() == {
        "object": "list",
        "data": [updated],
        "first_id": assistant["id"],
        "last_id": assistant["id"],
        "has_more": False,
    }
    deleted = await client.delete(place)
    assert deleted.json() == {"id": assistant["id"], "object": "assistant.deleted", "deleted": True}
    assert (await client.get(place)).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"content-type": "text/plain"}])
async def test_a_thread_needs_no_body(client: Client, headers: dict[str, str]) -> None:
    answer = await client.post("/v1/threads", headers=headers)
    assert (answer.status_code, answer.json()["object"]) == (200, "thread")


async def test_a_thread_and_its_messages_live_from_create_to_delete(client: Client) -> None:
    thread = await made(client, "/v1/threads", messages=[{"role": "user", "content": "Hi"}])
    place = f"/v1/threads/{thread['id']}"
    said = await made(client, f"{place}/messages", role="user", content=[{"type": "text", "text": "Again"}])
    changed = await made(client, f"{place}/messages/{said['id']}", metadata={"a": "b"})
    assert changed == said | {"metadata": {"a": "b"}}
    assert (await client.get(f"{place}/messages/{said['id']}")).json() == changed
    listed = (await client.get(f"{place}/messages", params={"limit": 1})).json()
    assert (listed["data"], listed["has_more"]) == ([changed], True)
    threads = (await client.get("/v1/threads")).json()["data"]
    assert [(item["id"], item["title"], item["last_message"]["text"]) for item in threads] == [
        (thread["id"], "Hi", "Again")
    ]
    gone = (await client.delete(f"{place}/messages/{said['id']}")).json()
    assert gone == {"id": said["id"], "object": "thread.message.deleted", "deleted": True}
    updated = await made(client, place, metadata={"x": "y"})
    assert updated == thread | {"metadata": {"x": "y"}}
    assert (await client.get(place)).json() == updated
    assert (await client.delete(place)).json() == {"id": thread["id"], "object": "thread.deleted", "deleted": True}
    assert (await client.get(place)).status_code == 404


async def test_steps_are_listed_and_read(client: Client, rooms: Rooms) -> None:
    thread = await made(client, "/v1/threads")
    run = await rooms.run_on(thread["id"], "in_progress")
    await rooms.writing(run, "Hi")
    place = f"/v1/threads/{thread['id']}/runs/{run.id}/steps"
    include = {"include[]": "step_details.tool_calls[*].file_search.results[*].content"}
    (step,) = (await client.get(place, params=include)).json()["data"]
    assert (await client.get(f"{place}/{step['id']}", params=include)).json() == step
    refused = await client.get(place, params={"include[]": "everything"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "include[][0]")
    messages = await client.get(f"/v1/threads/{thread['id']}/messages", params={"run_id": run.id})
    assert [message["content"][0]["text"]["value"] for message in messages.json()["data"]] == ["Hi"]


async def test_reads_carry_the_cursor_of_what_they_show(client: Client, rooms: Rooms) -> None:
    thread = await made(client, "/v1/threads", messages=[{"role": "user", "content": "Hi"}])
    place = f"/v1/threads/{thread['id']}"
    tip = await rooms.tip(thread["id"])
    page = await client.get(f"{place}/messages")
    message = page.json()["first_id"]
    answers = {
        path: (await client.get(path)).headers.get("x-thread-cursor")
        for path in (
            place,
            f"{place}/messages",
            f"{place}/messages/{message}",
            f"{place}/messages?order=asc",
            f"{place}/messages?after={message}",
            "/v1/threads",
        )
    }
    assert list(answers.values()) == [tip, tip, tip, None, None, None]


async def test_answers_are_json_as_it_is_stored(client: Client, rooms: Rooms) -> None:
    thread = await made(client, "/v1/threads", metadata={"who": "Zoë"})
    answer = await client.get(f"/v1/threads/{thread['id']}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (await rooms.threads.get(thread["id"])).text


def test_the_documentation_shows_every_call_with_its_body_and_answer(services: Services) -> None:
    app = FastAPI()
    add_routes(app, services)
    paths = app.openapi()["paths"]
    calls = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert calls >= {
        "POST /v1/assistants",
        "GET /v1/assistants",
        "GET /v1/assistants/{assistant_id}",
        "POST /v1/assistants/{assistant_id}",
        "DELETE /v1/assistants/{assistant_id}",
        "POST /v1/threads",
        "GET /v1/threads",
        "GET /v1/threads/{thread_id}",
        "POST /v1/threads/{thread_id}",
        "DELETE /v1/threads/{thread_id}",
        "POST /v1/threads/{thread_id}/messages",
        "GET /v1/threads/{thread_id}/messages",
        "GET /v1/threads/{thread_id}/messages/{message_id}",
        "POST /v1/threads/{thread_id}/messages/{message_id}",
        "DELETE /v1/threads/{thread_id}/messages/{message_id}",
        "POST /v1/threads/{thread_id}/turns",
        "POST /v1/threads/{thread_id}/stop",
        "POST /v1/threads/{thread_id}/runs/{run_id}/claim",
        "GET /v1/threads/{thread_id}/runs/{run_id}/steps",
        "GET /v1/threads/{thread_id}/runs/{run_id}/steps/{step_id}",
    }
    create = paths["/v1/assistants"]["post"]
    assert create["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/AssistantCreate"
    }
    assert create["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Assistant"
    }
    turn = paths["/v1/threads/{thread_id}/turns"]["post"]
    assert turn["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/TurnCreate"}
    assert turn["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Turn"}
    assert "requestBody" not in paths["/v1/threads/{thread_id}/stop"]["post"]
    assert "/v1/files" not in json.dumps(paths)
