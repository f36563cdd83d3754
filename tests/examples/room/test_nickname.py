"""The dialog that asks for a nickname: its rule, its focus, and that it asks once."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.examples.room.room import Room
from tests.examples.stage.tab import PHONE

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

RULE = "Nickname must be at least 3 characters long"


async def test_what_is_too_short_is_refused_with_the_reason_by_button_and_by_enter(room: Room) -> None:
    async with room.visitor() as ann:
        await expect(ann.dialog.get_by_text(RULE)).to_be_visible()
        for name in ("", "Al", "  A\t ", "🎉🎉"):
            await ann.nickname.fill(name)
            await ann.nickname.press("Enter")
            await expect(ann.dialog.get_by_role("alert")).to_have_text(RULE)
            await ann.button("Join Discussion").click()
            await ann.page.keyboard.press("Escape")
            await ann.page.keyboard.press("Escape")
            await expect(ann.dialog).to_be_visible()
            await expect(ann.nickname).to_have_attribute("aria-invalid", "true")
        await expect(ann.lines).to_have_count(0)
        await ann.picture("nickname-refused")
        await ann.nickname.fill("語語語")
        await expect(ann.dialog.get_by_role("alert")).to_be_hidden()
        await ann.nickname.press("Enter")
        await ann.line_reads("Welcome 語語語")
        await expect(ann.dialog).to_be_hidden()
        await expect(ann.composer).to_be_focused()


async def test_it_is_modal_and_has_the_focus(room: Room) -> None:
    async with room.visitor() as ann:
        await expect(ann.nickname).to_be_focused()
        assert await ann.dialog.get_attribute("aria-modal") == "true"
        for _ in range(4):
            await ann.page.keyboard.press("Tab")
            outside = "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
            assert not await ann.page.evaluate(outside)
        await ann.picture("nickname")


async def test_it_can_be_changed_and_is_kept(room: Room) -> None:
    async with room.visitor("Ann") as ann:
        await ann.page.get_by_role("button", name="Ann (change your nickname)").click()
        await ann.page.keyboard.press("Escape")
        await expect(ann.dialog).to_be_hidden()
        await ann.page.get_by_role("button", name="Ann (change your nickname)").click()
        await ann.nickname.fill("Anna")
        await ann.button("Save").click()
        await ann.send("Hello")
        await room.answers("Hello, Anna.")
        await ann.sees(("You", "Hello"), ("CatGPT", "Hello, Anna."))
        await ann.page.reload()
        await ann.line_reads("Welcome Anna")
        await ann.sees(("You", "Hello"), ("CatGPT", "Hello, Anna."))
        assert await room.stored() == [("Anna", "Hello"), ("CatGPT", "Hello, Anna.")]


async def test_an_odd_one_stays_text_and_fits(room: Room) -> None:
    async with room.visitor("Bob", **PHONE) as bob:
        shown = []
        for name in ("<img src=x onerror=alert(1)>", "A" * 10_000, "Ann\u202egniht\u0000"):
            async with room.visitor() as ann:
                await ann.join(name)
                await ann.send("Hello")
                await room.answers("Hello.")
                await expect(ann.dots).to_be_hidden()
            shown.append((await bob.said())[-2][0])
            assert await bob.page.evaluate("document.querySelectorAll('[role=log] img').length") == 0
            assert not await bob.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await bob.picture("odd-names")
    assert shown == ["<img src=x onerror=alert(1)>", "A" * 64, "Ann gniht"]


async def test_two_of_one_name_are_told_apart(room: Room) -> None:
    async with room.visitor("Bob") as bob, room.visitor("Ann") as ann, room.visitor("Ann") as other:
        await ann.send("I am the first")
        await room.answers("Yes.")
        await other.send("And I the second")
        await room.answers("Yes.")
        await other.sees(("Ann", "I am the first"), ("CatGPT", "Yes."), ("You", "And I the second"), ("CatGPT", "Yes."))
        await other.stream(False)
        await other.stream(True)
        await other.send("Still I")
        await room.answers("Yes.")
        await expect(other.dots).to_be_hidden()
        assert await other.errors.all_inner_texts() == ["The name Ann is taken here: the others see you as Ann 2."]
        await expect(other.page.get_by_role("button", name="Ann 2 (change your nickname)")).to_be_visible()
        await other.picture("nickname-taken")
        (first, *_), _, (second, *_), *_ = await bob.said()
        assert first == "Ann"
        assert second == "Ann 2"
