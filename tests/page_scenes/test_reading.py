"""How the page is read and used: with a phone, with the keyboard alone, scrolled up while an answer grows."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.page_scenes.screen import Screen, comes_true, until
from tests.page_scenes.stage import PHONE, Stage
from tests.page_scenes.voices import Voice

pytestmark = pytest.mark.asyncio(loop_scope="package")

_FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const around = element.matches('input, textarea') ? [element.parentElement, element.closest('form')] : [];
  const ringed = [element, ...around]
    .filter(Boolean)
    .map((one) => getComputedStyle(one))
    .some((one) => one.outlineStyle !== 'none' || one.boxShadow !== 'none');
  return {
    name: element.getAttribute('aria-label') ?? element.textContent.trim(),
    seen: ringed && box.width > 0 && box.height > 0 && style.visibility === 'visible',
  };
}"""
_ALOUD = """() => {
  globalThis.aloud = [];
  const told = (node) => node.parentElement?.closest('[aria-live=polite], [role=status]:not([aria-label=Connection])');
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (told(node)) aloud.push(node.textContent);
  }).observe(document.body, { subtree: true, childList: true });
}"""
_SCROLLED = "(log) => log.scrollTop"
_WHOLE = "(log) => log.clientHeight === log.scrollHeight && log.scrollHeight > innerHeight"
_MARK = "(p) => getSelection().setBaseAndExtent(p, 0, p.querySelector('strong span').firstChild, 4)"
_BEYOND = "() => document.documentElement.scrollWidth - innerWidth"
_OVERFLOWING = """() => [...document.querySelectorAll('main *, aside:not([inert]) *')].filter((element) => {
  const box = element.getBoundingClientRect();
  if (!box.width || getComputedStyle(element).position === 'absolute') return false;
  for (let up = element.parentElement; up; up = up.parentElement)
    if (/(auto|scroll|hidden|clip)/.test(getComputedStyle(up).overflowX)) return false;
  return box.right > innerWidth + 1 || box.left < -1;
}).map((element) => element.outerHTML.slice(0, 120))"""


async def speaking(stage: Stage, screen: Screen, lines: int) -> Voice:
    """Ada, who has said so many paragraphs."""
    assert stage.voices is not None
    await screen.choose("Ada")
    await screen.send("Go on")
    ada = await stage.voices.asked("one")
    for line in range(lines):
        ada.say(f"Paragraph {line} of a long answer.\n\n")
    await expect(screen.log.get_by_text(f"Paragraph {lines - 1} of")).to_be_visible()
    return ada


async def test_the_view_follows_a_growing_answer_only_while_the_reader_is_at_its_end(stage: Stage) -> None:
    async with stage.screen("Ann", await stage.thread()) as ann:
        ada = await speaking(stage, ann, 40)
        await expect(ann.log.get_by_text("Paragraph 39 of")).to_be_in_viewport()
        await ann.page.mouse.move(700, 400)
        await ann.page.mouse.wheel(0, -900)
        newest = ann.to_newest
        await expect(newest).to_be_visible()
        anchor = ann.log.get_by_text("Paragraph 20 of")
        await comes_true(rests, ann)
        box = await anchor.bounding_box()
        for line in range(40, 60):
            ada.say(f"Paragraph {line} of a long answer.\n\n")
        await expect(ann.log.get_by_text("Paragraph 59 of")).to_be_attached()
        assert await anchor.bounding_box() == box
        await ann.picture("scrolled-up")
        await newest.click()
        await expect(ann.log.get_by_text("Paragraph 59 of")).to_be_in_viewport()
        await expect(newest).to_be_hidden()
        ada.say("Paragraph 60 of a long answer.")
        await expect(ann.log.get_by_text("Paragraph 60 of")).to_be_in_viewport()
        ada.end()
        await expect(ann.button("Stop")).to_be_hidden()


async def rests(screen: Screen) -> bool:
    anchor = screen.log.get_by_text("Paragraph 20 of")
    before = await anchor.bounding_box()
    await screen.said()  # a frame
    return before == await anchor.bounding_box()


