"""How the server serves the chat page: from a folder like that of a build, from the build itself, and without one."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from livethread import testing
from livethread.api import envelope
from livethread.app import Livethread
from livethread.page.chat import BUILT, add_chat_page
from livethread.settings import Settings

PAGE = '<!doctype html><script type="module" src="./assets/index-1a2b.js"></script>'
SCRIPT = "export const one = 1;\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "assets" / "index-1a2b.js").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "assets" / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


async def otherwise(request: Request) -> Response:
    return PlainTextResponse("the start page")


def serving(folder: Path) -> httpx2.AsyncClient:
    app = FastAPI()
    envelope.install(app)
    add_chat_page(app, folder, otherwise)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


@asynccontextmanager
async def mounted(data: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = Livethread(Settings(data=data, words_per_second=0, local_engines=False))
    outer = FastAPI()
    outer.mount("/deep/live", app)
    async with (
        app.running(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=outer), base_url="http://localhost") as client,
    ):
        yield client


async def test_a_browser_asks_each_time_whether_the_page_has_changed(built: Path) -> None:
    async with serving(built) as client:
        answer = await client.get("/")
        etag = answer.headers["etag"]
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        for held in (etag, f'"other", W/{etag}', "*"):
            again = await client.get("/", headers={"if-none-match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert (await client.get("/", headers={"if-none-match": '"other"'})).text == PAGE
        head = await client.head("/")
        assert (head.status_code, head.content) == (200, b"")
    (built / "index.html").write_text("<p>another", encoding="utf-8")
    async with serving(built) as client:
        assert (await client.get("/", headers={"if-none-match": etag})).text == "<p>another"


async def test_a_browser_keeps_the_parts_of_the_page_for_good(built: Path) -> None:
    async with serving(built) as client:
        script = await client.get("/assets/index-1a2b.js")
        assert (script.status_code, script.text) == (200, SCRIPT)
        picture = await client.get("/assets/picture.png")
    assert [(part.headers["content-type"], part.headers["cache-control"]) for part in (script, picture)] == [
        ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("image/png", "public, max-age=31536000, immutable"),
    ]


async def test_text_is_sent_small_to_those_who_take_it(built: Path) -> None:
    async with serving(built) as client:
        for path, text in (("/", PAGE), ("/assets/index-1a2b.js", SCRIPT)):
            async with client.stream("GET", path, headers={"accept-encoding": "br, gzip"}) as small:
                raw = b"".join([piece async for piece in small.aiter_raw()])
            assert gzip.decompress(raw).decode() == text
            assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "Accept-Encoding")
            plain = await client.get(path, headers={"accept-encoding": "identity"})
            assert (plain.text, plain.headers.get("content-encoding")) == (text, None)
        picture = await client.get("/assets/picture.png", headers={"accept-encoding": "gzip"})
        assert (picture.content, picture.headers.get("content-encoding")) == (b"\x89PNG", None)


async def test_the_page_runs_no_script_but_its_own_and_stands_in_nobody_elses(built: Path) -> None:
    async with serving(built) as client:
        answers = [await client.get(path) for path in ("/", "/assets/index-1a2b.js")]
    for answer in answers:
        policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'self'",
            "img-src": "'self' https: data:",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_a_part_of_an_older_page_says_to_load_it_again(built: Path) -> None:
    async with serving(built) as client:
        answer = await client.get("/assets/index-0000.js")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        404,
        "The chat page has no such part; it may have changed since you opened it. Load the page again.",
    )


async def test_where_there_is_no_build_the_start_page_is_shown(tmp_path: Path) -> None:
    async with serving(tmp_path) as client:
        assert (await client.get("/")).text == "the start page"
        assert (await client.get("/assets/index-1a2b.js")).status_code == 404


def test_the_server_shows_its_build_without_a_key_and_asks_for_one_behind_it() -> None:
    assert BUILT.exists(), f"{BUILT} is missing: run make test, which builds it"
    with testing.server(api_keys=("secret",)) as url:
        page = httpx2.get(f"{url}/")
        parts = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
        answers = [httpx2.get(f"{url}/{part}") for part in parts]
        assert httpx2.get(f"{url}/v1/assistants").status_code == 401
    assert page.content == (BUILT / "index.html").read_bytes()
    assert [answer.status_code for answer in answers] == [200] * len(parts)
    assert {Path(part).suffix for part in parts} == {".svg", ".js", ".css"}


async def test_mounted_below_a_path_the_page_finds_its_parts_and_its_server(tmp_path: Path) -> None:
    async with mounted(tmp_path) as client:
        page = await client.get("/deep/live", follow_redirects=True)
        assert str(page.url) == "http://localhost/deep/live/"
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert [address for address in addresses if not address.startswith("./")] == []
        assert [(await client.get(str(page.url.join(address)))).status_code for address in addresses] == [200] * 3
        assert (await client.get(str(page.url.join("v1/assistants")))).status_code == 200


async def test_looking_at_the_page_changes_nothing(tmp_path: Path) -> None:
    async with mounted(tmp_path) as client:
        before = (await client.get("/deep/live/v1/threads")).json()
        await client.get("/deep/live/")
        assert (await client.get("/deep/live/v1/threads")).json() == before
