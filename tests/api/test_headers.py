from __future__ import annotations

import re
from collections.abc import Sequence

import httpx2
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livethread.api.headers import Headers
from livethread.ids import Ids

Client = httpx2.AsyncClient


async def test_every_answer_has_a_request_id_a_version_and_its_time(client: Client) -> None:
    for path in ("/v1/threads", "/v1/foo", "/v1/threads/thread_1"):
        headers = (await client.get(path)).headers
        assert re.fullmatch("req_[0-9a-f]{32}", headers["x-request-id"])
        assert headers["openai-version"] == "2020-10-01"
        assert headers["openai-processing-ms"].isdecimal()


async def test_no_two_answers_share_a_request_id(client: Client) -> None:
    ids = [(await client.get("/v1/threads")).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3000",
        "https://127.0.0.1:8443",
        "http://[::1]:5173",
        "https://app.example.com",
    ],
)
async def test_a_page_of_an_allowed_origin_may_read_the_answer(client: Client, origin: str) -> None:
    headers = (await client.get("/v1/threads", headers={"origin": origin})).headers
    assert headers["access-control-allow-origin"] == origin
    exposed = "x-request-id, openai-poll-after-ms, x-thread-cursor, retry-after, x-should-retry"
    assert headers["access-control-expose-headers"] == exposed
    assert headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost:3000.evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "null",
    ],
)
async def test_a_page_of_a_foreign_origin_may_not(client: Client, origin: str) -> None:
    answer = await client.get("/v1/threads", headers={"origin": origin})
    asked = await client.options("/v1/threads", headers={"origin": origin, "access-control-request-method": "POST"})
    for headers in (answer.headers, asked.headers):
        assert [name for name in headers if name.startswith("access-control")] == []
        assert headers["vary"] == "Origin"


