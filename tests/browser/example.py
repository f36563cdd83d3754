"""An example of a page of our documentation, as it stands there, in Chromium."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.browser.chromium import Chromium, Page
from tests.browser.watching import page
from tests.cuts.scene import Caller

ROOT = Path(__file__).parents[2]
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
READY = '<script type="module">tell(JSON.stringify(["ready"]));</script>'


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
    browser: Chromium, caller: Caller, code: str, language: str, mount: str = "", behind: str = "", **given: str
) -> AsyncIterator[Page]:
    """An example in a page of its own, which complains of nothing.

    Args:
        code: as it stands in the document.
        language: ``js``, ``tsx`` or ``vue``.
        mount: the component that it makes, if it does.
        behind: what a script that makes none is followed by.
        given: what it is about.
    """
    code = code.replace(ADDRESS, caller.url)
    around = (
        (code, MOUNT[mount].replace("show", "window.given.show"))
        if mount
        else (GIVEN + code, f"{behind}; window.done = true;")
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


@asynccontextmanager
async def plain(browser: Chromium, caller: Caller, html: str) -> AsyncIterator[Page]:
    """An example that is a whole page, on an origin of its own."""
    async with page(browser, html.replace(ADDRESS, caller.url) + READY) as opened:
        yield opened


async def ended(caller: Caller, thread_id: str) -> None:
    """Come back when no run of the thread is under way."""
    async with asyncio.timeout(20):
        while any(
            run["status"] in ("queued", "in_progress")
            for run in (await caller.get(f"/threads/{thread_id}/runs"))["data"]
        ):
            pass
