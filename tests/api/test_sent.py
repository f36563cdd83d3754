"""POSTs that are sent again over HTTP: what makes two of them equal, and which answers count as written."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.api.caller import Caller, Streaming
from tests.services.rooms import Rooms

Client = httpx2.AsyncClient

AGAIN = {"x-stainless-retry-count": "1"}
OLD_SDK = {"x-stainless-lang": "python"}
"""An SDK of before autumn 2024: it sends again like the others, and never says so."""
TEXT = {"role": "user", "content": "ok"}


@pytest.fixture
async def thread(client: Client) -> str:
    """Where the messages of a thread are."""
    return f"/v1/threads/{(await client.post('/v1/threads')).json()['id']}/messages"


async def said(client: Client, thread: str, headers: dict[str, str] | None = None, **options: Any) -> str:
    """The id of the message that a POST is answered with."""
    answer = await client.post(thread, headers=headers, **options or {"json": TEXT})
    assert answer.status_code == 200, answer.text
    id: str = answer.json()["id"]
    return id


# -- equal or not ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"role":"user","content":"ok"}',
        '{"content":"ok","role":"user"}',
        ' { "role" : "user" ,\n"content": "\\u006fk" } ',
    ],
)
async def test_bodies_are_equal_however_they_are_written(client: Client, thread: str, body: str) -> None:
    first = await said(client, thread, {"idempotency-key": "k"})
    headers = {"idempotency-key": "k", "content-type": "application/json"}
    assert await said(client, thread, headers, content=body) == first


async def test_all_at_once_over_http_are_one(client: Client, thread: str) -> None:
    ids = await asyncio.gather(*(said(client, thread, {"idempotency-key": "k"}) for _ in range(20)))
    assert len(set(ids)) == 1
    assert len((await client.get(thread)).json()["data"]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"role": "user", "content": "no"}),
        ("", {"role": "user", "content": "ok", "metadata": {}}),
        ("?x=y", TEXT),
        ("/../../..", {}),
    ],
)
async def test_a_key_is_good_for_one_method_path_and_body(
    client: Client, thread: str, path: str, body: dict[str, Any]
) -> None:
    first = await said(client, thread, {"idempotency-key": "k"})
    path = "/v1/threads" if path.startswith("/..") else thread + path
    answer = await client.post(path, json=body, headers={"idempotency-key": "k"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", None, "idempotency_key_reused")
    assert [message["id"] for message in (await client.get(thread)).json()["data"]] == [first]


async def test_callers_share_no_keys(client: Client, thread: str) -> None:
    ids = [
        await said(client, thread, {"idempotency-key": "k", "authorization": f"Bearer {caller}"})
        for caller in ("ann", "bob", "ann")
    ]
    assert (len(set(ids)), ids[0]) == (2, ids[2])


async def test_callers_share_no_retries(app: FastAPI, thread: str) -> None:
    ann, bob = ({"authorization": f"Bearer {name}"} for name in ("ann", "bob"))
    lost = await Caller(app, thread, TEXT, ann, gone=True).called()
    assert (await Caller(app, thread, TEXT, bob | AGAIN).called()).id != lost.id
    assert (await Caller(app, thread, TEXT, ann | AGAIN).called()).id == lost.id


@pytest.mark.parametrize("key", ["k", " ", "~" * 255, '9f8d7e-"quoted"'])
async def test_a_key_is_up_to_255_printable_characters(client: Client, thread: str, key: str) -> None:
    first = await said(client, thread, {"idempotency-key": key})
    assert await said(client, thread, {"idempotency-key": key}) == first


@pytest.mark.parametrize("key", [b"", b"k" * 256, "ké".encode("latin-1"), b"a\tb", b"a\x7f"])
async def test_any_other_key_is_refused(client: Client, thread: str, key: bytes) -> None:
    answer = await client.post(thread, json=TEXT, headers=[(b"idempotency-key", key)])
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "message": "Invalid 'Idempotency-Key' header: expected 1 to 255 printable ASCII characters.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_value",
        },
    )
    assert (await client.get(thread)).json()["data"] == []


@pytest.mark.parametrize("count", ["", "0", "00", "-1", "1.5", "one", "²", "1 1"])
async def test_a_count_that_is_not_above_zero_is_no_retry(app: FastAPI, thread: str, count: str) -> None:
    first = await Caller(app, thread, TEXT, gone=True).called()
    assert (await Caller(app, thread, TEXT, {"x-stainless-retry-count": count}).called()).id != first.id


@pytest.mark.parametrize("count", ["1", "02", "9" * 5000])
async def test_any_count_above_zero_is_a_retry(app: FastAPI, thread: str, count: str) -> None:
    first = await Caller(app, thread, TEXT, gone=True).called()
    assert (await Caller(app, thread, TEXT, {"x-stainless-retry-count": count}).called()).id == first.id


async def test_a_key_makes_a_call_without_a_body_safe_too(client: Client, rooms: Rooms, thread: str) -> None:
    run = await rooms.run_on(thread.split("/")[3], "in_progress")
    path = f"/v1/threads/{run.thread_id}/runs/{run.id}/cancel"
    answers = [(await client.post(path, headers={"idempotency-key": "k"})).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "cancelling"
    assert (await client.post(path)).status_code == 400


async def test_what_is_no_post_takes_no_notice(client: Client, thread: str) -> None:
    headers = {"idempotency-key": "k" * 300} | AGAIN
    assert (await client.get(thread, headers=headers)).status_code == 200
    message = await said(client, thread)
    for deleted in (200, 404):
        assert (await client.delete(f"{thread}/{message}", headers=headers)).status_code == deleted


async def test_a_refused_body_takes_no_key(client: Client, thread: str) -> None:
    headers = {"idempotency-key": "k"}
    assert (await client.post(thread, json={"role": "user"}, headers=headers)).status_code == 400
    assert (await client.post(thread, content=b"{", headers=headers)).status_code == 400
    await said(client, thread, headers)


def test_the_documentation_shows_the_header_on_every_post_and_nowhere_else(app: FastAPI) -> None:
    shown = {
        (method, path): "Idempotency-Key" in [parameter["name"] for parameter in call.get("parameters", [])]
        for path, item in app.openapi()["paths"].items()
        for method, call in item.items()
    }
    assert shown.pop(("post", "/stream")) is False  # its messages have ids of their own, by which they are posted once
    assert shown.pop(("post", "/v1/chat/completions")) is False  # it makes nothing that could be there twice
    assert shown == {place: place[0] == "post" for place in shown}
    assert len([place for place in shown if place[0] == "post"]) == 15


# -- written to its end or not ------------------------------------------------------------------


async def test_equal_posts_in_a_row_are_two_messages(client: Client, thread: str) -> None:
    first, second = [await said(client, thread) for _ in range(2)]
    third = await said(client, thread, AGAIN)
    assert len({first, second, third}) == 3


async def test_an_answer_that_nobody_took_is_given_again_until_somebody_does(app: FastAPI, thread: str) -> None:
    first = await Caller(app, thread, TEXT, gone=True).called()
    second = await Caller(app, thread, TEXT, AGAIN, gone=True).called()
    third = await Caller(app, thread, TEXT, AGAIN).called()
    fourth = await Caller(app, thread, TEXT, AGAIN).called()
    assert [second.id, third.id] == [first.id, first.id]
    assert fourth.id != first.id


async def test_an_old_sdk_gets_again_what_it_did_not_get_and_nothing_else(app: FastAPI, thread: str) -> None:
    first = await Caller(app, thread, TEXT, OLD_SDK, gone=True).called()
    second = await Caller(app, thread, TEXT, OLD_SDK).called()
    third = await Caller(app, thread, TEXT, OLD_SDK).called()
    assert second.id == first.id
    assert third.id != first.id


async def test_who_is_found_to_have_gone_when_the_answer_is_written_did_not_get_it(app: FastAPI, thread: str) -> None:
    first = Caller(app, thread, TEXT)
    first.on_body = first.gone.set
    await first.called()
    assert (await Caller(app, thread, TEXT, AGAIN).called()).id == first.id


async def test_who_goes_while_the_connection_takes_the_answer_did_not_get_it(app: FastAPI, thread: str) -> None:
    first = Caller(app, thread, TEXT)
    first.taken.clear()
    calling = asyncio.ensure_future(first.called())
    while not first.body:
        await asyncio.sleep(0)
    first.gone.set()
    first.taken.set()
    await calling
    assert (await Caller(app, thread, TEXT, AGAIN).called()).id == first.id


async def test_who_goes_behind_the_answer_did_get_it(app: FastAPI, thread: str) -> None:
    first = Caller(app, thread, TEXT)
    first.on_end = first.gone.set
    await first.called()
    assert (await Caller(app, thread, TEXT, AGAIN).called()).id != first.id


async def test_a_watched_answer_is_whole_and_as_any_other(client: Client, thread: str) -> None:
    answer = await client.post(thread, json=TEXT)
    read = await client.get(f"{thread}/{answer.json()['id']}")
    assert (answer.text, answer.headers["content-type"]) == (read.text, read.headers["content-type"])
    assert answer.headers["content-length"] == str(len(answer.content))


# -- streams ------------------------------------------------------------------------------------


@pytest.fixture
async def runs(client: Client, thread: str) -> tuple[str, dict[str, Any]]:
    """Where a thread's runs are, and the body that streams a new one; nobody drives it."""
    assistant = (await client.post("/v1/assistants", json={"model": "m", "instructions": "Be kind."})).json()["id"]
    return thread.removesuffix("messages") + "runs", {"assistant_id": assistant, "stream": True}


