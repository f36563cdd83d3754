"""What axe-core says of the page: nothing serious, nothing critical."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.page_scenes.axe import grave
from tests.page_scenes.stage import PHONE, Stage

pytestmark = pytest.mark.asyncio(loop_scope="package")

SCHEMES = ["light", "dark"]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def everything(stage: Stage) -> str:
    """A thread with Markdown, code, a tool call, a failure and a stopped answer in it."""
    thread_id = await stage.thread("Good morning")
    for message, status in (("Some markdown", "completed"), ("A failure", "failed")):
        await stage.ask(thread_id, message, "Player")
        await stage.ended(thread_id, *["completed"] * (status == "failed"), status)
    run = (await stage.ask(thread_id, "Use the tool", "Player"))["runs"][0]
    await stage.ended(thread_id, "completed", "failed", "requires_action")
    waiting = await stage.caller.get(f"/threads/{thread_id}/runs/{run['id']}")
    call = waiting["required_action"]["submit_tool_outputs"]["tool_calls"][0]
    await stage.caller.post(
        f"/threads/{thread_id}/runs/{run['id']}/submit_tool_outputs",
        {"tool_outputs": [{"tool_call_id": call["id"], "output": "The moon is there."}]},
    )
    await stage.ended(thread_id, "completed", "failed", "completed")
    await stage.ask(thread_id, "Go on forever", "Player")
    return thread_id


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_nickname_dialog(stage: Stage, scheme: str) -> None:
    async with stage.screen(color_scheme=scheme) as screen:
        await expect(screen.page.get_by_role("dialog", name="Choose a nickname")).to_be_visible()
        await screen.picture(f"nickname-{scheme}")
        assert await grave(screen.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_page_on_which_nothing_was_said_yet(stage: Stage, scheme: str) -> None:
    async with stage.screen("Ann", color_scheme=scheme) as screen:
        await expect(screen.composer).to_be_visible()
        await screen.picture(f"new-thread-{scheme}")
        assert await grave(screen.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_an_empty_thread(stage: Stage, scheme: str) -> None:
    async with stage.screen("Ann", await stage.thread(), color_scheme=scheme) as screen:
        await expect(screen.composer).to_be_enabled()
        await screen.picture(f"empty-thread-{scheme}")
        assert await grave(screen.page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_thread_with_everything_in_it(stage: Stage, everything: str, scheme: str) -> None:
    async with stage.screen("Ann", everything, color_scheme=scheme) as screen:
        await expect(screen.log.get_by_text("Once upon a time")).to_be_visible()
        await screen.picture(f"everything-{scheme}")
        assert await grave(screen.page) == []
        await screen.log.get_by_role("table").scroll_into_view_if_needed()
        await screen.picture(f"everything-markdown-{scheme}")


async def test_the_drawer_of_a_phone(stage: Stage, everything: str) -> None:
    async with stage.screen("Ann", everything, **PHONE) as screen:
        await expect(screen.log.get_by_text("Once upon a time")).to_be_visible()
        await screen.picture("phone")
        assert await grave(screen.page) == []
        await screen.button("Show threads").click()
        await expect(screen.threads).to_be_visible()
        await screen.picture("phone-drawer")
        assert await grave(screen.page) == []
