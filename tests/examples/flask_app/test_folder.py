"""The folder as somebody copies it: its README, its size, its versions."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.examples.flask_app.scene import BUILD, EXAMPLE, FROM_PINS, FROM_PROJECT, START
from tests.examples.stage.running import copied, run, serving

README = (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_file() -> None:
    named = set(re.findall(r"`((?:app|pages/|react/)[\w./]+)`", README))
    there = {
        path.relative_to(EXAMPLE).as_posix()
        for pattern in ("*.py", "pages/*", "react/src/*")
        for path in EXAMPLE.glob(pattern)
    }
    assert there - named == {"pages/index.html", "pages/style.css"}
    assert named - there == set()


def test_it_is_small_enough_to_be_copied() -> None:
    lines = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (EXAMPLE / "app.py", *EXAMPLE.glob("pages/*"), *EXAMPLE.glob("react/src/*"))
    }
    assert lines["app.py"] < 120
    assert lines["sse.js"] < 50
    assert lines["useAnswer.js"] < 60
    assert max(lines.values()) < 130


def test_its_versions_are_exact_and_those_that_are_tested() -> None:
    pins = dict(line.split("==") for line in (EXAMPLE / "requirements.txt").read_text().splitlines())
    assert pins == {name: version(name) for name in ("flask", "gunicorn", "openai")}
    package = json.loads((EXAMPLE / "react" / "package.json").read_text(encoding="utf-8"))
    versions = package["dependencies"] | package["devDependencies"]
    assert [name for name, pin in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)] == []


def test_the_lines_of_the_readme_are_these() -> None:
    assert (FROM_PROJECT, FROM_PINS, START) == ("pip install ../..", "pip install -r requirements.txt", "python app.py")
    assert BUILD == "cd react && npm install && npm run build"


@pytest.mark.examples
async def test_installed_as_the_readme_says_it_serves(tmp_path: Path) -> None:
    await run(f"{sys.executable} -m venv fresh", tmp_path)
    fresh = f"PATH={tmp_path}/fresh/bin:$PATH"
    for line in (FROM_PROJECT, FROM_PINS):
        await run(f"{fresh} {line} --quiet --no-compile --disable-pip-version-check", EXAMPLE)
    folder = copied(EXAMPLE, tmp_path)
    async with serving(f"{fresh} {START}", folder) as url:
        told = await run(
            f"{fresh} python -c \"import urllib.request as u; print(u.urlopen('{url}').read())\"", tmp_path
        )
    assert "three ways to read it" in told
