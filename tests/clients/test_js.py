"""The npm package of `clients/js`: its own tests, types, build and size, and the server that serves it."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from livethread import testing
from livethread.api import envelope
from livethread.page.script import BUILT, add_client_script
from tests.clients import vitest

ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
OLDEST_NODE = ROOT / ".sdks" / "node-20" / "bin" / "node"
PACKAGE = ROOT / "clients" / "js"

LARGEST = {"client.js": 6 * 1024, "client-older.js": 600, "client-tabs.js": 2600, "client-tools.js": 1000}
"""Bytes of the core and of what it loads on demand, as a browser fetches them compressed."""

CORE = ["connection", "event-source", "fold", "http", "index", "older", "sse", "store", "tabs", "threads", "tools"]
"""Those of the package's tests that need no framework."""

LONG = {"older", "tabs", "threads", "tools"}
"""Those of them that take seconds: on the oldest Node only with the rest of the matrix."""


def node(*arguments: str | Path, version: Path = NODE) -> None:
    """Runs Node in the package's folder; what it has to say is told if it fails."""
    for needed in (version, PACKAGE / "node_modules" / "vitest" / "package.json"):
        assert needed.exists(), f"{needed.relative_to(ROOT)} is missing, so clients/js cannot be tested: run make test"
    ran = subprocess.run(
        [version, *arguments],
        cwd=PACKAGE, env={"PATH": os.environ["PATH"], "NO_COLOR": "1"}, timeout=55,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("built") / "client.js"
    node("build.mjs", file)
    return file


def serving(file: Path) -> httpx2.AsyncClient:
    app = FastAPI()
    envelope.install(app)
    add_client_script(app, file)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("project", ["tsconfig.json", "tsconfig.test.json"])
def test_its_types_fit_and_those_of_its_tests(project: str) -> None:
    node("node_modules/typescript/bin/tsc", "--noEmit", "--project", project)


@pytest.fixture(scope="module")
def faults() -> dict[str, str]:
    return vitest.faults(PACKAGE)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", vitest.files(PACKAGE))
def test_its_own_tests_pass(file: str, faults: dict[str, str]) -> None:
    assert faults[file] == ""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.matrix) if name in LONG else name for name in CORE]
)
def test_the_core_runs_on_the_oldest_node_too(name: str) -> None:
    node("node_modules/vitest/vitest.mjs", "run", f"test/{name}.test.ts", version=OLDEST_NODE)


def test_the_core_is_small_and_so_is_what_it_loads_on_demand(built: Path) -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in built.parent.iterdir()}
    print(sizes)
    assert sizes.keys() == LARGEST.keys()
    assert [f"{name}: {size}" for name, size in sizes.items() if size > LARGEST[name]] == []


@pytest.mark.parametrize("name", LARGEST)
def test_the_core_and_each_part_is_a_module_that_imports_nothing_before_it_is_asked_to(
    name: str, built: Path, tmp_path: Path
) -> None:
    alone = tmp_path / f"{Path(name).stem}.mjs"
    alone.write_bytes((built.parent / name).read_bytes())
    script = f"const {{ length }} = Object.keys(await import({alone.as_uri()!r})); if (!length) throw length;"
    node("--input-type=module", "--eval", script)


def test_a_part_that_is_no_more_is_taken_away_by_the_next_build(tmp_path: Path) -> None:
    former = tmp_path / "client-former.js"
    former.touch()
    node("build.mjs", tmp_path / "client.js")
    assert not former.exists()


async def test_a_page_gets_it_and_asks_each_time_whether_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "client.js"
    file.write_text("export const one = 1;")
    async with serving(file) as client:
        answer = await client.get("/client.js")
        etag = answer.headers["etag"]
        assert (answer.status_code, answer.text) == (200, "export const one = 1;")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        for held in (etag, f'"other", W/{etag}', "*"):
            again = await client.get("/client.js", headers={"if-none-match": held})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        other = await client.get("/client.js", headers={"if-none-match": '"other"'})
        assert (other.status_code, other.text) == (200, "export const one = 1;")
    file.write_text("export const two = 2;")
    async with serving(file) as client:
        assert (await client.get("/client.js")).headers["etag"] != etag


async def test_a_page_gets_what_is_loaded_on_demand_from_beside_it_and_nothing_else(tmp_path: Path) -> None:
    for name in ("client.js", "client-tools.js", "secret.js"):
        (tmp_path / name).write_text(f'"{name}"')
    async with serving(tmp_path / "client.js") as client:
        answer = await client.get("/client-tools.js")
        assert (answer.status_code, answer.text) == (200, '"client-tools.js"')
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        again = await client.get("/client-tools.js", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        for name in ("client-other.js", "secret.js"):
            assert (await client.get(f"/{name}")).status_code == 404


async def test_a_checkout_without_a_build_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path / "client.js") as client:
        answer = await client.get("/client.js")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        404,
        "The browser client is not built in this checkout; "
        "stop the server, and start it with make run, which builds it.",
    )


def test_the_server_serves_its_build_without_a_key_and_to_pages_of_this_machine() -> None:
    assert BUILT.exists(), f"{BUILT.relative_to(ROOT)} is missing: run make test, which builds it"
    with testing.server(api_keys=("secret",)) as url:
        for name in LARGEST:
            answer = httpx2.get(f"{url}/{name}", headers={"origin": "http://localhost:5173"})
            assert (answer.status_code, answer.content) == (200, (BUILT.parent / name).read_bytes())
            assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
