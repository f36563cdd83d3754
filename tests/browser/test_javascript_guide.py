"""Every example of ``docs/javascript.md``, as it stands there, in Chromium."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from livethread import testing
from tests.browser.chromium import Chromium, Page, chromium
from tests.browser.watching import page
from tests.cuts.scene import Caller

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "javascript.md").read_text(encoding="utf-8")
OURSELVES = Path(__file__).read_text(encoding="utf-8")
NODE = ROOT / ".venv" / "bin" / "node"
BUNDLER = ROOT / "clients" / "js" / "test" / "guide.mjs"

ADDRESS = "http://127.0.0.1:8000"
GIVEN = "const { threadId, assistantId, otherId, show, offer, input } = window.given;"
MOUNT = {
    "Chat": "import { createRoot } from 'react-dom/client'; import { StrictMode } from 'react';"
    "createRoot(document.querySelector('main')).render(<StrictMode><Chat {...window.given} /></StrictMode>);",
    "Threads": "import { createRoot } from 'react-dom/client'; import { StrictMode } from 'react';"
    "createRoot(document.querySelector('main')).render(<StrictMode><Threads onChoose={show} /></StrictMode>);",
    "Component": "import { createApp } from 'vue'; const { threadId, assistantId } = window.given;"
    "createApp(Component, { threadId, assistantId }).mount('main');",
}
HTML = """<!doctype html><meta charset=utf-8><main></main><input id="input"><script>
window.given = { ...GIVEN, show: (...what) => shown.push(what), offer: (...what) => offered.push(what), input };
window.shown = []; window.offered = []; window.wrong = [];
addEventListener("error", ({ message }) => wrong.push(message));
addEventListener("unhandledrejection", ({ reason }) => wrong.push(String(reason)));
for (const kind of ["error", "warn"]) console[kind] = (...what) => wrong.push(what.join(" "));
window.type = (text) => {
  const field = document.querySelector("[aria-label=Message]");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
};
window.press = (name) => [...document.querySelectorAll("button")].find((one) => one.textContent === name).click();
window.lines = () => [...document.querySelectorAll("li")].map((item) => item.textContent.trim());
</script><script type="module">SCRIPT</script><script type="module">tell(JSON.stringify(["ready"]));</script>"""


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


async def player(caller: Caller, *turns: Any, functions: tuple[str, ...] = ()) -> str:
    """The id of an assistant that says and calls what it is told to."""
    tools = [{"type": "function", "function": {"name": name}} for name in functions]
    body = {"model": "builtin/script", "instructions": json.dumps({"turns": turns}), "tools": tools}
    return str((await caller.post("/assistants", body))["id"])


async def begin(caller: Caller, *said: str) -> str:
    """The id of a new thread in which so much was said."""
    messages = [{"role": "user", "content": text} for text in said]
    return str((await caller.post("/threads", {"messages": messages}))["id"])


async def texts(caller: Caller, thread_id: str) -> list[str]:
    """What the messages of a thread say, newest first."""
    listed = await caller.get(f"/threads/{thread_id}/messages?limit=100")
    return ["".join(part["text"]["value"] for part in message["content"]) for message in listed["data"]]


async def until(opened: Page, script: str, wanted: Any) -> None:
    """Come back when a script in the page has this value."""
    found = None
    try:
        async with asyncio.timeout(20):
            while (found := await opened.run(script)) != wanted:
                await asyncio.sleep(0)
    except TimeoutError:
        assert (found, await opened.run("wrong")) == (wanted, [])


@asynccontextmanager
async def example(
    browser: Chromium, caller: Caller, heading: str, language: str, mount: str = "", **given: str
) -> AsyncIterator[Page]:
    """An example in a page of its own, which complains of nothing.

    Args:
        mount: the component that it makes, if it does.
        given: what it is about.
    """
    code = EXAMPLES[heading, language].replace(ADDRESS, caller.url)
    around = (
        (code, MOUNT[mount].replace("show", "window.given.show")) if mount else (GIVEN + code, "window.done = true;")
    )
    process = await asyncio.create_subprocess_exec(
        NODE, BUNDLER, language, around[1],
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    script, complaint = await process.communicate(around[0].encode())
    assert process.returncode == 0, complaint.decode()
    html = HTML.replace("GIVEN", json.dumps(given)).replace("SCRIPT", script.decode().replace("</script", "<\\/script"))
    async with page(browser, html) as opened:
        if not mount:
            await until(opened, "window.done", True)
        yield opened
        assert await opened.run("wrong") == []


async def test_every_example_is_tried_here() -> None:
    assert [pair for pair in EXAMPLES if '"{}", "{}"'.format(*pair) not in OURSELVES] == []
    assert len(list(blocks())) == len(EXAMPLES) > 0


async def test_the_plain_page_shows_the_answer(browser: Chromium, caller: Caller) -> None:
    html = EXAMPLES["A plain page", "html"].replace(ADDRESS, caller.url)
    ready = '<script type="module">tell(JSON.stringify(["ready"]));</script>'
    async with page(browser, html + ready) as opened:
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


async def ended(caller: Caller, thread_id: str) -> None:
    """Come back when no run of the thread is under way."""
    async with asyncio.timeout(20):
        while any(
            run["status"] in ("queued", "in_progress")
            for run in (await caller.get(f"/threads/{thread_id}/runs"))["data"]
        ):
            pass