BEGUN = ["thread.run.created", "thread.run.queued"]
ENDED = [*BEGUN, "thread.run.cancelled", "done"]


async def test_a_stream_that_was_cut_is_streamed_again_from_its_beginning(
    rooms: Rooms, client: Client, app: FastAPI, runs: tuple[str, dict[str, Any]]
) -> None:
    path, body = runs
    async with Streaming(app, path, body, 2) as first:
        first.gone.set()
    async with Streaming(app, path, body, 2, AGAIN) as second:
        assert (second.types, second.id) == (BEGUN, first.id)
        await client.delete(path.removesuffix("/runs"))
        await second.calling
    assert second.types == ENDED
    assert [type for type in await rooms.events(second.thread_id) if type == "thread.run.created"] == BEGUN[:1]


async def test_a_stream_that_was_written_to_its_end_is_not_streamed_again(
    rooms: Rooms, client: Client, app: FastAPI, runs: tuple[str, dict[str, Any]]
) -> None:
    path, body = runs
    async with Streaming(app, path, body, 2) as first:
        await rooms.cancel(first.thread_id, first.id)
        await first.calling
    assert first.types == [*BEGUN, "thread.run.cancelling", "thread.run.cancelled", "done"]
    async with Streaming(app, path, body, 2, AGAIN) as second:
        second.gone.set()
    assert second.id != first.id


