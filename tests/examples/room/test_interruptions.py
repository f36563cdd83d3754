"""A cut, a reload, a server that is not there: nothing is lost, nothing comes twice, nobody is asked again."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.examples.room.room import Room
from tests.page_scenes.screen import until

_NO_WEB_SOCKETS = """window.WebSocket = class {
  constructor() { setTimeout(() => this.onerror(new Event("error"))); }
  close() {}
}"""

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_cut_in_mid_answer_and_the_way_back(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("CatGPT", "Before,"))
        ann.line.cut()
        await ann.line_reads("You are disconnected from the server")
        await ann.write("Still here")
        await expect(ann.button("Send")).to_be_disabled()
        await ann.picture("disconnected")
        voice.say("meanwhile, ")
        await bob.sees(("Ann", "Hello"), ("CatGPT", "Before, meanwhile,"))
        assert await ann.said() == [("You", "Hello"), ("CatGPT", "Before,")]
        ann.line.mend()
        await ann.line_reads("You are connected again")
        await ann.sees(("You", "Hello"), ("CatGPT", "Before, meanwhile,"))
        voice.say("and after.")
        voice.end()
        for one, name in ((ann, "You"), (bob, "Ann")):
            await one.sees((name, "Hello"), ("CatGPT", "Before, meanwhile, and after."))
            await expect(one.dots).to_be_hidden()
        await expect(ann.composer).to_have_value("Still here")
        assert await ann.lines.all_inner_texts() == [
            "Welcome Ann", "Bob has joined the discussion",
            "You are disconnected from the server", "You are connected again",
        ]  # fmt: skip


async def test_what_is_said_while_one_is_cut_off_stands_there_once_when_one_is_back(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await ann.send("Hello")
        await room.answers("First.")
        await bob.sees(("Ann", "Hello"), ("CatGPT", "First."))
        await expect(ann.dots).to_be_hidden()
        ann.line.cut()
        await ann.line_reads("You are disconnected from the server")
        await bob.send("Is Ann there?")
        await room.answers("Not now.")
        await bob.sees(("Ann", "Hello"), ("CatGPT", "First."), ("You", "Is Ann there?"), ("CatGPT", "Not now."))
        ann.line.mend()
        await ann.sees(("You", "Hello"), ("CatGPT", "First."), ("Bob", "Is Ann there?"), ("CatGPT", "Not now."))


@pytest.mark.parametrize("stored", [False, True])
async def test_a_message_that_was_never_acknowledged_is_sent_again_and_answered_once(room: Room, stored: bool) -> None:
    async with room.visitor("Ann") as ann:
        ann.line.hold(back=stored)
        await ann.send("Do you hear me?")
        await expect(ann.log.locator(".pending")).to_have_count(1)
        if stored:
            await until(room.stored, wanted=[("Ann", "Do you hear me?")])
        ann.line.cut()
        await ann.line_reads("You are disconnected from the server")
        ann.line.mend()
        await room.answers("I do.")
        await ann.sees(("You", "Do you hear me?"), ("CatGPT", "I do."))
        await expect(ann.log.locator(".pending")).to_have_count(0)
        assert await room.stored() == [("Ann", "Do you hear me?"), ("CatGPT", "I do.")]


async def test_a_reload_in_mid_answer_asks_nothing_and_shows_the_same(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("Before, ")
        await ann.sees(("You", "Hello"), ("CatGPT", "Before,"))
        await ann.page.reload()
        await ann.sees(("You", "Hello"), ("CatGPT", "Before,"))
        await expect(ann.dialog).to_be_hidden()
        await ann.write("Thanks")
        await expect(ann.button("Send")).to_be_disabled()
        voice.say("after.")
        await ann.sees(("You", "Hello"), ("CatGPT", "Before, after."))
        voice.end()
        await expect(ann.button("Send")).to_be_enabled()
        assert await ann.lines.all_inner_texts() == ["Welcome Ann"]
        assert await bob.lines.all_inner_texts() == ["Welcome Bob"]


async def test_a_server_that_cannot_be_reached_is_told_once_and_joined_when_it_is_there(room: Room) -> None:
    async with room.visitor() as ann:
        ann.line.cut()
        await ann.nickname.fill("Ann")
        await ann.button("Join Discussion").click()
        await ann.line_reads("The server cannot be reached; trying again")
        await expect(ann.page.get_by_role("status").filter(has_text="Not connected")).to_be_visible()
        ann.line.mend()
        await ann.line_reads(re.compile("^Welcome Ann$"))
        assert await ann.lines.all_inner_texts() == ["The server cannot be reached; trying again", "Welcome Ann"]


async def test_where_web_sockets_are_not_let_through_polls_are(room: Room) -> None:
    async with room.visitor() as ann:
        await ann.page.add_init_script(_NO_WEB_SOCKETS)
        await ann.page.reload()
        await ann.join("Ann")
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("Good ")
        await ann.sees(("You", "Hello"), ("CatGPT", "Good"))
        voice.say("morning.")
        voice.end()
        await ann.sees(("You", "Hello"), ("CatGPT", "Good morning."))
        await expect(ann.dots).to_be_hidden()
