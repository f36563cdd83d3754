"""The folder as somebody copies it: its README, its size, its versions."""

from __future__ import annotations

import json
import re

from tests.examples.nextjs.scene import README
from tests.examples.stage.running import ROOT, lines

FOLDER = README.parent
SOURCES = sorted(path for top in ("app", "lib") for path in (FOLDER / top).rglob("*.*"))


def test_the_readme_names_every_file_every_command_and_every_variable() -> None:
    readme = README.read_text(encoding="utf-8")
    names = {path.relative_to(FOLDER).as_posix() for path in SOURCES} - {"app/layout.tsx"}
    assert set(re.findall(r"`((?:app|lib)/[\w./-]+)`", readme)) == names
    assert lines(README) == ["make run", "npm install", "npm run dev", "npm run build", "npm start"]
    used = {name for path in SOURCES for name in re.findall(r"process\.env\.(\w+)", path.read_text(encoding="utf-8"))}
    assert set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)) == used | {"PORT"}


def test_it_is_small_enough_to_be_copied() -> None:
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES if path.suffix != ".css"]
    assert max(sizes) <= 150
    assert sum(sizes) <= 850


def test_its_versions_are_exact_and_its_lock_names_no_host() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    versions = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    lock = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    locked = json.loads(lock)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in versions} == versions
    assert '"resolved"' not in lock
    tested = json.loads((ROOT / "tests" / "node" / "package.json").read_text(encoding="utf-8"))
    assert versions["openai"] == tested["dependencies"]["openai"]


def test_no_page_asks_for_anything_from_elsewhere() -> None:
    found = {url for path in SOURCES for url in re.findall(r"https?://[\w.:]+", path.read_text(encoding="utf-8"))}
    assert found == {"http://127.0.0.1:8000"}