async def test_a_stream_with_a_key_is_streamed_again_also_when_its_thread_is_gone(
    client: Client, app: FastAPI, runs: tuple[str, dict[str, Any]]
) -> None:
    path, body = runs
    key = {"idempotency-key": "k"}
    async with Streaming(app, path, body, 2, key) as first:
        await client.delete(path.removesuffix("/runs"))
        await first.calling
    async with Streaming(app, path, body, 4, key) as again:
        await again.calling
    assert (first.types, first.body) == (ENDED, again.body)
    plain = await client.post(path, json=body | {"stream": False}, headers=key)
    assert plain.json()["error"]["code"] == "idempotency_key_reused"


async def test_create_and_run_streams_again_from_the_thread(app: FastAPI, runs: tuple[str, dict[str, Any]]) -> None:
    body = runs[1] | {"thread": {"messages": [TEXT]}}
    async with Streaming(app, "/v1/threads/runs", body, 3) as first:
        first.gone.set()
    async with Streaming(app, "/v1/threads/runs", body, 3, AGAIN) as second:
        second.gone.set()
    assert second.types == ["thread.created", *BEGUN]
    assert second.body == first.body


async def test_an_old_sdk_gets_a_stream_again_that_had_not_begun(
    app: FastAPI, runs: tuple[str, dict[str, Any]]
) -> None:
    first = Caller(app, *runs, OLD_SDK, gone=True)
    await first.called()
    async with Streaming(app, *runs, 2, OLD_SDK) as second:
        second.gone.set()
    async with Streaming(app, *runs, 2, OLD_SDK) as third:
        third.gone.set()
    assert b'"%s"' % second.id.encode() in first.body
    assert third.id != second.id
