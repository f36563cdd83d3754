"""The route as anybody may call it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.examples.nextjs.scene import Scene

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

JSON = {"Content-Type": "application/json"}


async def ask(scene: Scene, method: str, path: str = "", **request: Any) -> tuple[int, str]:
    """A call of the route: the status, and what it says."""
    async with scene.caller.session.request(method, f"{scene.address}/api/stream{path}", **request) as answer:
        return answer.status, await answer.text()


def told(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, each whole."""
    blocks = re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)
    assert "".join(f"event: {event}\ndata: {data}\n\n" for event, data in blocks) == text
    return [(event, json.loads(data)) for event, data in blocks]


@pytest.mark.parametrize(
    ("body", "headers", "sentence"),
    [
        ("message=Hello", {"Content-Type": "application/x-www-form-urlencoded"}, "Send JSON: { message, thread_id }."),
        ('{"message": "Hello"}', {"Content-Type": "text/plain"}, "Send JSON: { message, thread_id }."),
        ('{"message": "He', JSON, "Send JSON: { message, thread_id }."),
        ("null", JSON, "Send JSON: { message, thread_id }."),
        ("[]", JSON, "Write a message first."),
        ('{"message": " \\n "}', JSON, "Write a message first."),
        ('{"message": 7}', JSON, "Write a message first."),
        ('{"message": "Hello", "thread_id": 7}', JSON, "The thread_id must be a text, or null."),
    ],
)
async def test_what_is_no_message_is_refused_with_a_sentence_and_nothing_is_stored(
    scene: Scene, body: str, headers: dict[str, str], sentence: str
) -> None:
    before = await scene.threads()
    status, text = await ask(scene, "POST", data=body, headers=headers)
    assert (status, json.loads(text)) == (400, {"error": sentence})
    assert await scene.threads() == before


async def test_a_thread_must_be_named_and_be_there(scene: Scene) -> None:
    for method in ("GET", "DELETE"):
        status, text = await ask(scene, method)
        assert (status, json.loads(text)) == (400, {"error": "Say which thread: ?thread_id=…"})
        for odd in ("thread_nope", "..%2Fassistants", "%00"):
            status, text = await ask(scene, method, f"?thread_id={odd}")
            assert status in (400, 404), text
            assert json.loads(text)["error"].endswith(".")


async def test_the_events_of_an_answer_and_the_same_message_twice(scene: Scene) -> None:
    await scene.play(
        [{"tool_calls": [{"name": "generate_cat_name", "arguments": {"theme": "food"}}]}], [{"text": "Näm"}]
    )
    request: dict[str, Any] = {"json": {"message": "A name"}, "headers": {"Idempotency-Key": "one-message"}}
    (status, first), (_, again) = [await ask(scene, "POST", **request) for _ in range(2)]
    (thread, tool, *text, whole, done) = told(first)
    assert status == 200
    assert tool == ("tool", {"id": tool[1]["id"], "name": "generate_cat_name", "arguments": '{"theme": "food"}'})
    said = {"id": whole[1]["id"], "role": "assistant", "text": "Näm"}
    assert [text[0], whole, done] == [
        ("message", {**said, "text": ""}),
        ("message", said),
        ("done", {"status": "completed"}),
    ]
    assert "".join(data["text"] for event, data in text if event == "text") == "Näm"
    assert told(again)[0] == thread
    assert told(again)[-2:] == [whole, done]
    assert await scene.statuses(thread[1]["id"]) == ["completed"]


async def test_an_answer_is_no_cached_nor_buffered_one(scene: Scene) -> None:
    await scene.play([{"text": "Hi."}])
    async with scene.caller.session.post(
        f"{scene.address}/api/stream", json={"message": "Hello"}, headers={"Accept-Encoding": "gzip, deflate, br"}
    ) as answer:
        headers = {name: answer.headers.get(name) for name in ("Content-Type", "Cache-Control", "Content-Encoding")}
        await answer.read()
    assert headers == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store, no-transform",
        "Content-Encoding": None,
    }
