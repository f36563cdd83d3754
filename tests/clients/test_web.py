"""The chat page of `web/`: its own tests, types and build, and the wheel that brings it along."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from livethread.page.chat import BUILT
from tests.clients import vitest

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
PAGE = ROOT / "web"

LARGEST = 180 * 1024
"""Bytes of its script, as a browser fetches them compressed."""


def run(*command: str | Path, folder: Path) -> None:
    """Runs a program in a folder; what it has to say is told if it fails."""
    ran = subprocess.run(
        command,
        cwd=folder, env={"PATH": os.environ["PATH"], "NO_COLOR": "1"}, timeout=55,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


def node(*arguments: str | Path) -> None:
    for needed in (NODE, PAGE / "node_modules" / "vite" / "package.json"):
        assert needed.exists(), f"{needed.relative_to(ROOT)} is missing, so web/ cannot be tested: run make test"
    run(NODE, *arguments, folder=PAGE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    node("node_modules/vite/bin/vite.js", "build", "--outDir", folder)
    return folder


def test_its_types_fit() -> None:
    node("node_modules/typescript/bin/tsc", "--noEmit")


@pytest.fixture(scope="module")
def faults() -> dict[str, str]:
    return vitest.faults(PAGE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", vitest.files(PAGE))
def test_its_own_tests_pass(file: str, faults: dict[str, str]) -> None:
    assert faults[file] == ""


def test_no_source_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (PAGE / "src").rglob("*.*")}
    assert [path for path, length in lengths.items() if length > 400] == []


def test_no_rule_has_a_colour_of_its_own() -> None:
    colour = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|color)\(", re.IGNORECASE)
    sheets = [path for path in (PAGE / "src").rglob("*.css") if path.parent.name != "style"]
    assert sheets
    assert [(path.name, hit) for path in sheets for hit in colour.findall(path.read_text(encoding="utf-8"))] == []


def test_the_build_has_only_files_beside_it_and_no_script_or_style_in_the_page(built: Path) -> None:
    page = (built / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert [address for address in addresses if not (built / address).is_file()] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in built.glob("assets/*.css"))
    assert re.findall(r"url\((?!data:)[^)]*\)|@import", styles) == []


def test_the_build_is_one_small_script_so_that_an_open_page_outlives_a_new_server(built: Path) -> None:
    (script,) = built.glob("assets/*.js")
    assert len(gzip.compress(script.read_bytes(), 9)) <= LARGEST


def test_a_wheel_holds_the_page_and_the_browser_client(tmp_path: Path) -> None:
    assert BUILT.exists(), f"{BUILT} is missing: run make test, which builds it"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, folder=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    page = {f"livethread/page/built/web/{path.relative_to(BUILT)}" for path in BUILT.rglob("*") if path.is_file()}
    assert page | {"livethread/page/built/client.js"} <= names
    assert [name for name in names if "node_modules" in name or name.startswith("web/")] == []