async def test_what_a_reader_marks_in_an_answer_that_grows_stays_marked(stage: Stage) -> None:
    async with stage.screen("Ann", await stage.thread()) as ann:
        ada = await speaking(stage, ann, 1)
        ada.say("This paragraph **grows")
        grows = ann.log.locator("p", has_text="This paragraph grows")
        await expect(grows).to_be_visible()
        await grows.evaluate(_MARK)
        ada.say(" and** grows, *while")
        await expect(grows).to_have_text("This paragraph grows and grows, while")
        ada.say(" somebody* reads.\n\nIt is whole.")
        ada.end()
        await expect(ann.button("Stop")).to_be_hidden()
        assert await ann.page.evaluate("`${getSelection()}`") == "This paragraph grow"


async def test_what_goes_on_a_message_has_no_speck_of_a_head_until_one_is_at_it(stage: Stage) -> None:
    async with stage.screen("Ann", await stage.thread("One", "Two")) as ann:
        await ann.says("One", "Two")
        head = ann.articles.nth(1).locator("header")
        await expect(head).to_have_css("clip-path", "inset(50%)")
        await ann.articles.nth(1).hover()
        await expect(head).to_have_css("clip-path", "none")


async def test_what_is_printed_is_all_messages_and_nothing_else(stage: Stage) -> None:
    thread_id = await stage.thread(*(f"Message {number}\n\n\n\nends" for number in range(12)))
    async with stage.screen("Ann", thread_id, color_scheme="dark") as ann:
        await expect(ann.log.get_by_text("Message 11")).to_be_in_viewport()
        was_at = await ann.log.evaluate(_SCROLLED)
        await ann.page.pdf()
        assert await ann.log.evaluate(_SCROLLED) == was_at > 0
        await ann.page.emulate_media(media="print")
        assert await ann.log.evaluate(_WHOLE)
        for hidden in (ann.threads, ann.composer, ann.connection, ann.button("Copy").first):
            await expect(hidden).to_be_hidden()


async def test_everything_is_reached_on_a_phone_and_nothing_is_wider_than_it(stage: Stage) -> None:
    thread_id = await stage.thread("Good morning from a phone")
    await stage.ask(thread_id, "Some markdown", "Player")
    await stage.ended(thread_id, "completed")
    async with stage.screen("Ann", thread_id, **PHONE) as ann:
        await expect(ann.log.get_by_text("日本語も大丈夫です")).to_be_in_viewport()
        assert (await ann.page.evaluate(_BEYOND), await ann.page.evaluate(_OVERFLOWING)) == (0, [])
        await ann.picture("phone-markdown")
        await ann.button("Show threads").tap()
        await expect(ann.threads).to_be_in_viewport()
        await expect(ann.button("New thread").first).to_be_focused()
        await ann.threads.get_by_role("link", name=re.compile("Good morning from a phone")).first.tap()
        await expect(ann.threads).not_to_be_in_viewport()
        await ann.choose("Player")
        await ann.composer.fill("From a phone")
        await ann.composer.press("Enter")
        await ann.composer.press_sequentially("with two lines")
        await ann.picture("phone-two-lines")
        await ann.button("Send").tap()
        await comes_true(says_last, ann, "I heard you.")
        await ann.button("Show threads").tap()
        await ann.button("New thread").first.tap()
        await expect(ann.composer).to_be_visible()
        await ann.picture("phone-new-thread")
        assert (await ann.page.evaluate(_BEYOND), await ann.page.evaluate(_OVERFLOWING)) == (0, [])


