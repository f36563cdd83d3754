"""Everything that may come between readers and answers, by chance and all at once; in the end every screen is right."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from tests.cuts.scene import Caller
from tests.kills.process import ServerProcess
from tests.page_scenes.screen import Screen, until
from tests.page_scenes.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

ROUNDS, ACTS = (30, 6) if os.environ.get("TORTURE") else (1, 3)


@pytest.mark.torture
@pytest.mark.timeout(1800)
async def test_reloads_lost_networks_tabs_and_kills_leave_every_screen_right(
    browser: Browser, pictures: Path, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    server = ServerProcess(tmp_path)
    async with server.running(), aiohttp.ClientSession() as session:
        stage = Stage(browser, server.url, Caller(session, server.url), pictures)
        await stage.cast()
        async with stage.screen("Ann") as ann, stage.screen("Bob") as bob, stage.screen("Cleo") as cleo:
            for _ in range(ROUNDS):
                await a_round(stage, server, [ann, bob, cleo], dice)


async def a_round(stage: Stage, server: ServerProcess, screens: list[Screen], dice: random.Random) -> None:
    """Two assistants answer, and meanwhile much happens."""
    thread_id = await stage.thread()
    for screen in screens:
        await screen.open(thread_id)
    await stage.ask(thread_id, "Two slow ones, please", "Player", "Player")
    for _ in range(ACTS):
        screen = dice.choice(screens)
        match dice.choice(["reload", "offline", "tab", "kill"]):
            case "reload":
                await screen.page.reload()
            case "offline":
                await screen.page.context.set_offline(True)
                await asyncio.sleep(dice.random())
                await screen.page.context.set_offline(False)
            case "tab":
                tab = await stage.tab(screen.page.context)
                await tab.open(thread_id)
                await until(tab.page.title, wanted=await screen.page.title())
                await tab.page.close()
                assert tab.faults == []
            case "kill":
                await server.end(signal.SIGKILL)
                await server.start()
    await stage.ended(thread_id, "completed", "completed")
    final = sorted(await stage.said(thread_id))
    for screen in screens:
        await until(in_any_order, screen, wanted=final)
        assert await screen.said() == await screens[0].said()


async def in_any_order(screen: Screen) -> list[str]:
    return sorted(await screen.said())
