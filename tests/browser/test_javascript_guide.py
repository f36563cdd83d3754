"""Every example of ``docs/javascript.md``, as it stands there, in Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.browser.chromium import Chromium, Page, chromium
from tests.browser.example import begin, ended, plain, player, texts, until
from tests.browser.example import example as in_chromium
from tests.cuts.scene import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "javascript.md").read_text(encoding="utf-8")
OURSELVES = Path(__file__).read_text(encoding="utf-8")


def blocks() -> Iterator[tuple[str, str, str]]:
    """The examples: under which heading, in which language, and how they go."""
    for section in re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1:]:
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```", section, re.DOTALL | re.MULTILINE):
            yield section.split("\n")[0], language, code


EXAMPLES = {(heading, language): code for heading, language, code in blocks()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    async with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller() -> AsyncIterator[Caller]:
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            yield Caller(session, url)


@asynccontextmanager
async def example(
    browser: Chromium, caller: Caller, heading: str, language: str, mount: str = "", **given: str
) -> AsyncIterator[Page]:
    """The example under this heading."""
    async with in_chromium(browser, caller, EXAMPLES[heading, language], language, mount, **given) as opened:
        yield opened


async def test_every_example_is_tried_here() -> None:
    assert [pair for pair in EXAMPLES if '"{}", "{}"'.format(*pair) not in OURSELVES] == []
    assert len(list(blocks())) == len(EXAMPLES) > 0


async def test_the_plain_page_shows_the_answer(browser: Chromium, caller: Caller) -> None:
    async with plain(browser, caller, EXAMPLES["A plain page", "html"]) as opened:
        await until(opened, "document.querySelector('[role=status]').textContent", "live")
        await opened.run("document.forms[0].text.value = 'What is a thread?'; document.forms[0].requestSubmit()")
        await until(opened, "document.querySelectorAll('li').length", 2)
        (thread,) = [one for one in (await caller.get("/threads"))["data"] if one["title"] == "What is a thread?"]
        await ended(caller, thread["id"])
        answer, question = await texts(caller, thread["id"])
        shown = "[...document.querySelectorAll('li')].map((item) => item.textContent)"
        await until(opened, shown, [f"assistant: {answer}", f"user: {question}"])


async def test_the_functions_do_what_their_comments_say(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller)
    assistants = [await player(caller, [{"text": name}]) for name in ("One", "Other")]
    given = {"threadId": thread_id, "assistantId": assistants[0], "otherId": assistants[1]}
    async with example(browser, caller, "The functions", "js", **given) as opened:
        assert await opened.run("shown") == [["completed", 7]]
    *answers, question = (await texts(caller, thread_id))[:3]
    assert (sorted(answers), question) == (["One", "Other"], "Both of you!")


@pytest.mark.parametrize(("heading", "language", "mount"), [("React", "tsx", "Chat"), ("Vue", "vue", "Component")])
async def test_the_component_shows_the_thread_and_takes_part_in_it(
    browser: Chromium, caller: Caller, heading: str, language: str, mount: str
) -> None:
    thread_id = await begin(caller, *(f"Number {n}" for n in range(30)))
    assistant = await player(caller, [{"text": "An answer 🌳"}])
    given = {"threadId": thread_id, "assistantId": assistant}
    async with example(browser, caller, heading, language, mount, **given) as opened:
        await until(opened, "document.querySelector('[role=status]').textContent", "live")
        await until(opened, "lines().length", 20)
        await opened.run("press('Load older messages')")
        await until(opened, "lines()", await texts(caller, thread_id))
        await opened.run("type('木'); setTimeout(() => press('Send'))")
        await until(opened, "lines().slice(0, 2)", ["An answer 🌳", "木"])
        await until(opened, "lines()", await texts(caller, thread_id))
        stalls = await player(caller, [{"text": "Wait"}, {"stall_ms": "forever"}])
        await caller.post(f"/threads/{thread_id}/runs", {"assistant_id": stalls})
        await until(opened, "lines()[0]", "Wait")
        await opened.run("press('Stop')")
        await until(opened, "[...document.querySelectorAll('button')].map(({ textContent }) => textContent)", ["Send"])
        await caller.call("DELETE", f"/assistants/{assistant}")
        await opened.run("type('Is anybody there?'); setTimeout(() => press('Send'))")
        await until(opened, "document.querySelectorAll('[role=alert]').length", 1)
        assert "No assistant found" in await opened.run("document.querySelector('[role=alert]').textContent")
        await opened.run("press('Try again')")


async def test_the_list_shows_what_moves_and_renames(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller, "First")
    async with example(browser, caller, "The list of threads", "tsx", "Threads") as opened:
        first = "document.querySelector('nav p')?.textContent.trim()"
        await until(opened, first, "First FirstRename")
        await caller.post(f"/threads/{thread_id}/messages", {"role": "user", "content": "Second"})
        await until(opened, first, "First SecondRename")
        await opened.run("window.prompt = () => 'Trees'; press('Rename')")
        await until(opened, first, "Trees SecondRename")
        await opened.run("press('Trees')")
        assert await opened.run("shown") == [[thread_id]]


async def test_the_list_is_a_store_too(browser: Chromium, caller: Caller) -> None:
    await begin(caller, "The newest")
    async with example(browser, caller, "The list of threads", "js") as opened:
        await until(opened, "shown.at(-1)?.[0][0]", "The newest")
        await until(opened, "shown.at(-1).slice(1)", [False, "live", None])


async def test_a_function_of_the_page_answers(browser: Chromium, caller: Caller) -> None:
    call = {"name": "get_weather", "arguments": {"place": "Lima"}}
    assistant = await player(caller, [{"tool_calls": [call]}], [{"text": "Clear."}], functions=("get_weather",))
    thread_id = await begin(caller)
    async with example(browser, caller, "Tools", "js", threadId=thread_id, assistantId=assistant) as opened:
        assert await opened.run("shown") == [["completed"]]
    (run,) = (await caller.get(f"/threads/{thread_id}/runs"))["data"]
    steps = (await caller.get(f"/threads/{thread_id}/runs/{run['id']}/steps"))["data"]
    assert steps[-1]["step_details"]["tool_calls"][0]["function"]["output"] == '{"place":"Lima","sky":"clear"}'


async def test_a_call_with_a_key_is_done_once(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller)
    async with example(browser, caller, "What goes wrong", "js", threadId=thread_id) as opened:
        assert await opened.run("[shown, offered]") == [[], []]
    assert await texts(caller, thread_id) == ["Only once."]


async def test_people_are_seen_and_seen_to_type(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller)
    async with example(browser, caller, "People", "js", threadId=thread_id) as opened:
        await until(opened, "shown.at(-1)", [["Ann"], 1])
        await opened.run("input.dispatchEvent(new Event('input'))")
        await until(opened, "shown.at(-1)", [["Ann is typing"], 1])


async def test_older_messages_are_loaded(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller, *(f"Number {n}" for n in range(30)))
    async with example(browser, caller, "Older messages", "js", threadId=thread_id) as opened:
        await until(opened, "shown.map(([count]) => count)", [10, 30])


async def test_a_native_event_source_does_it_too(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller, "Hello")
    async with example(browser, caller, "Tabs and connections", "js", threadId=thread_id) as opened:
        await until(opened, "shown", [[1]])
        await caller.post(f"/threads/{thread_id}/messages", {"role": "user", "content": "Again"})
        await until(opened, "shown", [[1], [2]])


async def test_socket_io_does_it_too(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller, "Hello")
    async with example(browser, caller, "Socket.IO", "js", threadId=thread_id) as opened:
        await until(opened, "shown", [[1]])
        await caller.post(f"/threads/{thread_id}/messages", {"role": "user", "content": "Again"})
        await until(opened, "shown", [[1], [2]])
