"""The folder as somebody copies it: its build, its README, its size."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.examples.room.site import EXAMPLE, USUAL, build

SOURCES = sorted(path for path in (EXAMPLE / "src").iterdir() if path.suffix in (".js", ".vue", ".css"))


async def test_the_address_of_the_server_is_one_variable_and_no_other_reaches_the_page(tmp_path: Path) -> None:
    built = await build(tmp_path / "dist", LIVETHREAD_URL="https://room.example:8443", LIVETHREAD_API_KEYS="a-secret")
    (script,) = (built / "assets").glob("*.js")
    text = script.read_text(encoding="utf-8")
    assert "https://room.example:8443" in text
    assert USUAL not in text
    assert "a-secret" not in text


def test_the_readme_names_every_file_and_every_command() -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"`(src/[\w.]+)`", readme)) == sorted(
        f"src/{path.name}" for path in SOURCES if path.name != "main.js"
    )
    scripts = json.loads((EXAMPLE / "package.json").read_text(encoding="utf-8"))["scripts"]
    assert set(re.findall(r"npm run (\w+)", readme)) <= set(scripts)


def test_it_is_small_enough_to_be_copied_and_its_versions_are_exact() -> None:
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES]
    assert max(lines) <= 400
    assert sum(lines) <= 1200
    package = json.loads((EXAMPLE / "package.json").read_text(encoding="utf-8"))
    versions = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
