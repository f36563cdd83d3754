"""What is read and how: a phone, a long word, the keyboard, and what axe-core says."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.examples.flask_app.scene import Site
from tests.examples.stage.tab import PHONE
from tests.page_scenes.axe import grave

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

each_page = pytest.mark.parametrize("page", ["eventsource.html", "fetch.html", "react/"])
_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_page
async def test_on_a_phone_all_is_named_and_nothing_scrolls_sideways(built: Site, page: str, scheme: str) -> None:
    question, name = f"Phone {scheme} {page}?", f"phone-{page.partition('.')[0].strip('/')}-{scheme}"
    async with built.visitor(page, color_scheme=scheme, **PHONE) as ann:
        assert await grave(ann.page) == []
        await ann.ask(question)
        spoken = await built.asked(question)
        text = f"A word that never ends: {'x' * 300}\n\n" + "日本語テキスト " * 60
        spoken.say(text)
        await ann.reads(text)
        assert await grave(ann.page) == []
        assert not await ann.page.evaluate(_SIDEWAYS)
        await ann.picture(name)
        spoken.cut()
        await ann.is_told("The model broke off in the middle of its answer. Please ask again.")
        await ann.again.scroll_into_view_if_needed()
        assert await grave(ann.page) == []
        assert not await ann.page.evaluate(_SIDEWAYS)
        await ann.picture(f"{name}-failed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_list_of_pages_leads_to_each_of_them(built: Site, scheme: str) -> None:
    async with built.visitor("", color_scheme=scheme, **PHONE) as ann:
        assert await grave(ann.page) == []
        await ann.picture(f"phone-all-{scheme}")
        for name in ("EventSource", "fetch", "React"):
            await ann.page.get_by_role("link", name=name, exact=True).click()
            await expect(ann.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
            await expect(ann.page).to_have_title(name)
            await ann.page.get_by_role("link", name="All three pages").click()


@each_page
async def test_one_may_do_everything_with_the_keyboard(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        await expect(ann.question).to_be_visible()
        for _ in range(2):
            await ann.page.keyboard.press("Tab")
        await expect(ann.question).to_be_focused()
        await ann.page.keyboard.press("ControlOrMeta+a")
        await ann.page.keyboard.type(f"Keys {page}?")
        await ann.page.keyboard.press("Tab")
        await ann.page.keyboard.press("Enter")
        spoken = await built.asked(f"Keys {page}?")
        spoken.say("Yes.")
        spoken.end()
        await ann.reads("Yes.", "Done.")


@each_page
async def test_an_empty_question_is_not_sent(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        before = len(built.upstream.questions)
        await ann.ask("")
        await expect(ann.question).to_have_js_property("validity.valueMissing", True)
        await ann.ask("   ")
        await ann.is_told("Write a question first.")
        assert len(built.upstream.questions) == before
