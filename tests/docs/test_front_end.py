"""docs/guides/front-end.md: each example in Chromium, as it stands there."""

from __future__ import annotations

import pytest

from tests.browser.chromium import Chromium
from tests.browser.example import begin, example, plain, player, texts, until
from tests.cuts.scene import Caller
from tests.docs.blocks import the

pytestmark = pytest.mark.asyncio(loop_scope="package")

ALERT = "document.querySelector('[role=alert]').textContent"
SEND = "document.querySelector('[aria-label=Message]').form.requestSubmit()"


async def test_one_file_asks_and_shows(browser: Chromium, caller: Caller) -> None:
    async with plain(browser, caller, the("docs/guides/front-end.md", "Without a framework", "html")) as opened:
        await until(opened, "typeof document.forms[0].onsubmit", "function")
        await opened.run(f"document.forms[0].text.value = '日本語 🌳'; {SEND}")
        lines = "[...document.querySelectorAll('li')].map((item) => item.textContent)"
        await until(opened, f"{lines}.length", 2)
        await until(opened, f"{lines}[0].endsWith('not a language model.)')", True)
        assert await opened.run(f"{lines}[1]") == "日本語 🌳"
        assert await opened.run(ALERT) == ""
        (thread,) = [one for one in (await caller.get("/threads"))["data"] if one["title"] == "日本語 🌳"]
        await caller.call("DELETE", f"/threads/{thread['id']}")
        await opened.run(f"document.forms[0].text.value = 'Hello?'; {SEND}")
        await until(opened, ALERT, f"No thread found with id '{thread['id']}'.")


@pytest.mark.parametrize(
    ("code", "language", "mount"),
    [
        (the("docs/guides/front-end.md", "React", "tsx"), "tsx", "Chat"),
        (the("docs/guides/front-end.md", "Vue", "vue"), "vue", "Component"),
    ],
)
async def test_a_component_has_one_variable(
    browser: Chromium, caller: Caller, code: str, language: str, mount: str
) -> None:
    thread_id = await begin(caller, "Hello")
    assistant = await player(caller, [{"text": "An answer 🌳"}])
    given = {"threadId": thread_id, "assistantId": assistant}
    async with example(browser, caller, code, language, mount, **given) as opened:
        await until(opened, "lines()", ["Hello"])
        await opened.run(f"type('木'); setTimeout(() => {SEND})")
        await until(opened, "lines()", ["An answer 🌳", "木", "Hello"])
        assert await texts(caller, thread_id) == ["An answer 🌳", "木", "Hello"]
        assert await opened.run("document.querySelector('[aria-label=Message]').value") == ""
        await caller.call("DELETE", f"/assistants/{assistant}")
        await opened.run(f"type('Is anybody there?'); setTimeout(() => {SEND})")
        await until(opened, "document.querySelectorAll('[role=alert]').length", 1)
        assert "No assistant found" in await opened.run(ALERT)


async def test_several_assistants_are_told_apart(browser: Chromium, caller: Caller) -> None:
    thread_id = await begin(caller)
    one, other = [await player(caller, [{"text": name}]) for name in ("One", "Other")]
    code = the("docs/guides/front-end.md", "Several assistants", "js")
    given = {"threadId": thread_id, "assistantId": one, "otherId": other}
    async with example(browser, caller, code, "js", **given) as opened:
        await until(opened, "shown.at(-1)", [2])
