"""Three people in one thread, two assistants answering in parallel: three screens that are equal at every moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator

import pytest

from tests.page_scenes import states, texts
from tests.page_scenes.screen import Screen
from tests.page_scenes.stage import Stage, text_of

pytestmark = pytest.mark.asyncio(loop_scope="package")

PIECES = 300 if os.environ.get("TORTURE") else 24
PEOPLE = ("Ann", "Bob", "Cleo")


@contextlib.asynccontextmanager
async def three(stage: Stage, thread_id: str) -> AsyncIterator[list[Screen]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(stage.screen(name, thread_id)) for name in PEOPLE]


async def all_say(screens: list[Screen], *said: str) -> None:
    await asyncio.gather(*(screen.says(*said) for screen in screens))


@pytest.mark.torture
async def test_whenever_two_answers_pause_all_three_screens_show_every_word_of_both(stage: Stage) -> None:
    voices = stage.voices
    assert voices is not None
    dice = random.Random(3)
    thread_id = await stage.thread()
    async with three(stage, thread_id) as screens:
        await screens[0].choose("Ada", "Bo")
        await screens[0].send("What do you two say?")
        speaking = [await voices.asked("one"), await voices.asked("two")]
        said = ["", ""]
        for turn in range(PIECES):
            who = turn if turn < 2 else dice.randrange(2)
            piece = dice.choice(["more ", "and more ", "語", "🎉", "so it goes, "])
            said[who] += piece
            speaking[who].say(piece)
            now = [text.strip() for text in said if text]
            await all_say(screens, "What do you two say?", *now)
            if turn == 20:
                for name, screen in zip(PEOPLE, screens, strict=True):
                    await screen.picture(f"three-viewers-{name.lower()}")
        for voice in speaking:
            voice.end()
        await stage.ended(thread_id, "completed", "completed")
        await all_say(screens, *(text.strip() for text in await stage.said(thread_id)))
        shown = [await screen.shown_states() for screen in screens]
    final = [(message["id"], text_of(message).strip()) for message in await stage.messages(thread_id)]
    states.check(shown, final)


async def test_at_speed_every_state_that_any_of_three_screens_paints_is_one_of_the_thread(stage: Stage) -> None:
    thread_id = await stage.thread()
    async with three(stage, thread_id) as screens:
        await stage.ask(thread_id, "A slow one, please", "Player", "Player")
        await stage.ended(thread_id, "completed", "completed")
        await all_say(screens, "A slow one, please", texts.PLAIN, texts.PLAIN)
        shown = [await screen.shown_states() for screen in screens]
    final = [(message["id"], text_of(message).strip()) for message in await stage.messages(thread_id)]
    states.check(shown, final)
    print(f"{[len(one) for one in shown]} states, at most {states.lag(shown):.3f} s apart")
    assert min(len(one) for one in shown) > 20
    assert states.lag(shown) < 2
