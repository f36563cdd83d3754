"""How both pages look and are read: a phone, the dark, what axe-core says, and a view that follows the answer."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.examples.nextjs.scene import Scene
from tests.examples.stage.tab import PHONE
from tests.page_scenes import texts
from tests.page_scenes.axe import grave
from tests.page_scenes.screen import comes_true

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

PAGES = ["/", "/with-client"]
_AT_END = """(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2 && log.scrollHeight > log.clientHeight"""
_SIDEWAYS = """() => ["html", "[role=log]"].map((found) => document.querySelector(found)).some(
  (element) => element.scrollWidth > element.clientWidth)"""


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_all_is_named_and_nothing_scrolls_sideways(scene: Scene, path: str, scheme: str) -> None:
    name = f"phone{path.replace('/', '-')}-{scheme}"
    async with scene.visitor(path, color_scheme=scheme, **PHONE) as ann:
        assert await grave(ann.page) == []
        await ann.picture(f"{name}-empty")
        await ann.send(f"A word that never ends: {'x' * 300} and `{'y' * 200}`")
        voice = await scene.answering()
        await ann.is_busy()
        await ann.picture(f"{name}-waiting")
        voice.say(texts.MARKDOWN)
        await expect(ann.log.get_by_role("table")).to_be_visible()
        assert await grave(ann.page) == []
        voice.end()
        await ann.is_busy(False)
        assert not await ann.page.evaluate(_SIDEWAYS)
        await ann.picture(name)


@pytest.mark.parametrize("path", PAGES)
async def test_the_view_follows_a_growing_answer_only_while_the_reader_is_at_its_end(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Tell me everything")
        voice = await scene.answering()
        for piece in range(30):
            voice.say(f"Line {piece}.\n\n")
        await expect(ann.log.get_by_text("Line 29.")).to_be_in_viewport()
        await comes_true(ann.log.evaluate, _AT_END)
        await ann.log.evaluate("(log) => { log.scrollTop = 0; }")
        await expect(ann.log.get_by_text("Tell me everything")).to_be_in_viewport()
        voice.say("And one more.")
        await expect(ann.log.get_by_text("And one more.")).to_be_attached()
        assert await ann.log.evaluate("(log) => log.scrollTop") == 0
        voice.end()
        await ann.is_busy(False)
        await ann.send("Again")
        await comes_true(ann.log.evaluate, _AT_END)
        await scene.answers("Over.")
        await expect(ann.log.get_by_text("Over.")).to_be_in_viewport()
        await ann.picture(f"desktop{path.replace('/', '-')}")
        assert await grave(ann.page) == []


async def test_functions_that_are_called_are_shown(scene: Scene) -> None:
    names = [{"name": "generate_cat_name", "arguments": {"theme": theme}} for theme in ("food", "music")]
    await scene.play([{"tool_calls": names}], [{"text": texts.MARKDOWN}])
    async with scene.visitor(color_scheme="dark") as ann:
        await ann.send("Two names, please")
        await ann.is_busy()
        await expect(ann.log.get_by_role("table")).to_be_visible()
        await ann.is_busy(False)
        await expect(ann.log.get_by_role("article", name="Function")).to_have_count(2)
        await ann.log.evaluate("(log) => { log.scrollTop = 0; }")
        await ann.picture("functions-dark")
        assert await grave(ann.page) == []
