"""The folder as somebody copies it: its commands, its versions, its size."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.examples.react_router.scene import README
from tests.examples.stage.running import ROOT, lines, run

EXAMPLE = README.parent
SOURCES = sorted((EXAMPLE / "app").rglob("*.ts*"))
BLOCKS = re.findall(r"^```tsx\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PACKAGE = json.loads((EXAMPLE / "package.json").read_text(encoding="utf-8"))


def test_the_readme_names_every_file_and_every_command() -> None:
    _, _, table = README.read_text(encoding="utf-8").partition("\n| File |")
    named = re.findall(r"`(app/[\w./-]+)`", table.partition("\n\n")[0])
    files = [path.relative_to(EXAMPLE).as_posix() for path in SOURCES]
    assert sorted([*named, "app/root.tsx", "app/routes.ts"]) == sorted(files)
    assert lines(README) == ["make run", "npm install", "npm run dev", "npm run build", "npm start"]
    assert {"dev", "build", "start"} <= set(PACKAGE["scripts"])


def test_its_versions_are_exact_and_those_of_the_tests() -> None:
    versions = PACKAGE["dependencies"] | PACKAGE["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert versions["react-router"].startswith("7.")
    assert versions["openai"] == json.loads((ROOT / "tests/node/package.json").read_text())["dependencies"]["openai"]
    locked = json.loads((EXAMPLE / "package-lock.json").read_text(encoding="utf-8"))
    assert locked["packages"][""]["dependencies"] == PACKAGE["dependencies"]
    assert [name for name, found in locked["packages"].items() if "resolved" in found] == []
    assert (EXAMPLE / ".npmrc").read_text() == (ROOT / "examples/room/.npmrc").read_text()


def test_it_is_small_enough_to_be_copied() -> None:
    texts = [path.read_text(encoding="utf-8").splitlines() for path in (*SOURCES, *EXAMPLE.glob("*.ts"))]
    assert max(len(line) for text in texts for line in text) <= 120
    code = [line for text in texts for line in text if not re.match(r"\s*($|//|/?\*)", line)]
    assert len(code) <= 570


@pytest.mark.examples
@pytest.mark.asyncio(loop_scope="package")
async def test_its_types_are_right_and_neither_the_sdk_nor_a_key_gets_into_a_browser(folder: Path) -> None:
    await run("npm run check", folder)
    built = [path.read_text(encoding="utf-8") for path in (folder / "build" / "client").rglob("*.js")]
    assert len(built) > 3
    assert [text for text in built if re.search("OPENAI|LIVETHREAD|apiKey|x-stainless", text)] == []


_SHOWN = """
import {{ useEffect, useState }} from "react";
import {{ addMessageAndRuns, loadThread, type Message }} from "./thread";
{imported}

export function Shown({{ thread_id, assistant_id, another, url }}: Record<string, string>) {{
  {block}
}}
"""


@pytest.mark.examples
@pytest.mark.asyncio(loop_scope="package")
async def test_what_the_readme_shows_has_the_right_types(folder: Path) -> None:
    assert len(BLOCKS) == 2
    config = json.loads((folder / "tsconfig.json").read_text(encoding="utf-8"))
    config["compilerOptions"]["paths"] = {"livethread/react": [str(ROOT / "clients/js/src/react.ts")]}
    config["include"] = ["app/shown*.tsx"]
    (folder / "tsconfig.shown.json").write_text(json.dumps(config), encoding="utf-8")
    for number, block in enumerate(BLOCKS):
        imported = "".join(re.findall(r"^import .*$", block, re.MULTILINE))
        text = _SHOWN.format(imported=imported, block=block.replace(imported, ""))
        (folder / "app" / f"shown{number}.tsx").write_text(text, encoding="utf-8")
    await run("npx tsc -p tsconfig.shown.json", folder)
