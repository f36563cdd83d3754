"""``livethread models``, as somebody runs it beside real upstreams."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sys
import urllib.request
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from rich.console import Console

from livethread import testing
from livethread.cli.models import report, show
from livethread.providers.builtin.assistants import first_assistants
from livethread.providers.builtin.provider import MODELS
from livethread.providers.local_engines import LocalEngine
from livethread.settings import Settings, UpstreamSettings

LIVETHREAD = str(Path(sys.executable).with_name("livethread"))
QUIET = {name: value for name, value in os.environ.items() if not name.startswith(("LIVETHREAD_", "OPENAI_"))}
LONG = "a-model-whose-name-is-so-long-that-no-terminal-shows-it-in-one-line-" + "x" * 60


def upstream(*models: str) -> TestServer:
    """A model API that lists these."""

    async def listed(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": model} for model in models]})

    app = web.Application()
    app.router.add_get("/v1/models", listed)
    return TestServer(app, host="127.0.0.1")


def url(server: BaseTestServer) -> str:
    return str(server.make_url("/v1"))


async def run(folder: Path, *options: str, **environment: str) -> tuple[int, str, str]:
    """The exit code, and what is printed to a pipe and to the side."""
    process = await asyncio.create_subprocess_exec(
        LIVETHREAD, "models", *options, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**QUIET, "LIVETHREAD_LOCAL_ENGINES": "0", **environment},
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def make_assistants(address: str, *models: str) -> list[str]:
    """One for each model; their ids."""
    ids = []
    for model in models:
        body = json.dumps({"model": model, "name": "Ann"}).encode()
        request = urllib.request.Request(f"{address}/v1/assistants", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            ids.append(json.load(answer)["id"])
    return ids


async def test_everything_is_told_while_a_server_works_in_the_folder(tmp_path: Path) -> None:
    asked_for = ("gpt-4-1106-preview", "gpt-4", "off/x", "gpt-4-1106-preview")
    async with upstream("llama3.3:latest", "nomic-embed-text") as local, upstream("gpt-5", LONG) as vendor:
        (tmp_path / "livethread.toml").write_text(f"""
            [upstreams.default]
            url = "{url(vendor).replace("//", "//user:sesame@")}"
            [upstreams.local]
            url = "{url(local)}"
            [upstreams.off]
            url = "http://127.0.0.1:9/v1"
            [aliases]
            "gpt-4" = "gpt-4o"
            "gpt-4o" = "local/llama3.3"
            "gpt-3.5-turbo" = "local/llama2"
            "old" = "off/x"
        """)
        with testing.server(data=tmp_path / "data") as address:
            one, _, unsure, two = await asyncio.to_thread(make_assistants, address, *asked_for)
            code, out, err = await run(tmp_path)
        down = "The model API at http://127.0.0.1:9/v1 cannot be reached: nothing listens there."
        expected = f"""Settings  livethread.toml
Data  data

Upstreams
  default  {url(vendor)}  answers, 2 models, takes names without a prefix
  local  {url(local)}  answers, 2 models
  off  http://127.0.0.1:9/v1  does not answer: {down} Check that it runs and that the address is right.

Models
{"".join(f"  {model}" + chr(10) for model in MODELS)}  gpt-5
  {LONG}
  local/llama3.3:latest
  local/nomic-embed-text

Aliases
  gpt-4  -> local/llama3.3  served
  gpt-4o  -> local/llama3.3  served
  gpt-3.5-turbo  -> local/llama2  not served: local does not list it
  old  -> off/x  unknown: off does not answer

Assistants: {len(first_assistants()) + len(asked_for)} stored
Nothing serves the model of:
  {one}  Ann  gpt-4-1106-preview  default does not list it
  {two}  Ann  gpt-4-1106-preview  default does not list it
Nobody can tell whether something serves the model of:
  {unsure}  Ann  off/x  off does not answer
To serve these, write under [aliases] in livethread.toml, with the models that you want:

