"""Several people and one assistant: everybody sees everything, streamed or whole, in the order of the thread."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.examples.room.room import Room

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_both_see_every_message_and_every_word_of_the_answer_while_it_is_written(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob", color_scheme="dark") as bob:
        await ann.line_reads("Bob has joined the discussion")
        await ann.send("Is **anybody** here?")
        voice = await room.answering()
        for one in (ann, bob):
            await expect(one.dots).to_be_visible()
        await asyncio.gather(
            ann.sees(("You", "Is anybody here?")),
            bob.sees(("Ann", "Is anybody here?")),
        )
        await ann.picture("waiting")
        said = shown = ""
        for piece in ("I ", "am, ", "日本語 ", "🎉 ", "and **so** ", "on."):
            voice.say(piece)
            said += piece
            shown = said.replace("*", "").strip()
            await asyncio.gather(
                ann.sees(("You", "Is anybody here?"), ("CatGPT", shown)),
                bob.sees(("Ann", "Is anybody here?"), ("CatGPT", shown)),
            )
        await ann.picture("growing")
        await bob.picture("growing-dark")
        voice.end()
        await bob.send("Thanks!")
        await room.answers("Ask **again**.")
        await expect(ann.dots).to_be_hidden()
        stored = [(author, text.replace("*", "")) for author, text in await room.stored()]
        assert stored == [
            ("Ann", "Is anybody here?"), ("CatGPT", shown), ("Bob", "Thanks!"), ("CatGPT", "Ask again."),
        ]  # fmt: skip
        for name, one in (("Ann", ann), ("Bob", bob)):
            await one.sees(*(("You" if author == name else author, text) for author, text in stored))


async def test_while_the_assistant_answers_one_may_write_and_nobody_can_send(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await ann.send("First")
        voice = await room.answering()
        for one in (ann, bob):
            await expect(one.dots).to_be_visible()
            await one.write("Second")
            await one.composer.press("Enter")
            await expect(one.button("Send")).to_be_disabled()
            await expect(one.composer).to_have_value("Second")
        voice.say("Now.")
        voice.end()
        for one in (ann, bob):
            await expect(one.button("Send")).to_be_enabled()
        await bob.composer.press("Enter")
        (await room.answering()).say("Again.")
        await ann.sees(("You", "First"), ("CatGPT", "Now."), ("Bob", "Second"), ("CatGPT", "Again."))


async def test_without_streaming_an_answer_comes_whole_and_is_busy_for_all_the_same(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await bob.stream(False)
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("A part ")
        await ann.sees(("You", "Hello"), ("CatGPT", "A part"))
        await expect(bob.dots).to_be_visible()
        await bob.sees(("Ann", "Hello"))
        voice.say("and the rest.")
        voice.end()
        await bob.sees(("Ann", "Hello"), ("CatGPT", "A part and the rest."))
        await expect(bob.dots).to_be_hidden()


async def test_streaming_turned_on_and_off_in_mid_answer_neither_loses_nor_doubles(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await bob.stream(False)
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("One ")
        await ann.sees(("You", "Hello"), ("CatGPT", "One"))
        await bob.stream(True)
        await bob.sees(("Ann", "Hello"), ("CatGPT", "One"))
        await ann.stream(False)
        voice.say("two ")
        await bob.sees(("Ann", "Hello"), ("CatGPT", "One two"))
        await bob.stream(False)
        await bob.stream(True)
        await bob.sees(("Ann", "Hello"), ("CatGPT", "One two"))
        voice.say("three.")
        await bob.sees(("Ann", "Hello"), ("CatGPT", "One two three."))
        assert await ann.said() == [("You", "Hello"), ("CatGPT", "One")]
        await expect(ann.dots).to_be_visible()
        voice.end()
        await ann.sees(("You", "Hello"), ("CatGPT", "One two three."))
        await bob.sees(("Ann", "Hello"), ("CatGPT", "One two three."))
        await expect(ann.dots).to_be_hidden()


async def test_two_who_send_at_once_are_both_answered_and_see_the_order_of_the_thread(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        for one in (ann, bob):
            one.line.hold()
            await one.send("At once")
        for one in (bob, ann):
            one.line.mend()
        for _ in range(2):
            await room.answers("Yes?")
        for name, one in (("Ann", ann), ("Bob", bob)):
            await expect(one.dots).to_be_hidden()
            await one.sees(*(("You" if author == name else author, text) for author, text in await room.stored()))
        assert len(await room.stored()) == 4


async def test_a_newcomer_sees_what_was_said_and_what_is_being_said(room: Room) -> None:
    async with room.visitor("Ann") as ann:
        await ann.send("Hello")
        voice = await room.answering()
        voice.say("Good ")
        await ann.sees(("You", "Hello"), ("CatGPT", "Good"))
        async with room.visitor("Bob") as bob:
            await bob.sees(("Ann", "Hello"), ("CatGPT", "Good"))
            await expect(bob.button("Send")).to_be_disabled()
            voice.say("morning.")
            await bob.sees(("Ann", "Hello"), ("CatGPT", "Good morning."))
        await ann.line_reads("Bob has left the discussion")
        voice.end()
        await expect(ann.dots).to_be_hidden()
        await ann.sees(("You", "Hello"), ("CatGPT", "Good morning."))


async def test_an_answer_that_fails_is_said_to_be_one_and_the_room_goes_on(room: Room) -> None:
    async with room.visitor("Ann") as ann:
        await room.fall_silent(True)
        await ann.send("Hello")
        await expect(ann.errors).to_have_count(1)
        await ann.picture("failed")
        await room.fall_silent(False)
        await ann.send("Again")
        await room.answers("I am back.")
        await ann.sees(("You", "Hello"), ("You", "Again"), ("CatGPT", "I am back."))


async def test_a_message_that_is_refused_is_marked_and_the_reason_told(room: Room) -> None:
    async with room.visitor("Ann") as ann, room.visitor("Bob") as bob:
        await room.dismiss()
        await ann.send("Is anybody there?")
        await expect(ann.log.get_by_text("Not sent")).to_be_visible()
        await expect(ann.errors).to_have_count(1)
        await expect(ann.dots).to_be_hidden()
        await ann.picture("refused")
        assert await bob.said() == await room.stored() == []
