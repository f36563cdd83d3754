"""docs/guides/room.md: its lines in a terminal, its page in Chromium beside a second visitor."""

from __future__ import annotations

import json
import shlex

import pytest

from livethread import testing
from tests.browser.chromium import Chromium
from tests.browser.example import example, texts, until
from tests.cuts.scene import Caller
from tests.docs.blocks import the
from tests.docs.shell import Terminal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_server_listens_for_others(terminal: Terminal) -> None:
    line = await terminal.made(the("docs/guides/room.md", "On the chat page", "sh", 2))
    assert shlex.split(line)[-2:] == ["--host", "0.0.0.0"]


@pytest.mark.examples
async def test_somebody_joins_in_a_terminal(beside: Terminal) -> None:
    async with beside.running(the("docs/guides/room.md", "In a terminal", "sh")) as chat:
        await chat.until("Hello 🌳")


async def test_a_turn_is_posted(caller: Caller, beside: Terminal) -> None:
    turn = json.loads(await beside.run(the("docs/guides/room.md", "From your program", "sh")))
    assert (turn["object"], len(turn["runs"])) == ("thread.turn", 2)
    assert turn["message"]["content"][0]["text"]["value"] == "What is a thread?"


async def test_a_page_shows_a_room(browser: Chromium, caller: Caller) -> None:
    code = the("docs/guides/room.md", "A page of your own, over Socket.IO", "js")
    scenario = json.dumps({"turns": [[{"text": "Meow, "}, {"text": "both of you. 🐈"}]]})
    with testing.server() as url:  # with a room of its own
        room = Caller(caller.session, url)
        for one in (await room.get("/assistants"))["data"]:
            await room.call("DELETE", f"/assistants/{one['id']}")
        await room.post("/assistants", {"model": "builtin/script", "name": "CatGPT", "instructions": scenario})
        said = "shown.at(-1)?.[0].map(({ name, content }) => [name, content])"
        async with example(browser, room, code, "js", behind="window.say = say; window.socket = socket") as ann:
            await until(ann, "socket.connected", True)
            await ann.run("say('Hello 🌳')")
            await until(ann, said, [["Ann", "Hello 🌳"], ["CatGPT", "Meow, both of you. 🐈"]])
            async with example(browser, room, code.replace("Ann", "Bob"), "js", behind="window.say = say") as bob:
                await until(bob, said, [["Ann", "Hello 🌳"], ["CatGPT", "Meow, both of you. 🐈"]])
                await ann.run("void socket.io.engine.close()")
                await bob.run("say('And I')")
                for one in (ann, bob):
                    await until(one, f"{said}.slice(2)", [["Bob", "And I"], ["CatGPT", "Meow, both of you. 🐈"]])
        (thread,) = (await room.get("/threads"))["data"]
        assert len(await texts(room, thread["id"])) == 4
