"""docs/chat-completions.md: each program, as it stands there, beside a running server."""

from __future__ import annotations

import pytest

from tests.api.chat_shapes import chunks, text
from tests.docs.blocks import ROOT, the
from tests.docs.shell import Terminal
from tests.sdk.javascript import NODE

pytestmark = pytest.mark.asyncio(loop_scope="package")

HONEST = "I am not a language model.)"


async def printed(beside: Terminal, program: str) -> str:
    async with beside.program(program) as script:
        code, told, complaints = await script.end()
    assert (code, complaints) == (0, "")
    return told


async def test_curl_shows_the_stream(beside: Terminal) -> None:
    told = await beside.run(the("docs/chat-completions.md", "Ask", "sh"))
    assert text(chunks(told.encode())).endswith(HONEST)


async def test_the_python_sdk_prints_an_answer_as_it_grows(beside: Terminal) -> None:
    assert (await printed(beside, the("docs/chat-completions.md", "Ask", "python"))).endswith(HONEST)


async def test_so_does_the_node_sdk(beside: Terminal) -> None:
    code = beside.typed(the("docs/chat-completions.md", "Ask", "js"))
    (beside.folder / "ask.mjs").write_text(code, encoding="utf-8")
    (beside.folder / "node_modules").symlink_to(ROOT / "tests" / "node" / "node_modules")
    assert (await beside.run(f"exec '{NODE}' ask.mjs")).endswith(HONEST)


async def test_a_function_is_called_and_answered_from(beside: Terminal) -> None:
    assert "Sunny in Rome" in await printed(beside, the("docs/chat-completions.md", "Tools", "python"))


async def test_a_scenario_breaks_off(beside: Terminal) -> None:
    told = await printed(beside, the("docs/chat-completions.md", "The built-in models", "python"))
    assert [line for line in told.splitlines() if line] == ["The", " answer", " is", "upstream_unreachable"]
