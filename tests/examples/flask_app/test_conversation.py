"""A question and its answer, word by word, on each of the three pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.examples.flask_app.scene import Site, both
from tests.examples.stage.running import serving

pytestmark = pytest.mark.asyncio(loop_scope="package")

each_page = pytest.mark.parametrize("page", ["eventsource.html", "fetch.html", "react/"])
WORDS = ["日本語 ", "and 👩‍👩‍👧\r\n", "  data: x\n\n", "<b>so</b> ", "on."]


@pytest.mark.parametrize("page", ["eventsource.html", "fetch.html"])
async def test_words_appear_one_by_one_as_they_are_said(site: Site, page: str) -> None:
    await words_appear(site, page)


@pytest.mark.examples
@each_page
async def test_words_appear_one_by_one_on_every_page(built: Site, page: str) -> None:
    await words_appear(built, page)


async def words_appear(site: Site, page: str) -> None:
    before = site.upstream.questions.count(f"Words on {page}?")
    async with site.visitor(page) as ann:
        await ann.reads("", "")
        await ann.ask(f"Words on {page}?")
        spoken = await site.asked(f"Words on {page}?")
        await ann.reads("", "Answering…")
        text = ""
        for word in WORDS:
            spoken.say(word, None)
            text += word
            await ann.reads(text, "Answering…")
        await ann.picture(f"{page.partition('.')[0].strip('/')}-growing")
        spoken.end()
        await ann.reads(text, "Done.")
        assert site.upstream.questions.count(f"Words on {page}?") == before + 1


@pytest.mark.examples
async def test_the_page_in_react_is_served_while_one_works_on_it(built: Site) -> None:
    line = "npm run dev -- --host 127.0.0.1 --port $PORT"
    async with serving(line, built.folder / "react", FLASK_URL=built.url) as url:
        await words_appear(replace(built, url=url), "react/")


@pytest.mark.examples
@each_page
async def test_a_second_question_leaves_the_first_answer_behind(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        await ann.ask("The first?")
        first = await built.asked("The first?")
        first.say("One ")
        await ann.reads("One ")
        await ann.ask("The second?")
        second = await built.asked("The second?")
        first.say("of the first, late")
        second.say("Two.")
        await ann.reads("Two.", "Answering…")
        second.end()
        first.end()
        await ann.reads("Two.", "Done.")


@pytest.mark.examples
async def test_two_browsers_watch_one_answer(built: Site) -> None:
    async with built.visitor("eventsource.html") as ann:
        await ann.ask("For two?")
        spoken = await built.asked("For two?")
        spoken.say("One ")
        await ann.reads("One ")
        id = ann.page.url.partition("#")[2]
        async with built.visitor("eventsource.html", id, color_scheme="dark") as bob:
            await bob.reads("One ", "Answering…")
            spoken.say("for both.")
            await both(ann.reads("One for both."), bob.reads("One for both."))
            spoken.end()
            await both(ann.reads("One for both.", "Done."), bob.reads("One for both.", "Done."))
    assert built.upstream.questions.count("For two?") == 1


@pytest.mark.examples
async def test_two_who_ask_at_once_get_each_their_own(built: Site) -> None:
    async with built.visitor("fetch.html") as ann, built.visitor("react/") as bob:
        await both(ann.ask("Ann's?"), bob.ask("Bob's?"))
        for name, one in (("Ann", ann), ("Bob", bob)):
            spoken = await built.asked(f"{name}'s?")
            spoken.say(f"For {name}.")
            spoken.end()
            await one.reads(f"For {name}.", "Done.")


@pytest.mark.examples
async def test_an_answer_that_is_fetched_can_be_stopped_and_the_model_with_it(built: Site) -> None:
    async with built.visitor("fetch.html") as ann:
        await expect(ann.button("Stop")).to_be_disabled()
        await ann.ask("Everything?")
        spoken = await built.asked("Everything?")
        spoken.say("One ")
        await ann.reads("One ")
        await ann.button("Stop").click()
        await spoken.left()
        await expect(ann.page.get_by_role("status")).to_have_text("Stopped.")
        await expect(ann.button("Stop")).to_be_disabled()
        await expect(ann.again).to_be_hidden()


@pytest.mark.examples
@each_page
async def test_a_page_that_is_closed_in_mid_answer_asks_nothing_and_a_fetched_answer_ends(
    built: Site, page: str
) -> None:
    async with built.visitor(page) as ann:
        await ann.ask(f"Left {page}?")
        spoken = await built.asked(f"Left {page}?")
        spoken.say("One ")
        await ann.reads("One ")
    if page == "fetch.html":
        await spoken.left()
    else:
        spoken.end()
    assert built.upstream.questions.count(f"Left {page}?") == 1
