"""A cut, a reload, sleep, an app or a model that is away: each page says so, and goes on or offers to ask again."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from livethread.sse import SORRY
from tests.examples.flask_app.scene import Site
from tests.examples.flask_app.scene import site as opened

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

each_page = pytest.mark.parametrize("page", ["eventsource.html", "fetch.html", "react/"])
each_that_comes_back = pytest.mark.parametrize("page", ["eventsource.html", "react/"])

UNREACHABLE = "The server cannot be reached."
CUT = "The connection is lost, and the answer with it."
TRYING = "The connection is lost. Trying again…"
GONE = "There is no such answer here, or not any more."


@each_that_comes_back
async def test_a_cut_in_mid_answer_loses_no_character_and_repeats_none(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        await ann.ask(f"Cut {page}?")
        spoken = await built.asked(f"Cut {page}?")
        spoken.say("日本語 ", "one ")
        await ann.reads("日本語 one ")
        ann.line.cut()
        await ann.reads("日本語 one ", TRYING)
        await ann.picture(f"{page.partition('.')[0].strip('/')}-lost")
        spoken.say("two ", "😀 ")
        ann.line.mend()
        await ann.reads("日本語 one two 😀 ", "Answering…")
        ann.line.hold(back=True)
        spoken.say("three ")
        await asyncio.sleep(0.1)  # it is on its way when the line is cut again
        ann.line.cut()
        await ann.reads("日本語 one two 😀 ", TRYING)
        spoken.say("four.")
        spoken.end()
        ann.line.mend()
        await ann.reads("日本語 one two 😀 three four.", "Done.")
        assert built.upstream.questions.count(f"Cut {page}?") == 1


async def test_a_fetched_answer_that_is_cut_is_said_to_be_and_can_be_asked_again(built: Site) -> None:
    async with built.visitor("fetch.html") as ann:
        await ann.ask("Cut?")
        spoken = await built.asked("Cut?")
        spoken.say("One ")
        await ann.reads("One ")
        ann.line.cut()
        await ann.is_told(CUT)
        await ann.reads("One ")
        await ann.picture("fetch-cut")
        await spoken.left()
        ann.line.mend()
        await ann.again.click()
        spoken = await built.asked("Cut?")
        spoken.say("One, two.")
        spoken.end()
        await ann.reads("One, two.", "Done.")


async def test_a_reload_in_mid_answer_watches_the_same_answer(built: Site) -> None:
    async with built.visitor("eventsource.html") as ann:
        await ann.ask("Reloaded?")
        spoken = await built.asked("Reloaded?")
        spoken.say("One ")
        await ann.reads("One ")
        await ann.page.reload()
        await ann.reads("One ", "Answering…")
        spoken.say("two.")
        spoken.end()
        await ann.reads("One two.", "Done.")
        await ann.page.reload()
        await ann.reads("One two.", "Done.")
        assert built.upstream.questions.count("Reloaded?") == 1


@each_that_comes_back
async def test_a_page_that_sleeps_in_mid_answer_has_all_of_it_when_it_wakes(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        await ann.ask(f"Asleep {page}?")
        spoken = await built.asked(f"Asleep {page}?")
        spoken.say("One ")
        await ann.reads("One ")
        await ann.send_to_sleep()
        ann.line.cut()
        spoken.say("two ")
        spoken.end()
        ann.line.mend()
        await ann.wake()
        await ann.reads("One two ", "Done.")


async def test_a_fetching_page_that_sleeps_says_so_if_its_line_is_cut_meanwhile(built: Site) -> None:
    async with built.visitor("fetch.html") as ann:
        await ann.ask("Asleep?")
        spoken = await built.asked("Asleep?")
        spoken.say("One ")
        await ann.reads("One ")
        await ann.send_to_sleep()
        spoken.say("two ")
        ann.line.cut()
        await ann.wake()
        await ann.is_told(CUT)
        await spoken.left()


@each_page
async def test_an_app_that_is_away_at_the_start_is_said_to_be_and_asked_again(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        ann.line.cut()
        await ann.ask(f"Away {page}?")
        await ann.is_told(UNREACHABLE)
        await ann.picture(f"{page.partition('.')[0].strip('/')}-away")
        ann.line.mend()
        await ann.again.click()
        spoken = await built.asked(f"Away {page}?")
        spoken.say("Here.")
        spoken.end()
        await ann.reads("Here.", "Done.")


async def test_an_app_that_was_started_anew_in_mid_answer_does_not_know_it_any_more(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        opened(browser, tmp_path / "one") as first,
        opened(browser, tmp_path / "two") as second,
        first.visitor("eventsource.html") as ann,
        first.visitor("fetch.html") as bob,
    ):
        for one in (ann, bob):
            await one.ask("Before?")
            (await first.asked("Before?")).say("One ")
            await one.reads("One ")
        for one in (ann, bob):
            one.line.lead_to(second.url)
            one.line.cut()
        await bob.is_told(CUT)
        await ann.reads("One ", TRYING)
        ann.line.mend()
        await ann.is_told(GONE)
        await ann.again.click()
        spoken = await second.asked("Before?")
        spoken.say("One, two.")
        spoken.end()
        await ann.reads("One, two.", "Done.")


@pytest.mark.parametrize("id", ["nonsense", "..%2fapp.py", "語", "a b?c"])
async def test_an_id_that_is_nobodys_is_said_to_be(built: Site, id: str) -> None:
    async with built.visitor("eventsource.html", id) as ann:
        await ann.is_told(GONE)
        await ann.again.click()
        spoken = await built.asked("What is a thread?")
        spoken.say("Hello.")
        spoken.end()
        await ann.reads("Hello.", "Done.")


@each_page
async def test_what_a_proxy_says_in_the_place_of_the_app_is_told_by_its_status(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        await ann.page.route(re.compile("/(ask|answers)$"), lambda route: route.fulfill(status=502, body="<h1>Oh"))
        await ann.ask("Is anybody there?")
        await ann.is_told("The server answered with an error (502).")


async def test_an_end_that_is_not_said_to_be_one_is_a_cut(built: Site) -> None:
    async with built.visitor("fetch.html") as ann:
        said = {"content_type": "text/event-stream", "body": 'data: "One "\n\n'}
        await ann.page.route(re.compile("/ask$"), lambda route: route.fulfill(**said))
        await ann.ask("Is that all?")
        await ann.is_told(CUT)
        await ann.reads("One ")


@each_page
async def test_a_model_that_refuses_is_told_in_a_sentence_that_gives_nothing_away(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        built.upstream.refusing = True
        try:
            await ann.ask("Refused?")
            await ann.is_told("The model refused to answer. Please ask again in a moment.")
        finally:
            built.upstream.refusing = False
        await expect(ann.answer).to_have_text("")


@each_page
async def test_a_model_that_breaks_off_leaves_its_text_and_a_sentence(built: Site, page: str) -> None:
    async with built.visitor(page) as ann:
        for ending, told in (
            ("cut", "The model broke off in the middle of its answer. Please ask again."),
            ("length", "The answer has reached the greatest length that is allowed, and breaks off here."),
            ("drop", SORRY),
        ):
            await ann.ask(f"{ending} on {page}?")
            spoken = await built.asked(f"{ending} on {page}?")
            spoken.say("One ")
            await ann.reads("One ")
            if ending == "cut":
                spoken.cut()
            elif ending == "length":
                spoken.end("length")
            else:
                spoken.drop()
            await ann.is_told(told)
            await ann.reads("One ")
