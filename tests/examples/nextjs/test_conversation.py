"""Both pages, one message after another: the text as it grows, the thread in the address, a friend, the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.examples.nextjs.scene import Scene
from tests.page_scenes import texts

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

PAGES = ["/", "/with-client"]
_COMPOSING = """(field) => field.dispatchEvent(
  new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true, isComposing: true}))"""


@pytest.mark.parametrize("path", PAGES)
async def test_an_answer_grows_as_it_is_spoken_and_a_reload_shows_the_same(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello 👋 mein Kätzchen, 你好")
        voice = await scene.answering()
        await ann.sees(("You", "Hello 👋 mein Kätzchen, 你好"))
        await ann.is_busy()
        voice.say("Mi")
        await ann.sees(("You", "Hello 👋 mein Kätzchen, 你好"), ("Cat expert", "Mi"))
        voice.say("au 🐈‍⬛ 喵, and ")
        await ann.sees(("You", "Hello 👋 mein Kätzchen, 你好"), ("Cat expert", "Miau 🐈‍⬛ 喵, and"))
        await ann.is_busy()
        voice.say("mew.")
        voice.end()
        said = [("You", "Hello 👋 mein Kätzchen, 你好"), ("Cat expert", "Miau 🐈‍⬛ 喵, and mew.")]
        await ann.sees(*said)
        await ann.is_busy(False)
        await expect(ann.composer).to_be_focused()
        await ann.page.reload()
        await ann.sees(*said)
        await ann.is_busy(False)
        await ann.send("More")
        await scene.answers("No more.")
        await ann.sees(*said, ("You", "More"), ("Cat expert", "No more."))
        assert await scene.stored(ann.thread_id) == [*said, ("You", "More"), ("Cat expert", "No more.")]
        assert await scene.statuses(ann.thread_id) == ["completed", "completed"]


async def test_text_that_looks_like_what_goes_over_the_wire_stays_text(scene: Scene) -> None:
    async with scene.visitor() as ann:
        await ann.send('{"thread_id": null, "wait": true}')
        voice = await scene.answering()
        for piece in ("{}", " [1,2] ", '{"longwait":', "true} ", "data: x", " event: done", ' {"thread_id":"x"}', "\r"):
            voice.say(piece)
        voice.end()
        await ann.sees(
            ("You", '{"thread_id": null, "wait": true}'),
            ("Cat expert", '{} [1,2] {"longwait":true} data: x event: done {"thread_id":"x"}'),
        )
        assert (await scene.stored(ann.thread_id))[1][1].startswith("{} [1,2] ")


@pytest.mark.parametrize("path", PAGES)
async def test_html_odd_links_and_pictures_do_nothing(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send(texts.EVIL)
        await scene.answers(texts.EVIL)
        await expect(ann.log.get_by_text("and the end.")).to_have_count(2)
        await ann.is_busy(False)
        assert await ann.page.evaluate("globalThis.hurt ?? null") is None
        assert await ann.log.locator(":is(script, iframe, style, img, object, embed, form)").count() == 0
        assert await ann.log.locator("a:is([href^=javascript], [href^=data])").count() == 0


async def test_a_friend_with_the_address_follows_the_answer_and_reads_the_rest_when_they_look_again(
    scene: Scene,
) -> None:
    async with scene.visitor() as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Mi")
        await ann.sees(("You", "Hello"), ("Cat expert", "Mi"))
        async with scene.visitor(f"/?thread={ann.thread_id}", color_scheme="dark") as bob:
            await bob.sees(("You", "Hello"), ("Cat expert", "Mi"))
            await bob.is_busy()
            voice.say("au.")
            voice.end()
            for one in (ann, bob):
                await one.sees(("You", "Hello"), ("Cat expert", "Miau."))
                await one.is_busy(False)
            await bob.send("And I?")
            await scene.answers("You too.")
            await bob.sees(("You", "Hello"), ("Cat expert", "Miau."), ("You", "And I?"), ("Cat expert", "You too."))
            await ann.page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
            await ann.sees(("You", "Hello"), ("Cat expert", "Miau."), ("You", "And I?"), ("Cat expert", "You too."))
            assert await scene.statuses(ann.thread_id) == ["completed", "completed"]


async def test_with_the_client_both_see_all_as_it_happens(scene: Scene) -> None:
    async with scene.visitor("/with-client") as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        await ann.is_busy()
        async with scene.visitor(f"/with-client?thread={ann.thread_id}") as bob:
            voice.say("Mi")
            for one in (ann, bob):
                await one.sees(("You", "Hello"), ("Cat expert", "Mi"))
            voice.say("au.")
            voice.end()
            await bob.is_busy(False)
            await bob.send("And I?")
            await scene.answers("You too.")
            for one in (ann, bob):
                await one.sees(("You", "Hello"), ("Cat expert", "Miau."), ("You", "And I?"), ("Cat expert", "You too."))


@pytest.mark.parametrize("path", PAGES)
async def test_what_is_stopped_stays_as_it_is(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await ann.send("Hello")
        voice = await scene.answering()
        voice.say("Half a")
        await ann.sees(("You", "Hello"), ("Cat expert", "Half a"))
        await ann.button("Stop").click()
        await ann.is_busy(False)
        await ann.sees(("You", "Hello"), ("Cat expert", "Half a"))
        assert await scene.statuses(ann.thread_id) == ["cancelled"]
        await expect(ann.alert).to_have_count(0)
        await ann.send("Again")
        await scene.answers("A whole.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Half a"), ("You", "Again"), ("Cat expert", "A whole."))
        await ann.page.reload()
        await ann.sees(("You", "Hello"), ("Cat expert", "Half a"), ("You", "Again"), ("Cat expert", "A whole."))


@pytest.mark.parametrize("path", PAGES)
async def test_the_keyboard_is_enough_and_a_word_that_is_being_composed_is_not_sent(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        await expect(ann.composer).to_be_focused()
        await ann.page.keyboard.press("Enter")
        await ann.page.keyboard.type("  ")
        await ann.page.keyboard.press("Enter")
        await expect(ann.button("Send")).to_be_disabled()
        await ann.composer.fill("ねこ")
        await ann.composer.evaluate(_COMPOSING)
        await expect(ann.composer).to_have_value("ねこ")
        assert await ann.said() == []
        await ann.page.keyboard.press("Shift+Enter")
        await ann.page.keyboard.type("two")
        await ann.page.keyboard.press("Enter")
        voice = await scene.answering()
        await ann.page.keyboard.type("Next")
        await ann.page.keyboard.press("Enter")
        await expect(ann.composer).to_have_value("Next")  # one at a time
        voice.say("Three.")
        voice.end()
        await ann.sees(("You", "ねこ\ntwo"), ("Cat expert", "Three."))
        await ann.is_busy(False)
        await ann.page.keyboard.press("Enter")
        await scene.answers("Four.")
        await ann.sees(("You", "ねこ\ntwo"), ("Cat expert", "Three."), ("You", "Next"), ("Cat expert", "Four."))


@pytest.mark.parametrize("path", PAGES)
async def test_a_new_conversation_begins_with_nothing_and_nobody_waits(scene: Scene, path: str) -> None:
    async with scene.visitor(path) as ann:
        before = await scene.threads()
        await ann.send("Hello")
        await scene.answers("Hi.")
        await ann.sees(("You", "Hello"), ("Cat expert", "Hi."))
        first = ann.thread_id
        await ann.page.get_by_role("link", name="New conversation").click()
        await expect(ann.page).to_have_url(re.compile(r"^[^=]*$"))
        await expect(ann.page.get_by_role("button", name="Give me a cat name")).to_be_visible()
        await ann.send("Hello again")
        await scene.answers("Hi again.")
        await ann.sees(("You", "Hello again"), ("Cat expert", "Hi again."))
        assert set(await scene.threads()) - set(before) == {first, ann.thread_id}