"gpt-4-1106-preview" = "gpt-5"
"""
    assert re.sub(" {2,}", "  ", out) == expected
    assert (code, err) == (0, "")


async def test_the_line_that_is_proposed_mends_it(tmp_path: Path) -> None:
    with testing.server(data=tmp_path / "data") as address:
        await asyncio.to_thread(make_assistants, address, 'the "old" one')
    async with upstream("llama3.3") as local:
        code, out, _ = await run(tmp_path, LIVETHREAD_UPSTREAM_URL=url(local))
        lines = out[out.index("[aliases]") :]
        assert (code, lines) == (0, '[aliases]\n"the \\"old\\" one" = "llama3.3"\n')
        (tmp_path / "livethread.toml").write_text(lines)
        code, out, _ = await run(tmp_path, LIVETHREAD_UPSTREAM_URL=url(local))
    assert code == 0
    assert "Nothing serves" not in out


async def test_where_there_is_nothing_yet_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    code, out, err = await run(tmp_path, "--data", "none")
    assert (code, err) == (0, "")
    assert (
        out
        == f"""Settings   no livethread.toml, so the environment and the defaults
Data       none

Upstreams
  none: the built-in models answer

Models
{"".join(f"  {model}" + chr(10) for model in MODELS)}
Assistants: 0 stored
"""
    )
    assert os.listdir(tmp_path) == []


async def test_another_settings_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[aliases]\n"gpt" = "builtin/guide"\n')
    code, out, _ = await run(tmp_path, "--config", "other.toml")
    assert code == 0
    assert "Settings   other.toml\n" in out
    assert "  gpt  -> builtin/guide  served\n" in out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "livethread.toml:1: The settings file has no key prot; did you mean port?"),
        ("port = ", "livethread.toml:1: This is not valid TOML: Invalid value."),
        (None, "The settings file livethread.toml cannot be read (Is a directory); name another one with --config."),
    ],
)
async def test_what_is_wrong_with_the_settings_is_one_sentence(tmp_path: Path, text: str | None, sentence: str) -> None:
    file = tmp_path / "livethread.toml"
    file.write_text(text) if text else file.mkdir()
    assert await run(tmp_path) == (1, "", f"livethread: {sentence}\n")


async def test_engines_of_this_machine_are_told_and_upstreams_that_are_ourselves(tmp_path: Path) -> None:
    async with upstream("qwen3") as ollama:
        assert ollama.port is not None
        settings = Settings(
            port=8123,
            data=tmp_path,
            upstreams=(UpstreamSettings("default", "http://localhost:8123/v1"),),
            aliases={"a": "ollama/qwen3", "b": "vllm/x"},
        )
        engines = (LocalEngine("ollama", "Ollama", ollama.port), LocalEngine("vllm", "vLLM", 9))
        found = await report(settings, engines)
        printed = io.StringIO()
        show(found, Console(file=printed))
        address = url(ollama)
    assert f"""Upstreams
  ollama  {address}  Ollama, found on this machine; answers, 1 model
  the upstream default (http://localhost:8123/v1) is this server itself and is ignored; give it the address of the \
model API
""" in printed.getvalue()
    assert """Aliases
  a  -> ollama/qwen3  served
  b  -> vllm/x        not served: vllm is not there
""" in printed.getvalue()


async def test_on_a_narrow_terminal_no_name_is_cut(tmp_path: Path) -> None:
    async with upstream(LONG) as vendor:
        found = await report(
            Settings(data=tmp_path, upstreams=(UpstreamSettings("default", url(vendor)),), local_engines=False)
        )
    printed = io.StringIO()
    show(found, Console(file=printed, force_terminal=True, width=40, color_system=None))
    assert max(map(len, printed.getvalue().splitlines())) <= 40
    assert LONG in re.sub(r"\s", "", printed.getvalue())


async def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    async with upstream("\x1b[2Jllama") as vendor:
        found = await report(
            Settings(data=tmp_path, upstreams=(UpstreamSettings("default", url(vendor)),), local_engines=False)
        )
    printed = io.StringIO()
    show(found, Console(file=printed))
    assert "  �[2Jllama\n" in printed.getvalue()
    assert "\x1b" not in printed.getvalue()
