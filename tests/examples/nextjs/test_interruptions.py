"""Cuts on both sides of the app, reloads, sleep, a server that is away: one run for each message, and none is lost."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from livethread import testing
from tests.cuts.scene import Caller
from tests.examples.nextjs.scene import Scene
from tests.examples.stage.line import Line
from tests.examples.stage.running import serving

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

PAGES = ["/", "/with-client"]
GONE = "This conversation is not on the server: it was deleted, or belongs to another one."
LOST = "The connection to the server of this page is lost. Trying again…"
AWAY = re.compile("^The Livethread server at http://127.0.0.1:[0-9]+ does not answer")
GIVING_UP = 60_000.0


class Detour(Line):
    """A line that may lead to another server from now on."""

    def lead_to(self, server: str) -> None:
        self._server = urlsplit(server)


async def test_a_cut_before_the_app_in_mid_answer_and_the_way_back(scene: Scene) -> None:
    async with scene.visitor() as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        ann.line.cut()
        await ann.is_told(LOST)
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        await ann.is_busy()
        voice.say("meanwhile, ")
        ann.line.mend()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, meanwhile,"))
        voice.say("and after.")
        voice.end()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, meanwhile, and after."))
        await ann.is_busy(False)
        await expect(ann.alert).to_have_count(0)
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_a_message_whose_answer_was_lost_on_the_way_is_stored_and_answered_once(scene: Scene) -> None:
    before = await scene.threads()
    async with scene.visitor() as ann:
        ann.line.hold(back=True)
        await ann.send("Do you hear me?")
        voice = await scene.answering()  # it has arrived, and nothing comes back
        ann.line.cut()
        await ann.is_told(LOST)
        ann.line.mend()
        voice.say("I do.")
        voice.end()
        await ann.sees(("You", "Do you hear me?"), ("Cat expert", "I do."))
        await ann.is_busy(False)
        assert await scene.stored(ann.thread_id) == [("You", "Do you hear me?"), ("Cat expert", "I do.")]
        assert set(await scene.threads()) - set(before) == {ann.thread_id}


@pytest.mark.parametrize("path", PAGES)
async def test_a_cut_behind_the_app_in_mid_answer_and_the_way_back(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        scene.upline.cut()
        voice.say("meanwhile, ")
        scene.upline.mend()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, meanwhile,"))
        voice.say("and after.")
        voice.end()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, meanwhile, and after."))
        await ann.is_busy(False)
        await expect(ann.alert).to_have_count(0)
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_a_server_that_stays_away_in_mid_answer_is_told_and_found_again(scene: Scene) -> None:
    async with scene.visitor() as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        scene.upline.cut()
        await expect(ann.alert).to_have_text(AWAY, timeout=GIVING_UP)
        await ann.is_busy(False)
        voice.say("and after.")
        voice.end()
        await scene.ended(ann.thread_id, "completed")
        await ann.picture("server-away")
        scene.upline.mend()
        await ann.button("Try again").click()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, and after."))
        await expect(ann.alert).to_have_count(0)
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_a_server_that_is_not_there_yet_is_told_and_the_message_is_sent_when_it_is(scene: Scene) -> None:
    async with scene.visitor() as ann:
        scene.upline.cut()
        await ann.send("Hello")
        await ann.is_told(AWAY)
        await ann.is_busy(False)
        assert await ann.said() == []
        scene.upline.mend()
        await ann.button("Try again").click()
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        await expect(ann.alert).to_have_count(0)
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_a_message_that_was_refused_is_kept_while_one_looks_elsewhere_and_sent_as_the_same(scene: Scene) -> None:
    keys: list[str] = []
    async with scene.visitor() as ann:
        ann.page.on("request", lambda asked: keys.append(asked.headers.get("idempotency-key", "")))
        await ann.send("Hello")
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        await ann.is_busy(False)
        scene.upline.cut()
        await ann.send("More")
        await ann.is_told(AWAY)
        scene.upline.mend()
        await ann.page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
        await ann.button("Try again").click()
        await scene.answers("More.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."), ("You", "More"), ("Cat expert", "More."))
        assert await scene.statuses(ann.thread_id) == ["completed", "completed"]
    first, refused, again = filter(None, keys)
    assert first != refused == again


async def test_with_the_client_a_server_that_is_not_there_is_told_too(scene: Scene) -> None:
    async with scene.visitor("/with-client") as ann:
        await ann.send("Hello")
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        scene.upline.cut()
        await ann.page.goto(ann.page.url, wait_until="commit")
        await ann.is_told(AWAY)
        scene.upline.mend()
        await ann.page.get_by_role("link", name="Try again").click()
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))


@pytest.mark.parametrize("path", PAGES)
async def test_a_reload_in_mid_answer_asks_nothing_and_shows_the_same(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        await ann.page.reload()
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        await ann.is_busy()
        voice.say("after.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, after."))
        voice.end()
        await ann.is_busy(False)
        assert await scene.statuses(ann.thread_id) == ["completed"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_that_sleeps_in_mid_answer_shows_the_rest_when_it_wakes(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("Cat expert", "Before,"))
        session = await ann.page.context.new_cdp_session(ann.page)
        await session.send("Page.setWebLifecycleState", {"state": "frozen"})
        ann.line.cut()
        voice.say("asleep, ")
        voice.end()
        await scene.ended(ann.thread_id, "completed")
        ann.line.mend()
        await session.send("Page.setWebLifecycleState", {"state": "active"})
        await ann.sees(("You", "Hello"), ("Cat expert", "Before, asleep,"))
        await ann.is_busy(False)
        assert await scene.statuses(ann.thread_id) == ["completed"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_failure_of_the_model_is_told_in_a_sentence_and_nothing_is_run_again(scene: Scene, path: str) -> None:
    await scene.play([{"text": "Half of"}, {"error": {"status": 500, "message": "The moon is full."}}])
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        await ann.is_told(re.compile("^The answer failed: .*The moon is full"))
        await ann.is_busy(False)
        await ann.picture(f"failed{path.replace('/', '-')}")
        assert await ann.said() == [("You", "Hello"), ("Cat expert", "Half of")]
        assert await scene.statuses(ann.thread_id) == ["failed"]
        await ann.page.reload()
        await ann.is_told(re.compile("^The answer failed: .*The moon is full"))
        assert await ann.said() == [("You", "Hello"), ("Cat expert", "Half of")]
        await scene.speak()
        await ann.send("Again")
        await scene.answers("A whole.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Half of"), ("You", "Again"), ("Cat expert", "A whole."))
        await expect(ann.alert).to_have_count(0)
        assert await scene.statuses(ann.thread_id) == ["failed", "completed"]


@pytest.mark.parametrize("path", PAGES)
async def test_an_answer_that_is_cut_short_says_so(scene: Scene, path: str) -> None:
    await scene.play([{"text": "Once upon a"}, {"finish": "length"}])
    async with scene.visitor(path) as ann:
        await ann.send("A tale, please")
        await ann.is_told("The answer was cut short: max_completion_tokens")
        await ann.is_busy(False)
        assert await ann.said() == [("You", "A tale, please"), ("Cat expert", "Once upon a")]
        assert await scene.statuses(ann.thread_id) == ["incomplete"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_thread_that_is_not_there_is_told_and_a_new_one_begins(scene: Scene, path: str) -> None:
    async with scene.visitor(f"{path}?thread=thread_0fAn0therServer00000000") as ann:
        await ann.is_told(f"{GONE} Write a message to begin a new one.")
        await ann.picture(f"gone{path.replace('/', '-')}")
        await ann.send("Hello")
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        await expect(ann.alert).to_have_count(0)
        assert ann.thread_id in await scene.threads()


@pytest.mark.parametrize("path", PAGES)
async def test_a_thread_that_is_deleted_under_ones_eyes_is_told_and_a_new_one_begins(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        await ann.is_busy(False)
        first = ann.thread_id
        await scene.caller.call("DELETE", f"/threads/{first}")
        if path == "/":
            await ann.send("Still here?")
            await ann.is_told(f"{GONE} Try again, and a new one begins. Try again")
            await ann.button("Try again").click()
        else:
            await ann.is_told(f"{GONE} Write a message to begin a new one.")
            await ann.send("Still here?")
        await scene.answers("In another one.")
        await expect(ann.log.get_by_text("In another one.")).to_be_visible()
        await ann.is_busy(False)
        assert await scene.stored(ann.thread_id) == [("You", "Still here?"), ("Cat expert", "In another one.")]
        assert ann.thread_id != first


async def test_a_server_that_is_started_again_in_mid_answer_has_it_written_again(scene: Scene, tmp_path: Path) -> None:
    slow = [[{"text": "One two three four five six seven eight nine ten eleven twelve.", "words_per_second": 10}]]
    body = {"model": "builtin/script", "name": "Cat expert", "instructions": json.dumps({"turns": slow})}
    async with contextlib.AsyncExitStack() as stack:
        with testing.server(data=tmp_path) as first:
            caller = Caller(scene.caller.session, first)
            assistant_id = (await caller.post("/assistants", body))["id"]
            detour = await stack.enter_async_context(Detour(first).running())
            settings = {"LIVETHREAD_URL": detour.url, "OPENAI_ASSISTANT_ID": assistant_id}
            address = await stack.enter_async_context(serving("npm start", scene.folder, **settings))
            ann = await stack.enter_async_context(scene.visitor(address=address))
            await ann.send("Count")
            await expect(ann.log.get_by_text(re.compile("^One two"))).to_be_visible()
        with testing.server(data=tmp_path) as second:
            detour.lead_to(second)
            counted = ("Cat expert", "One two three four five six seven eight nine ten eleven twelve.")
            for _ in range(2):
                await ann.sees(("You", "Count"), counted)
                await ann.is_busy(False)
                await ann.page.reload()
            runs = (await Caller(scene.caller.session, second).get(f"/threads/{ann.thread_id}/runs"))["data"]
            assert [run["status"] for run in runs] == ["completed"]
            await stack.aclose()