async def test_who_comes_back_to_a_thread_finds_their_place_and_the_name_of_who_speaks_there(stage: Stage) -> None:
    await stage.thread("Somewhere else")
    async with stage.screen("Ann", await stage.thread()) as ann:
        ada, bo = await both(stage, ann)
        for line in range(60):
            ada.say(f"Paragraph {line} of a long answer.\n\n")
            if line < 40:
                bo.say(f"Point {line} of a shorter one.\n\n")
        ada.end()
        bo.end()
        await expect(ann.button("Stop")).to_be_hidden()
        last, name = ann.log.get_by_text("Paragraph 59 of"), ann.articles.get_by_text("Ada", exact=True)
        await expect(last).to_be_in_viewport()
        await expect(name).to_be_in_viewport()
        await ann.picture("beside")
        await ann.page.mouse.move(700, 400)
        await ann.page.mouse.wheel(0, -900)
        await expect(ann.to_newest).to_be_visible()
        await comes_true(rests, ann)
        anchor = ann.log.get_by_text("Paragraph 30 of")
        box = await anchor.bounding_box()
        for reads in (True, False):
            await ann.threads.get_by_role("link", name=re.compile("Somewhere else")).click()
            await ann.says("Somewhere else")
            await ann.page.go_back()
            await expect(last).to_be_attached()
            if reads:
                await until(anchor.bounding_box, wanted=box)
                await expect(name).to_be_in_viewport()
                await ann.to_newest.click()
            await expect(last).to_be_in_viewport()
            await expect(ann.to_newest).to_be_hidden()


async def both(stage: Stage, screen: Screen) -> tuple[Voice, Voice]:
    """Ada and Bo, who are asked the same."""
    assert stage.voices is not None
    await screen.choose("Ada", "Bo")
    await screen.send("What is it?")
    return await stage.voices.asked("one"), await stage.voices.asked("two")


async def says_last(screen: Screen, text: str) -> bool:
    return (await screen.said())[-1:] == [text]


async def test_with_the_keyboard_alone_one_joins_asks_stops_and_finds_every_button(stage: Stage) -> None:
    async with stage.screen() as ann:
        press = ann.page.keyboard.press
        await expect(ann.page.get_by_role("textbox", name="Nickname")).to_be_focused()
        await ann.page.keyboard.type("Ann of the keys")
        await press("Enter")
        await expect(ann.composer).to_be_focused()
        await ann.choose("Player")  # found by Tab below
        await ann.composer.focus()
        await ann.page.keyboard.type("Go on forever")
        await press("Shift+Enter")
        await ann.page.keyboard.type("and ever")
        await press("Enter")
        await ann.says("Go on forever\nand ever", "Once upon a time")
        await expect(ann.composer).to_be_focused()
        await expect(ann.composer).to_have_value("")
        await expect(ann.button("Stop")).to_be_visible()
        found = await tabbed(ann)
        unseen = [name for name, seen in found.items() if not seen]
        wanted = {"New thread", "Theme", "Rename thread", "Player", "Ada", "Copy", "Stop", "Message"}
        assert (wanted - found.keys(), unseen) == (set(), [])
        for _ in range(120):
            await press("Tab")
            if (await ann.page.evaluate(_FOCUSED) or {"name": ""})["name"] == "Stop":
                break
        await press("Enter")
        await expect(ann.button("Stop")).to_be_hidden()
        await ann.picture("keyboard")


async def tabbed(screen: Screen) -> dict[str, bool]:
    """The name of whatever Tab reaches in one round, and whether one sees that it has the focus."""
    found: dict[str, bool] = {}
    for _ in range(120):
        await screen.page.keyboard.press("Tab")
        focused = await screen.page.evaluate(_FOCUSED)
        if focused is not None:  # behind the last the browser's own buttons would come
            found[focused["name"]] = focused["seen"] and found.get(focused["name"], True)
    return found


async def test_a_screen_reader_is_told_that_an_answer_begins_and_reads_it_once_it_is_whole(stage: Stage) -> None:
    async with stage.screen("Ann", await stage.thread()) as ann:
        await ann.page.evaluate(_ALOUD)
        ada = await speaking(stage, ann, 3)
        ada.end()
        await expect(ann.button("Stop")).to_be_hidden()
        whole = "Ada: " + " ".join(f"Paragraph {line} of a long answer." for line in range(3))
        await until(aloud, ann, wanted=["Ada is answering", whole])


async def aloud(screen: Screen) -> list[str]:
    """What a screen reader was told."""
    told: list[str] = await screen.page.evaluate("aloud")
    return [" ".join(text.split()) for text in told]
