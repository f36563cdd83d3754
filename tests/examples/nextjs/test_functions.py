"""Functions that a model calls: alone, together, in turn, badly; and readers who leave while one is being called."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.examples.nextjs.scene import Scene
from tests.page_scenes.screen import until

pytestmark = [pytest.mark.examples, pytest.mark.asyncio(loop_scope="package")]

PAGES = ["/", "/with-client"]
TRIVIA = {"name": "get_daily_cat_trivia", "arguments": {}}
ASK = {"name": "ask_the_desk", "arguments": {}}


def name(theme: str) -> dict[str, Any]:
    return {"name": "generate_cat_name", "arguments": {"theme": theme}}


def calls(*called: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"tool_calls": list(called)}]


def says(text: str) -> list[dict[str, Any]]:
    return [{"text": text}]


@pytest.mark.parametrize("path", PAGES)
async def test_one_two_at_once_and_more_in_turn(scene: Scene, path: str) -> None:
    await scene.play(
        calls(TRIVIA), [*says("And names."), *calls(name("food"), name("space"))], calls(ASK), says("Done.")
    )
    async with scene.visitor(path) as ann:
        await ann.send("Everything, please")
        call = await scene.desk.asked()
        spoken = [("You", "Everything, please"), ("Cat expert", "And names."), ("Cat expert", "Done.")]
        await ann.is_busy()
        if path == "/":
            called = [
                ("Function", "get_daily_cat_trivia({})"),
                ("Function", 'generate_cat_name({"theme": "food"})'),
                ("Function", 'generate_cat_name({"theme": "space"})'),
                ("Function", "ask_the_desk({})"),
            ]
            await ann.sees(spoken[0], called[0], spoken[1], *called[1:])
            call.give("the desk says so")
            await ann.sees(spoken[0], called[0], spoken[1], *called[1:], spoken[2])
        else:
            await ann.sees(*spoken[:2])
            call.give("the desk says so")
            await ann.sees(*spoken)
        await ann.is_busy(False)
        trivia, food, space, desk = await scene.outputs(ann.thread_id)
        assert json.loads(trivia).keys() == {"trivia"}
        assert json.loads(food)["name"] in ("Mochi", "Biscuit", "Pickle")
        assert json.loads(space)["name"] in ("Nova", "Comet", "Luna")
        assert desk == "the desk says so"
        assert await scene.stored(ann.thread_id) == spoken
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_a_call_that_cannot_be_made_is_told_to_the_model_and_the_answer_goes_on(scene: Scene) -> None:
    await scene.play(calls(name("constructor"), {"name": "no_such_function"}), says("None of these."))
    async with scene.visitor() as ann:
        await ann.send("Go wrong")
        await expect(ann.log.get_by_text("None of these.")).to_be_visible()
        await ann.is_busy(False)
        assert await scene.outputs(ann.thread_id) == [
            'The function generate_cat_name failed: there is no theme "constructor", only food, music, science, space',
            "The function no_such_function failed: there is no such function",
        ]


@pytest.mark.parametrize("path", PAGES)
async def test_arguments_that_are_no_json_end_the_run_and_nothing_is_run_again(scene: Scene, path: str) -> None:
    await scene.play(calls({"name": "generate_cat_name", "arguments": '{"theme": "fo'}))
    async with scene.visitor(path) as ann:
        await ann.send("Go wrong")
        await ann.is_told(re.compile("The model called 'generate_cat_name' with arguments that are not a JSON object"))
        await ann.is_busy(False)
        assert await scene.statuses(ann.thread_id) == ["failed"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_reload_while_a_function_is_called_changes_nothing(scene: Scene, path: str) -> None:
    await scene.play(calls(ASK), says("Thank you."))
    async with scene.visitor(path) as ann:
        before = scene.desk.calls
        await ann.send("Ask them")
        call = await scene.desk.asked()
        await ann.is_busy()
        if path == "/":
            await ann.page.reload()
            await ann.sees(("You", "Ask them"), ("Function", "ask_the_desk({})"))
            await ann.is_busy()
            call.give("at last")
            await ann.sees(("You", "Ask them"), ("Function", "ask_the_desk({})"), ("Cat expert", "Thank you."))
            assert scene.desk.calls == before + 1
        else:  # whoever made the call is gone: its claim lapses, and the next one calls
            await ann.page.reload()
            call.give("to nobody")
            (await scene.desk.asked()).give("at last")
            await ann.sees(("You", "Ask them"), ("Cat expert", "Thank you."))
        await ann.is_busy(False)
        assert await scene.outputs(ann.thread_id) == ["at last"]
        assert await scene.statuses(ann.thread_id) == ["completed"]


async def test_who_leaves_while_a_function_is_called_loses_nothing(scene: Scene) -> None:
    await scene.play(calls(ASK), calls(name("food")), says("Thank you."))
    async with scene.visitor() as ann:
        await ann.send("Ask them")
        call = await scene.desk.asked()
        await until(_has_thread, ann, wanted=True)
        thread_id = ann.thread_id
    call.give("at last")
    await scene.ended(thread_id, "completed")
    assert await scene.stored(thread_id) == [("You", "Ask them"), ("Cat expert", "Thank you.")]


async def test_a_run_whose_loop_was_lost_is_taken_up_once_by_those_who_open_the_page(scene: Scene) -> None:
    await scene.play(calls(ASK), says("Done."))
    turn = {"assistant_id": scene.assistant_id, "thread": {"messages": [{"role": "user", "content": "Left alone"}]}}
    thread_id = (await scene.caller.post("/threads/runs", turn))["thread_id"]
    await scene.ended(thread_id, "requires_action")
    before = scene.desk.calls
    async with scene.visitor(f"/?thread={thread_id}") as ann, scene.visitor(f"/?thread={thread_id}") as bob:
        waiting = [("You", "Left alone"), ("Function", "ask_the_desk({})")]
        for one in (ann, bob):
            await one.sees(*waiting)
        (await scene.desk.asked()).give("here")
        for one in (ann, bob):
            await one.sees(*waiting, ("Cat expert", "Done."))
            await one.is_busy(False)
    assert scene.desk.calls == before + 1
    assert await scene.statuses(thread_id) == ["completed"]


@pytest.mark.parametrize("path", PAGES)
async def test_what_is_stopped_while_a_function_is_called_ends(scene: Scene, path: str) -> None:
    await scene.play(calls(ASK), says("Never."))
    async with scene.visitor(path) as ann:
        await ann.send("Ask them")
        call = await scene.desk.asked()
        await ann.is_busy()
        await until(_has_thread, ann, wanted=True)
        await ann.button("Stop").click()
        await scene.ended(ann.thread_id, "cancelled")
        call.give("too late")
        await ann.is_busy(False)
        assert ("Cat expert", "Never.") not in await ann.said()
        assert await scene.statuses(ann.thread_id) == ["cancelled"]


async def _has_thread(visitor: Any) -> bool:
    return "thread=" in visitor.page.url
