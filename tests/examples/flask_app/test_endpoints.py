"""The app over plain HTTP: what it streams, and what it says to bad requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from livethread.sse import HEADERS, KEEP_ALIVE
from tests.examples.flask_app.scene import EXAMPLE, GUNICORN, START, Site
from tests.examples.stage.running import copied, serving
from tests.sse.endpoint import Endpoint, endpoint

pytestmark = pytest.mark.asyncio(loop_scope="package")

NOT_JSON = 'Send JSON with a question, such as {"question": "What is a thread?"}.'


@pytest_asyncio.fixture(loop_scope="package")
async def app(site: Site) -> AsyncIterator[Endpoint]:
    async with endpoint(site.url) as app:
        yield app


@pytest.mark.parametrize("path", ["/ask", "/answers"])
@pytest.mark.parametrize(
    ("sent", "type", "told"),
    [
        (b"", "application/json", NOT_JSON),
        (b"question=What", "application/x-www-form-urlencoded", NOT_JSON),
        (b'{"question": "What?"}', "text/plain", NOT_JSON),
        (b'{"question"', "application/json", NOT_JSON),
        (b"\xff\xfe", "application/json", NOT_JSON),
        (b'["What?"]', "application/json", NOT_JSON),
        (b"null", "application/json", NOT_JSON),
        (b"{}", "application/json", "Write a question first."),
        (b'{"question": 7}', "application/json", "Write a question first."),
        (b'{"question": " \\n"}', "application/json", "Write a question first."),
        (
            json.dumps({"question": "語" * 4001}).encode(),
            "application/json",
            "A question may have up to 4000 characters, and this one has 4001.",
        ),
    ],
)
async def test_a_bad_body_is_told_what_is_wrong_with_it(
    app: Endpoint, site: Site, path: str, sent: bytes, type: str, told: str
) -> None:
    before = len(site.upstream.questions)
    assert await _posted(app, path, sent, type) == (400, {"error": told})
    assert len(site.upstream.questions) == before


async def test_a_body_that_is_too_large_is_refused_in_json(app: Endpoint) -> None:
    status, told = await _posted(app, "/ask", b"x" * 70_000, "application/json")
    assert (status, list(told)) == (413, ["error"])


@pytest.mark.parametrize("id", ["nonsense", "%E8%AA%9E", "end"])
async def test_an_answer_that_is_not_there_is_a_404_with_a_sentence(app: Endpoint, id: str) -> None:
    async with app.watching(id) as reading:
        told = await reading.response.json()
        assert (reading.response.status, told) == (
            404, {"error": "There is no such answer here, or not any more. Please ask again."},
        )  # fmt: skip


async def test_a_get_asks_the_model_nothing(app: Endpoint, site: Site) -> None:
    before = len(site.upstream.questions)
    async with aiohttp.ClientSession() as session:
        for path in ("/ask", "/answers"):
            async with session.get(app.url + path) as response:
                assert response.status in (404, 405)
    assert len(site.upstream.questions) == before


async def test_a_model_that_refuses_before_the_first_byte_is_a_502_that_gives_nothing_away(
    app: Endpoint, site: Site
) -> None:
    site.upstream.refusing = True
    try:
        refused = await _posted(app, "/ask", b'{"question": "What?"}', "application/json")
    finally:
        site.upstream.refusing = False
    assert refused == (502, {"error": "The model refused to answer. Please ask again in a moment."})


async def test_an_answer_can_be_watched_by_many_who_are_cut_anywhere(app: Endpoint, site: Site) -> None:
    id = await app.start("For many?")
    spoken = await site.asked("For many?")
    text = "日本語 😀 and so on. " * 20

    async def watch(step: int) -> str:
        read, last, over = "", "", False
        while not over:
            async with app.watching(id, last) as reading:
                for _ in range(10):
                    if not await reading.more(step):
                        break
                read += reading.text
                last = reading.last_event_id
                over = ("done", {}) in reading.others
            step += 7  # or an event that is longer than ten steps would never be read
        return read

    watching = [asyncio.create_task(watch(step)) for step in (1, 5, 23)]
    for place in range(0, len(text), 9):
        spoken.say(text[place : place + 9])
        await asyncio.sleep(0)
    spoken.end()
    assert await asyncio.gather(*watching) == [text] * 3
    assert site.upstream.questions.count("For many?") == 1


@pytest.mark.examples
async def test_without_a_model_in_reach_it_says_so(tmp_path: Path) -> None:
    folder = copied(EXAMPLE, tmp_path)
    async with serving(START, folder, LIVETHREAD_URL="http://127.0.0.1:9") as url, endpoint(url) as app:
        for path in ("/ask", "/answers"):
            told = await _posted(app, path, b'{"question": "What?"}', "application/json")
            assert told == (502, {"error": "The model cannot be reached. Please ask again in a moment."})


@pytest.mark.examples
async def test_behind_gunicorn_it_streams_the_guide_of_a_livethread_server(tmp_path: Path) -> None:
    folder = copied(EXAMPLE, tmp_path)
    line = GUNICORN.replace("5050", "$PORT")
    with testing.server() as server:
        async with serving(line, folder, LIVETHREAD_URL=server) as url, endpoint(url) as app:
            async with app.asking("What is a thread?") as reading:
                await reading.to_the_end()
                assert {name: reading.response.headers[name] for name in HEADERS} == dict(HEADERS)
                assert reading.data.startswith(KEEP_ALIVE)
                assert "not a language model" in reading.text
                assert reading.others == [("done", {})]
            id = await app.start("What is a thread?")
            async with app.watching(id) as watched:
                assert (await watched.to_the_end()).text == reading.text


async def _posted(app: Endpoint, path: str, sent: bytes, type: str) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(app.url + path, data=sent, headers={"Content-Type": type}) as response,
    ):
        return response.status, await response.json()