async def test_a_browser_that_asks_first_is_told_what_it_may_send(client: Client) -> None:
    asked = (
        "authorization,content-type,openai-beta,x-stainless-os,last-event-id,idempotency-key,x-livethread-claim,cookie"
    )
    answer = await client.options(
        "/v1/threads",
        headers={
            "origin": "http://localhost:3000",
            "access-control-request-method": "POST",
            "access-control-request-headers": asked,
        },
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "GET, POST, DELETE"
    assert answer.headers["access-control-allow-headers"].split(", ") == asked.split(",")[:-1]


async def test_a_request_that_came_through_a_livethread_is_refused(client: Client) -> None:
    answer = await client.post("/v1/threads", headers={"x-livethread-hop": "1"})
    assert answer.status_code == 400
    assert "LIVETHREAD_UPSTREAM_URL" in answer.json()["error"]["message"]


async def test_a_send_is_stepped_in_the_same_turn_with_no_task_between() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def stepped_by_hand(scope: Scope, receive: Receive, send: Send) -> None:
        step = send({"type": "http.response.start", "status": 200, "headers": []})
        with pytest.raises(StopIteration):
            step.send(None)  # type: ignore[attr-defined]

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await Headers(stepped_by_hand, Ids(1), timer=lambda: 0.0)(scope, receive, send)
    assert [name for name, _ in sent[0]["headers"]] == [
        b"x-request-id",
        b"openai-version",
        b"vary",
        b"openai-processing-ms",
    ]


async def _empty(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("path", "authorization", "status", "code"),
    [
        ("/v1/threads", None, 401, None),
        ("/v1/threads", "Basic a2V5", 401, None),
        ("/v1/threads", "Bearer ", 401, None),
        ("/v1/threads", "Bearer wrong-key", 401, "invalid_api_key"),
        ("/v1/threads", "Bearer schlüssel", 401, "invalid_api_key"),
        ("/v1/threads", "Bearer key-2", 200, None),
        ("/v1/threads", "bearer key-1", 200, None),
        ("/docs", None, 200, None),
    ],
)
async def test_where_keys_are_set_a_caller_sends_one(
    path: str, authorization: str | None, status: int, code: str | None
) -> None:
    transport = httpx2.ASGITransport(Headers(_empty, Ids(1), keys=["key-1", "key-2"]))
    async with Client(transport=transport, base_url="http://livethread") as client:
        headers = {} if authorization is None else {"authorization": authorization.encode()}
        answer = await client.get(path, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["code"] == code
        assert "wrong-key" not in answer.text


async def test_a_browser_that_asks_first_needs_no_key() -> None:
    transport = httpx2.ASGITransport(Headers(_empty, Ids(1), keys=["key-1"]))
    async with Client(transport=transport, base_url="http://livethread") as client:
        headers = {"origin": "http://localhost", "access-control-request-method": "GET"}
        assert (await client.options("/v1/threads", headers=headers)).status_code == 204


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
async def test_a_page_of_a_foreign_origin_may_not_write_even_without_a_body(client: Client, origin: str) -> None:
    answer = await client.post("/v1/threads", headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == (
        f"Pages of {origin} may not write here. If they should, name that origin in LIVETHREAD_ORIGINS."
    )
    assert (await client.get("/v1/threads")).json()["data"] == []


@pytest.mark.parametrize("host", ["chat.example.com", "192.168.1.5:8000"])
async def test_a_page_that_this_server_has_served_may_write(client: Client, host: str) -> None:
    answer = await client.post("/v1/threads", headers={"origin": f"http://{host}", "host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8000",
        "[::1]:8000",
        "192.168.1.5",
        "localhost:8000",
        "livethread:8000",
        "studio.local",
        "app.localhost.",
        "chat.example.com:8443",
        "CHAT.example.com.",
    ],
)
async def test_a_server_without_keys_answers_to_addresses_local_names_and_those_it_was_told(host: str) -> None:
    assert await _asked_as(host) == (200, "")


@pytest.mark.parametrize(
    "host", ["evil.example", "EVIL.example.:8000", "localhost.evil.example", "127.0.0.1.evil.example"]
)
async def test_on_its_own_machine_it_does_not_answer_to_a_name_that_a_web_site_may_have_made(host: str) -> None:
    name = host.lower().removesuffix(":8000").rstrip(".")
    assert await _asked_as(host) == (
        403,
        f"This server checks no keys, so on its own machine it does not answer to the name {name}: "
        f"a web site could have made it. If it is this server's, put https://{name} into "
        "LIVETHREAD_ORIGINS, or set LIVETHREAD_API_KEYS.",
    )


async def test_a_browser_that_asks_first_by_such_a_name_is_answered_so_that_its_page_reads_the_refusal() -> None:
    given = {"host": "evil.example", "origin": "http://localhost:3000"}
    transport = httpx2.ASGITransport(_reached_over("127.0.0.1", Headers(_empty, Ids(1))))
    async with Client(transport=transport, base_url="http://livethread") as client:
        asked = await client.options("/v1/threads", headers={**given, "access-control-request-method": "POST"})
        answer = await client.post("/v1/threads", headers=given)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "http://localhost:3000")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (403, "http://localhost:3000")


@pytest.mark.parametrize("server", ["10.0.0.2", "testserver"])
async def test_where_others_reach_it_it_answers_to_every_name(server: str) -> None:
    assert await _asked_as("evil.example", server=server) == (200, "")


@pytest.mark.parametrize("server", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
async def test_its_own_machine_has_many_addresses(server: str) -> None:
    assert (await _asked_as("evil.example", server=server))[0] == 403


async def test_with_keys_or_for_every_origin_it_answers_to_every_name() -> None:
    assert await _asked_as("evil.example", keys=["key-1"]) == (200, "")
    assert await _asked_as("evil.example", origins=["*"]) == (200, "")


async def _asked_as(
    host: str,
    server: str = "127.0.0.1",
    origins: Sequence[str] = ("https://chat.example.com",),
    keys: Sequence[str] = (),
) -> tuple[int, str]:
    """Ask for the page by this name: status, and what went wrong."""
    whole = _reached_over(server, Headers(_empty, Ids(1), origins, keys))
    async with Client(transport=httpx2.ASGITransport(whole), base_url="http://livethread") as client:
        answer = await client.get("/", headers={"host": host})
    return answer.status_code, answer.json()["error"]["message"] if answer.content else ""


def _reached_over(server: str, app: ASGIApp) -> ASGIApp:
    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "server": (server, 8000)}, receive, send)

    return reached
