"""What is read and how: Markdown, inert HTML, a phone, a reader who is elsewhere, and what axe-core says."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.examples.room.room import Room
from tests.examples.room.visitor import Visitor
from tests.examples.stage.tab import PHONE
from tests.page_scenes import texts
from tests.page_scenes.axe import grave
from tests.page_scenes.screen import comes_true

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

_ODD = """() => ({
  hurt: globalThis.hurt ?? null,
  elements: [...document.querySelectorAll("[role=log] :is(script, iframe, style, img, object, embed, form)")].length,
  handlers: [...document.querySelectorAll("[role=log] *")].filter(
    (element) => element.getAttributeNames().some((name) => name.startsWith("on"))).length,
  links: [...document.querySelectorAll("[role=log] a")].map((link) => link.href),
})"""
_AT_END = """() => {
  const log = document.querySelector("[role=log]");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 2 && log.scrollHeight > log.clientHeight;
}"""
_SIDEWAYS = """() => ["html", "[role=log]"].map((found) => document.querySelector(found)).some(
  (element) => element.scrollWidth > element.clientWidth)"""


async def test_html_and_odd_links_do_nothing_whoever_says_them(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await ann.send(texts.EVIL)
        await room.answers(texts.EVIL)
        for one in (ann, bob):
            await expect(one.log.get_by_text("and the end.")).to_have_count(2)
            await expect(one.dots).to_be_hidden()
            assert await one.page.evaluate(_ODD) == {
                "hurt": None, "elements": 0, "handlers": 0, "links": ["https://evil.example/giant.png"] * 2,
            }  # fmt: skip
            await expect(one.log.get_by_text('<script>window.hurt = "script"; alert(1)</script>')).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_all_is_named_and_nothing_scrolls_sideways(room: Room, scheme: str) -> None:
    async with room.visitor(color_scheme=scheme, **PHONE) as ann:
        assert await grave(ann.page) == []
        await ann.picture(f"phone-nickname-{scheme}")
        await ann.join("A nickname that is long enough to be cut off 語語語語語語")
        await ann.send(f"A word that never ends: {'x' * 300} and `{'y' * 200}`")
        voice = await room.answering()
        await expect(ann.dots).to_be_visible()
        await ann.picture(f"phone-waiting-{scheme}")
        voice.say(texts.MARKDOWN)
        await expect(ann.log.get_by_role("table")).to_be_visible()
        assert not await ann.page.evaluate(_SIDEWAYS)
        assert await grave(ann.page) == []
        await ann.picture(f"phone-{scheme}")
        voice.end()
        await expect(ann.dots).to_be_hidden()
        assert not await ann.page.evaluate(_SIDEWAYS)


async def test_the_view_follows_the_newest_only_while_the_reader_is_there(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob", color_scheme="dark") as bob:
        await ann.send("Tell me everything")
        voice = await room.answering()
        voice.say(texts.MARKDOWN)
        voice.say(texts.PLAIN)
        for one in (ann, bob):
            await expect(one.log.get_by_text("Piece 30 of")).to_be_attached()
            await comes_true(one.page.evaluate, _AT_END)
        await _scroll_to_the_top(bob)
        for piece in range(20):
            voice.say(f"\n\nAnd one more line, number {piece}.")
        voice.end()
        for one in (ann, bob):
            await expect(one.log.get_by_text("number 19.")).to_be_attached()
        await comes_true(ann.page.evaluate, _AT_END)
        assert await bob.log.evaluate("(log) => log.scrollTop") == 0
        assert await grave(bob.page) == []
        await bob.picture("reading-dark")
        await bob.page.get_by_role("button", name="Newest message").click()
        await comes_true(bob.page.evaluate, _AT_END)
        await expect(bob.page.get_by_role("button", name="Newest message")).to_be_hidden()
        await ann.picture("markdown")
        assert await grave(ann.page) == []


async def test_one_may_do_everything_with_the_keyboard(room: Room) -> None:
    async with room.visitor() as ann:
        await ann.page.keyboard.type("Ann")
        await ann.page.keyboard.press("Enter")
        await ann.line_reads("Welcome Ann")
        await expect(ann.composer).to_be_focused()
        await ann.page.keyboard.type("One")
        await ann.page.keyboard.press("Shift+Enter")
        await ann.page.keyboard.type("two")
        await ann.page.keyboard.press("Enter")
        await room.answers("Three.")
        await ann.sees(("You", "One\ntwo"), ("CatGPT", "Three."))
        await ann.page.keyboard.press("Tab")
        await ann.page.keyboard.press("Space")
        await expect(ann.streaming).to_have_attribute("aria-checked", "false")


async def _scroll_to_the_top(visitor: Visitor) -> None:
    await visitor.log.evaluate("(log) => { log.scrollTop = 0; }")
    await expect(visitor.page.get_by_role("button", name="Newest message")).to_be_visible()
