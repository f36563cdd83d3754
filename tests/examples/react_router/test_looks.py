"""On a phone, in the dark, with a screen reader."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.examples.react_router.scene import Scene
from tests.examples.stage.tab import PHONE
from tests.page_scenes import texts
from tests.page_scenes.axe import grave
from tests.page_scenes.screen import comes_true

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

_ODD = """() => ({
  hurt: globalThis.hurt ?? null,
  elements: document.querySelectorAll("[role=log] li :not(b, span, em)").length })"""
_SIDEWAYS = """() => ["html", "[role=log]"].map((found) => document.querySelector(found)).some(
  (element) => element.scrollWidth > element.clientWidth)"""
_AT_END = "(log) => log.scrollHeight > log.clientHeight && Math.abs(log.scrollTop) < 2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_all_is_named_and_nothing_scrolls_sideways(scene: Scene, scheme: str) -> None:
    thread = await scene.thread(f"A word that never ends: {'x' * 300}")
    async with scene.visitor("/", color_scheme=scheme, **PHONE) as ann:
        assert await grave(ann.page) == []
        await ann.picture(f"phone-home-{scheme}")
        await ann.open(scene.path(thread, "Ada", "Bo"))
        await ann.send(texts.EVIL)
        ada, bo = await scene.answering("ada"), await scene.answering("bo")
        ada.say(texts.MARKDOWN)
        bo.say("A word.")
        await expect(ann.log).to_contain_text("What stands at a position never changes.")
        await expect(ann.log).to_contain_text("A word.")
        assert await ann.page.evaluate(_ODD) == {"hurt": None, "elements": 0}
        assert not await ann.page.evaluate(_SIDEWAYS)
        assert await grave(ann.page) == []
        await ann.picture(f"phone-{scheme}")
        await ann.page.get_by_role("switch", name="In columns").check()
        await expect(ann.column("Bo")).to_contain_text("A word.")
        assert await grave(ann.page) == []
        await ann.picture(f"phone-columns-{scheme}")
        ada.end()
        bo.end()
        await expect(ann.busy).to_have_text("")


async def test_the_newest_stays_in_view_only_while_the_reader_is_there(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, "Ada")) as ann:
        await ann.send("Tell me everything")
        voice = await scene.answering()
        voice.say("\n".join(f"Line {line}" for line in range(60)))
        await expect(ann.log).to_contain_text("Line 59")
        await comes_true(ann.log.evaluate, _AT_END)
        await ann.log.evaluate("(log) => log.scrollTo(0, -500)")
        voice.say("\nand one more")
        await expect(ann.log).to_contain_text("and one more")
        assert await ann.log.evaluate("(log) => log.scrollTop") < -100
        voice.end()
        await expect(ann.busy).to_have_text("")
        assert await grave(ann.page) == []
