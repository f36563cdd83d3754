"""Each app of docs/sse.md, started by the page's own lines, and read over HTTP by readers who come and go."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from livethread.sse import HEADERS, KEEP_ALIVE
from tests.examples.stage.running import lines, serving
from tests.sse.endpoint import Endpoint, endpoint
from tests.sse.upstream import Upstream

PAGE = Path(__file__).parents[2] / "docs" / "sse.md"
APPS: dict[str, str] = dict(
    re.findall(r'^```python title="(\w+)\.py"\n(.*?)^```$', PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)
LINES = [line for line in lines(PAGE) if any(app in line for app in APPS)]
SHORT_SILENCES = """
from livethread import sse
for body in (sse.stream, sse.astream):
    body.__kwdefaults__["keep_alive"] = 0.05
"""
"""Python reads this before a program: the apps run as they are written, and only keep alive more often."""

GUNICORN = [line for line in LINES if line.startswith("gunicorn")]
"""The same apps again, for others than their developer: tests/examples/flask_app/test_gunicorn.py."""

SET = "export OPENAI_BASE_URL=http://127.0.0.1:8000/v1 OPENAI_API_KEY=any"
"""Goes before every line, for the upstream of a test."""

Scene = Callable[[Endpoint, Upstream], Awaitable[None]]


def test_every_example_is_tried_here() -> None:
    blocks = re.findall(r"^```(\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert Counter(blocks) == {"python": len(APPS), "sh": 6, "nginx": 1}  # nginx: tests/examples/flask_app
    assert sorted(APPS) == ["django_app", "django_wsgi", "fastapi_app", "flask_app", "plain_app"]
    assert {app for line in LINES for app in APPS if app in line} == set(APPS)
    assert set(lines(PAGE)) - set(LINES) == {SET}
    assert len(LINES) == 7


@pytest.mark.parametrize(
    "line",
    [
        line if "flask" in line or "fastapi" in line else pytest.param(line, marks=pytest.mark.examples)
        for line in LINES
        if line not in GUNICORN
    ],
    ids=lambda line: line.split(":")[0],
)
async def test_an_app_of_the_page_does_what_the_page_says(line: str, tmp_path: Path) -> None:
    await does_what_the_page_says(line, tmp_path)


async def does_what_the_page_says(line: str, tmp_path: Path) -> None:
    """Start a line in an empty folder, and have all that the page promises of it happen at once."""
    for name, text in APPS.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(SHORT_SILENCES)
    async with Upstream().running() as upstream:
        line = f"{SET} && {line}".replace("http://127.0.0.1:8000", upstream.url).replace("5050", "$PORT")
        async with serving(line, tmp_path, PYTHONPATH=str(tmp_path)) as url, endpoint(url) as app:
            await asyncio.gather(
                *(scene(app, upstream) for scene in (OF_ANY if "plain_app" in line else (*OF_ANY, *OURS)))
            )


async def word_by_word(app: Endpoint, upstream: Upstream) -> None:
    async with app.asking("Hello?") as reading:
        spoken = await upstream.asked("Hello?")
        assert reading.response.status == 200
        told = {name: reading.response.headers[name] for name in HEADERS}
        assert told == dict(HEADERS)
        assert "Content-Encoding" not in reading.response.headers
        assert await reading.more(len(KEEP_ALIVE))  # before a word is said
        assert reading.data == KEEP_ALIVE
        text = ""
        for word in ("Hello ", "日本語\r\n", " 👩‍👩‍👧 ", "data: x\n\n", "\u2028."):
            spoken.say(word, None, "")
            text += word
            await reading.until(text)
        spoken.end()
        assert (await reading.to_the_end()).others == [("done", {})]


async def an_error_behind_the_first_byte(app: Endpoint, upstream: Upstream) -> None:
    async with app.asking("Fail!") as reading:
        spoken = await upstream.asked("Fail!")
        spoken.say("One ")
        await reading.until("One ")
        spoken.cut()
        assert [type for type, _ in (await reading.to_the_end()).others] == ["error", "done"]
        assert b"Traceback" not in reading.data


async def silence(app: Endpoint, upstream: Upstream) -> None:
    async with app.asking("Think!") as reading:
        spoken = await upstream.asked("Think!")
        while reading.data.count(KEEP_ALIVE) < 4:
            assert await reading.more()
        assert reading.data == KEEP_ALIVE * (len(reading.data) // len(KEEP_ALIVE))
        spoken.say("So.")
        await reading.until("So.")
        spoken.end("length")
        told = "The answer has reached the greatest length that is allowed, and breaks off here."
        assert (await reading.to_the_end()).others == [("error", {"message": told}), ("done", {})]


async def a_reader_leaves(app: Endpoint, upstream: Upstream) -> None:
    async with app.asking("Tell me everything!") as reading:
        spoken = await upstream.asked("Tell me everything!")
        spoken.say("One ")
        await reading.until("One ")
    await spoken.left()


async def readers_come_and_go(app: Endpoint, upstream: Upstream) -> None:
    id = await app.start("Watch!")
    spoken = await upstream.asked("Watch!")
    text, last, words = "", "", ["日本語 ", "and 😀 ", "so ", "on."]
    for place, word in enumerate(words):
        async with app.watching(id, last) as reading, app.watching(id) as other:
            spoken.say(word)
            while reading.text != word:  # cut as soon as the word is there, and then in the middle of whatever comes
                assert await reading.more(3)
            text += word
            last = reading.last_event_id
            await other.until("".join(words[: place + 1]))
    spoken.end()
    async with app.watching(id, last) as reading:
        await reading.to_the_end()
        assert (reading.text, reading.others) == ("", [("done", {})])
    async with app.watching(id, reading.last_event_id) as reading:
        assert reading.response.status == 204
    async with app.watching(id) as reading:
        await reading.to_the_end()
        assert (reading.text, reading.others) == (text, [("done", {})])
    assert upstream.questions.count("Watch!") == 1


async def an_answer_that_is_not_there(app: Endpoint, upstream: Upstream) -> None:
    async with app.watching("nonsense") as reading:
        assert reading.response.status == 404


OF_ANY: list[Scene] = [word_by_word, an_error_behind_the_first_byte]
OURS: list[Scene] = [silence, a_reader_leaves, readers_come_and_go, an_answer_that_is_not_there]
