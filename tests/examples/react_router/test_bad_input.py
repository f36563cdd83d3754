"""Wrong ids, wrong bodies, runs that end badly: each is a sentence, and there is a way on."""

from __future__ import annotations

import json
import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.examples.react_router.scene import Scene, query

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

NOT_JSON = "The body must be a JSON object, sent with the header Content-Type: application/json."
NO_ID = "'thread_id' must be the id of a thread, such as thread_abc123."


async def told(scene: Scene, method: str, path: str, **sent: Any) -> tuple[int, str]:
    """The status and the sentence that a route answers with."""
    async with aiohttp.ClientSession() as session, session.request(method, f"{scene.address}{path}", **sent) as answer:
        return answer.status, json.loads(await answer.text())["error"]["message"]


@pytest.mark.parametrize("path", ["/api/add-message", "/api/run"])
@pytest.mark.parametrize(
    "sent",
    [
        {"data": "thread_id=thread_1&message=Hi", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": '{"thread_id": "thread_1"}', "headers": {"Content-Type": "text/plain"}},
        {"data": "{", "headers": {"Content-Type": "application/json"}},
        {"data": "", "headers": {"Content-Type": "application/json"}},
        {"json": [1]},
        {"json": None},
        {"json": "text"},
    ],
)
async def test_a_post_that_is_no_json_object_is_refused_with_a_sentence(
    scene: Scene, path: str, sent: dict[str, Any]
) -> None:
    assert await told(scene, "POST", path, **sent) == (400, NOT_JSON)


async def test_ids_texts_and_assistants_that_make_no_sense_are_refused_with_a_sentence(scene: Scene) -> None:
    thread = await scene.thread()
    for method, path in (("POST", "/api/add-message"), ("POST", "/api/run"), ("DELETE", "/api/run")):
        for id in (None, "", 7, "../assistants", "thread_1/runs"):
            assert await told(scene, method, path, json={"thread_id": id}) == (400, NO_ID)
        unknown = {"thread_id": "thread_gone", "message": "Hi", "assistant_ids": [scene.assistants["Ada"]]}
        assert await told(scene, method, path, json=unknown) == (404, "No thread found with id 'thread_gone'.")
    for path, body in (
        ("/api/add-message", {"message": ""}),
        ("/api/run", {"message": "", "assistant_ids": [scene.assistants["Ada"]]}),
        ("/api/run", {"message": "Hi", "assistant_ids": []}),
        ("/api/run", {"message": "Hi"}),
        ("/api/run", {}),
    ):
        status, sentence = await told(scene, "POST", path, json={"thread_id": thread, **body})
        assert status == 400
        assert re.fullmatch(r"[A-Z].*\.", sentence), sentence
    assert await scene.stored(thread) == []


async def test_no_get_writes_and_another_method_is_refused(scene: Scene) -> None:
    thread = await scene.thread("Hello")
    about = f"?thread_id={thread}&assistant_id={scene.assistants['Ada']}&message=Hi"
    async with aiohttp.ClientSession() as session:
        for path in ("/api/run", "/api/add-message"):
            async with session.get(f"{scene.address}{path}{about}") as answer:
                assert answer.status >= 400
    assert await scene.stored(thread) == [("User", "Hello")]
    assert await scene.statuses(thread) == []


async def test_a_thread_of_another_server_is_said_to_be_and_a_new_one_is_a_click_away(scene: Scene) -> None:
    async with scene.visitor("/threads/thread_of_another_server") as ann:
        await ann.is_told("No thread found with id 'thread_of_another_server'.")
        await ann.is_told(re.compile("^Start a new thread"))
        await expect(ann.composer).to_be_hidden()
        await ann.picture("wrong-thread")
        await ann.button("New thread").click()
        await expect(ann.page).to_have_url(re.compile("/threads/thread_(?!of)"))
        await expect(ann.composer).to_be_visible()
        await ann.is_told_nothing()


async def test_an_address_that_leads_nowhere_leads_back(scene: Scene) -> None:
    async with scene.visitor("/thread") as ann:
        await expect(ann.page.get_by_role("heading")).to_have_text("There is no such page")
        await ann.page.get_by_role("link", name="Start a new thread").click()
        await expect(ann.button("Start a new thread")).to_be_visible()


async def test_an_assistant_that_was_never_imported_is_said_to_be_and_another_answers(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(f"/threads/{thread}{query(['asst_of_old'])}") as ann:
        await ann.is_told("asst_of_old is not on this server. Import it, or choose another.")
        await ann.send("Hello")
        await ann.is_told("No assistant found with id 'asst_of_old'.")
        await ann.picture("wrong-assistant")
        await expect(ann.composer).to_have_value("Hello")
        assert await ann.said() == await scene.stored(thread) == []
        await ann.choose("Ada")
        await ann.button("Send").click()
        (voice := await scene.answering()).say("Hello.")
        voice.end()
        await ann.sees(("User", "Hello"), ("Ada", "Hello."))
        await ann.is_told_nothing()


async def test_a_thread_that_is_deleted_while_one_looks_on_is_said_to_be(scene: Scene) -> None:
    thread = await scene.thread("Hello")
    async with scene.visitor(f"/threads/{thread}") as ann:
        await ann.sees(("User", "Hello"))
        await scene.caller.call("DELETE", f"/threads/{thread}")
        await ann.is_told("This thread was deleted.")
        await ann.sees()
        await expect(ann.composer).to_be_hidden()
        await ann.page.reload()
        await ann.is_told(re.compile("^No thread found"))


async def test_nothing_is_sent_that_is_nothing(scene: Scene) -> None:
    thread = await scene.thread()
    async with scene.visitor(f"/threads/{thread}") as ann:
        for text in ("", "  ", "\n"):
            await ann.composer.fill(text)
            await expect(ann.button("Send")).to_be_disabled()
            await ann.composer.press("Enter")
        await ann.composer.fill("x" * 30_000)
        await ann.choose()
        await ann.button("Send").click()
        await ann.sees(("User", "x" * 30_000))
        assert len(await scene.stored(thread)) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Fails", re.compile("^Fails could not answer: .*The model is broken.")),
        ("Cut off", "Cut off stopped before the end: max_completion_tokens."),
        ("Calls", "Calls waits for what get_weather returns, which this page cannot tell. Stop ends it."),
    ],
)
async def test_how_a_run_ends_is_said_and_the_next_one_answers(
    scene: Scene, name: str, sentence: str | re.Pattern[str]
) -> None:
    thread = await scene.thread()
    async with scene.visitor(scene.path(thread, name)) as ann:
        await ann.send("Hello")
        await ann.is_told(sentence)
        await ann.picture(f"ends-{name.lower().replace(' ', '-')}")
        if name == "Calls":
            await ann.button("Stop").click()
            await ann.is_told("Calls was stopped.")
        await expect(ann.busy).to_have_text("")
        await ann.choose("Ada")
        await ann.send("And you?")
        (voice := await scene.answering()).say("Fine.")
        voice.end()
        await expect(ann.log).to_contain_text("Fine.")
        await expect(ann.busy).to_have_text("")
        assert (await scene.statuses(thread))[1:] == ["completed"]
