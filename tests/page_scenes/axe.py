"""axe-core, asked about a page as it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

FILE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@cache
def _script() -> str:
    assert FILE.exists(), "axe-core is not installed: scripts/setup dev"
    return FILE.read_text(encoding="utf-8")


async def grave(page: Page) -> list[str]:
    """The serious and critical faults of a page, each with what axe says and where."""
    await page.evaluate(_script())
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
