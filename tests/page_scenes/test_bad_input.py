"""Bad input stays inert, and whatever goes wrong is said on a page that stays whole."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Route, expect

from livethread import testing
from tests.cuts.scene import Caller
from tests.kills.process import ServerProcess
from tests.page_scenes import texts
from tests.page_scenes.screen import Screen, comes_true
from tests.page_scenes.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

_ODD = """() => ({
  hurt: globalThis.hurt ?? null,
  elements: [...document.querySelectorAll('[role=log] :is(script, iframe, style, object, embed, form)')].length,
  handlers: [...document.querySelectorAll('[role=log] *')].filter(
    (element) => element.getAttributeNames().some((name) => name.startsWith('on'))).length,
  links: [...document.querySelectorAll('[role=log] a')].map((link) => link.protocol).filter(
    (protocol) => !['http:', 'https:', 'mailto:'].includes(protocol)),
  strangers: [...document.querySelectorAll('[role=log] img')].map((image) => image.src).filter(
    (source) => !source.startsWith('data:image/') && !source.startsWith(location.origin)),
  wide: document.documentElement.scrollWidth > innerWidth,
})"""
INERT: dict[str, object] = {"hurt": None, "elements": 0, "handlers": 0, "links": [], "strangers": [], "wide": False}


async def test_scripts_links_html_and_giant_images_do_nothing_whoever_says_them(stage: Stage) -> None:
    thread_id = await stage.thread(texts.EVIL)
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send("Be evil: " + texts.EVIL)
        await stage.ended(thread_id, "completed")
        await expect(ann.articles).to_have_count(3)
        await expect(ann.log.get_by_text("and the end.")).to_have_count(3)
        assert await ann.page.evaluate(_ODD) == INERT
        await ann.picture("evil")


async def test_a_giant_image_is_asked_for_by_the_reader_alone_and_then_fits_the_page(stage: Stage) -> None:
    thread_id = await stage.thread()
    await stage.ask(thread_id, "Be evil", "Player")
    await stage.ended(thread_id, "completed")
    async with stage.screen("Ann", thread_id) as ann:
        await ann.page.route("https://evil.example/giant.png", giant)
        await ann.page.get_by_role("button", name=re.compile("^Show image from evil.example")).click()
        image = ann.log.get_by_role("img", name="a giant")
        await expect(image).to_have_js_property("naturalWidth", 20_000)
        box = await image.bounding_box()
        assert box is not None
        assert (box["width"] <= 800, box["height"] <= 500) == (True, True)
        assert (await ann.page.evaluate(_ODD))["wide"] is False
        await ann.picture("giant-image")
        assert ann.faults.pop() == "asked https://evil.example/giant.png"


async def giant(route: Route) -> None:
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"><rect width="9e9" height="9e9"/></svg>'
    )
    await route.fulfill(body=picture, content_type="image/svg+xml")


async def test_the_page_forbids_what_a_message_could_try(stage: Stage) -> None:
    async with stage.screen("Ann") as ann:
        refused = """async () => {
          const told = [];
          document.addEventListener('securitypolicyviolation', (event) => told.push(event.effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'globalThis.hurt = true';
          document.body.append(script);
          const frame = document.createElement('iframe');
          frame.src = 'https://evil.example/';
          document.body.append(frame);
          await fetch('https://evil.example/').catch(() => {});
          while (told.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
          return [globalThis.hurt ?? null, told.sort()];
        }"""
        async with asyncio.timeout(20):
            assert await ann.page.evaluate(refused) == [
                None,
                ["connect-src", "frame-src", "script-src-elem"],
            ]
        ann.faults.clear()  # these were ours


async def test_a_message_of_a_megabyte_is_refused_with_a_sentence_and_is_not_lost(stage: Stage) -> None:
    thread_id = await stage.thread("Hello")
    giant = "word " * 200_000
    async with stage.screen("Ann", thread_id) as ann:
        await ann.choose("Player")
        await ann.send(giant)
        await expect(ann.page.get_by_role("alert").filter(has_text=re.compile(r"256[,.]?000")).first).to_be_visible()
        assert not [request.url for request in ann.requests if request.url.endswith("/turns")]
        await expect(ann.composer).to_have_value(re.compile("^word word"))
        await ann.says("Hello")
        await ann.picture("giant-message")
        await ann.send("A short one")
        await ann.says("Hello", "A short one", "I heard you.")
        await expect(ann.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("address", ["thread_nobodyknowsthis", "what is this?", "%E0%A4%A", "../../healthz"])
async def test_an_address_of_no_thread_says_so_and_shows_a_way_on(stage: Stage, address: str) -> None:
    async with stage.screen("Ann", address) as ann:
        await expect(ann.page.get_by_text("There is no such thread")).to_be_visible()
        if address.startswith("thread"):
            await ann.picture("unknown-thread")
        await ann.page.get_by_role("main").get_by_role("button", name="New thread").click()
        await begins_anew(ann)


async def test_a_thread_that_is_deleted_while_one_writes_says_so_and_hands_out_the_text(stage: Stage) -> None:
    thread_id = await stage.thread("Soon gone")
    async with stage.screen("Ann", thread_id) as ann:
        await ann.says("Soon gone")
        await ann.composer.fill(texts.EVIL)
        await stage.caller.call("DELETE", f"/threads/{thread_id}")
        await expect(ann.page.get_by_role("heading", name="This thread is no longer here")).to_be_focused()
        await expect(ann.threads.get_by_text("Soon gone")).to_have_count(0)
        await expect(ann.page.get_by_label("Your text that was not sent:")).to_have_text(texts.EVIL)
        assert (await ann.page.evaluate(_ODD))["hurt"] is None
        await ann.picture("deleted-thread")
        await ann.button("Take it to a new thread").click()
        await expect(ann.composer).to_have_value(texts.EVIL)
        await begins_anew(ann)
        await ann.open(thread_id)
        await ann.page.reload()
        await expect(ann.page.get_by_text("There is no such thread")).to_be_visible()


async def begins_anew(screen: Screen) -> None:
    """A message can be written, and begins a thread."""
    await screen.choose("Player")
    await screen.send("Still working?")
    await screen.says("Still working?", "I heard you.")


async def test_a_server_with_keys_asks_for_one_and_refuses_a_wrong_one(browser: Browser, pictures: Path) -> None:
    with testing.server(api_keys=("good-key",)) as url:
        headers = {"Authorization": "Bearer good-key"}
        async with aiohttp.ClientSession(headers=headers) as session:
            stage = Stage(browser, url, Caller(session, url), pictures)
            await stage.cast()
            thread_id = await stage.thread("Behind the door")
            async with stage.screen("Ann", thread_id) as ann:
                dialog = ann.page.get_by_role("dialog", name="This server asks for a key")
                await dialog.get_by_label("Key", exact=True).fill("wrong-key")
                await dialog.get_by_role("button", name="Continue").click()
                await expect(dialog).to_contain_text("key provided")
                await ann.picture("wrong-key")
                await dialog.get_by_label("Key", exact=True).fill("good-key")
                await dialog.get_by_role("button", name="Continue").click()
                await ann.says("Behind the door")
                await ann.page.reload()
                await ann.says("Behind the door")
                await begins_after(ann)


async def begins_after(screen: Screen) -> None:
    await screen.choose("Player")
    await screen.send("Let in")
    await screen.says("Behind the door", "Let in", "I heard you.")


async def test_a_page_whose_server_goes_away_says_so_keeps_what_is_written_and_recovers_by_itself(
    browser: Browser, pictures: Path, tmp_path: Path
) -> None:
    server = ServerProcess(tmp_path)
    async with server.running(), aiohttp.ClientSession() as session:
        stage = Stage(browser, server.url, Caller(session, server.url), pictures)
        await stage.cast()
        thread_id = await stage.thread("Hello")
        async with stage.screen("Ann", thread_id) as ann:
            await ann.says("Hello")
            await ann.choose("Player")
            await server.end(signal.SIGTERM)
            await expect(ann.connection).to_contain_text("econnecting")
            await ann.send("While nobody listens")
            await expect(ann.page.get_by_role("alert").first).to_contain_text("as soon as the server answers")
            await expect(ann.composer).to_have_value("While nobody listens")
            await ann.says("Hello")
            await ann.picture("server-away-and-writing")
            await server.start()
            await ann.says("Hello", "While nobody listens", "I heard you.")
            await comes_true(no_alert, ann)
            assert await stage.said(thread_id) == ["Hello", "While nobody listens", "I heard you."]


async def no_alert(screen: Screen) -> bool:
    return await screen.page.get_by_role("alert").count() == 0


async def test_a_server_without_assistants_says_so_and_makes_one(browser: Browser, pictures: Path) -> None:
    with testing.server() as url:
        async with aiohttp.ClientSession() as session:
            stage = Stage(browser, url, Caller(session, url), pictures)
            for made in (await stage.caller.get("/assistants"))["data"]:
                await stage.caller.call("DELETE", f"/assistants/{made['id']}")
            async with stage.screen("Ann") as ann:
                missing = ann.page.get_by_role("region", name="No assistants")
                await expect(missing).to_be_visible()
                await ann.picture("no-assistants")
                await missing.get_by_role("button", name="Make the guide").click()
                await expect(missing).to_be_hidden()
                await ann.choose("Guide")
                await ann.send("What is a cursor?")
                await expect(ann.articles.last.get_by_role("button", name="Answer again")).to_be_visible()


ODD: list[dict[str, Any]] = [
    {"id": "msg_5", "content": [{"type": "image_url"}], "role": "user"},
    {"id": "msg_4", "content": [{"type": "text", "text": {"value": 7}}], "role": "assistant", "assistant_id": "x"},
    {"id": "msg_3", "content": [{"type": "audio"}], "role": "tool", "metadata": {"name": 7}},
    {"id": "msg_2", "content": [{"type": "text"}], "role": "user", "created_at": "yesterday"},
    {"id": "msg_1", "content": [{"type": "text", "text": {"value": "A good one"}}], "role": "user"},
]


async def test_messages_of_odd_shapes_take_nothing_down(stage: Stage) -> None:
    async with stage.seat() as seat:
        ann = await stage.tab(seat)
        thread = {"id": "thread_odd", "object": "thread", "created_at": 1, "metadata": {}}
        usual = {"object": "thread.message", "thread_id": "thread_odd", "created_at": 1, "metadata": {}, "run_id": None}
        snapshot = {
            "object": "thread.snapshot", "thread": thread, "messages": [usual | odd for odd in ODD], "has_more": False,
            "runs": [], "run_steps": [], "people": [], "cursor": "5.aaaa",
        }  # fmt: skip

        async def answer(route: Route) -> None:
            body = f"event: thread.snapshot\ndata: {json.dumps(snapshot)}\nid: 5.aaaa\n\n"
            await route.fulfill(body=body, content_type="text/event-stream")

        await ann.page.route("**/v1/threads/thread_odd/events**", answer)
        await ann.open("thread_odd")
        await ann.join("Ann")
        await expect(ann.log.get_by_text("A good one")).to_be_visible()
        await expect(ann.articles).to_have_count(5)
        await expect(ann.composer).to_be_enabled()
        await ann.picture("odd-shapes")
