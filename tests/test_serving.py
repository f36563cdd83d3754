"""The server process as the person sees it who starts it."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from livethread.providers.builtin.provider import MODELS
from livethread.serving import running
from livethread.settings import Settings

LIVETHREAD = [str(Path(sys.executable).with_name("livethread"))]
QUIET = {name: value for name, value in os.environ.items() if not name.startswith(("LIVETHREAD_", "OPENAI_"))}
QUIET["LIVETHREAD_LOCAL_ENGINES"] = "0"


class Started:
    """A server process and what it has printed.

    Args:
        process: itself.
        printed: everything up to the end of its greeting; behind its end, all that it printed.
    """

    def __init__(self, process: "subprocess.Popen[str]", printed: str) -> None:
        self.process = process
        self.printed = printed
        match = re.search(r"Livethread is at (\S+)", printed)
        assert match is not None, printed
        self.url = match[1]

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")


@contextmanager
def started(data: Path, *options: str, **environment: str) -> Iterator[Started]:
    process = subprocess.Popen(
        [*LIVETHREAD, "serve", "--port", "0", "--data", str(data), *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**QUIET, **environment},
    )  # fmt: skip
    server = None
    try:
        printed = ""
        assert process.stdout is not None
        for line in process.stdout:
            printed += line
            if "flush=True" in line:
                break
        server = Started(process, printed)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=20)
        if server is not None:
            server.printed += rest
    assert process.returncode == 0


def refused(*options: str, **environment: str) -> str:
    """What a start that fails prints; it must end with an error, and no traceback."""
    process = subprocess.run(
        [*LIVETHREAD, "serve", *options], capture_output=True, text=True, timeout=30, env={**QUIET, **environment},
        check=False,
    )  # fmt: skip
    assert process.returncode == 1, process.stdout + process.stderr
    assert process.stdout == ""
    return process.stderr.strip()


def test_a_first_start_prints_a_curl_line_and_a_python_snippet_that_work_as_printed(tmp_path: Path) -> None:
    with started(tmp_path / "data", LIVETHREAD_WORDS_PER_SECOND="0") as server:
        curl = re.search(r"^curl .*$", server.printed, re.MULTILINE)
        assert curl is not None
        streamed = subprocess.run(curl[0], shell=True, capture_output=True, text=True, timeout=30, check=True).stdout
        assert streamed.startswith(":\nevent: thread.created\ndata: {")
        assert streamed.endswith("event: done\ndata: [DONE]\n\n")
        snippet = server.printed[server.printed.index("from openai import OpenAI") :]
        said = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", snippet], capture_output=True, text=True, timeout=30, check=True,
        ).stdout  # fmt: skip
        assert "Livethread" in said
        assert "not a language model" in said


def test_a_first_start_makes_the_assistants_guide_toolbox_and_latency_lab(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        listed = json.loads(server.get("/v1/assistants?order=asc")[2])["data"]
        assert [(item["name"], item["model"]) for item in listed] == [
            ("Guide", "builtin/guide"),
            ("Toolbox", "builtin/tools"),
            ("Latency lab", "builtin/script"),
        ]
    with started(tmp_path) as server:
        assert json.loads(server.get("/v1/assistants?order=asc")[2])["data"] == listed


def test_docs_health_and_the_page_are_there(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        status, headers, page = server.get("/")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<title>Livethread</title>" in page
        assert json.loads(server.get("/healthz")[2]) == {"status": "ok", "version": "0.1.0", "viewers": 0}
        _, _, docs = server.get("/docs")
        assert "//" not in re.sub(r"<!--.*?-->", "", docs).replace("</", ""), "the docs page loads something foreign"
        for part in re.findall(r'(?:src|href)="([^"]+)"', docs):
            assert server.get(f"/{part}")[0] == 200
        paths = json.loads(server.get("/openapi.json")[2])["paths"]
        assert {"/v1/threads/{thread_id}/events", "/v1/threads/{thread_id}/runs/{run_id}/events"} <= set(paths)


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refused("--port", str(port), "--data", str(tmp_path)) == (
            f"livethread: Port {port} on 127.0.0.1 is taken by another program; "
            "stop that, or name another port with --port."
        )


def test_an_address_that_is_not_this_machines_is_one_sentence(tmp_path: Path) -> None:
    printed = refused("--host", "no such host", "--data", str(tmp_path))
    assert re.fullmatch(
        r"livethread: Cannot listen on no such host \(.*\); name another address with --host\.", printed
    )


def test_a_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refused("--port", "0", "--data", str(tmp_path / "file" / "data")) == (
        f"livethread: The data folder {tmp_path}/file/data cannot be written (Not a directory); "
        "make it writable, or name another one with --data."
    )


def test_a_data_folder_in_use_by_another_server_is_one_sentence(tmp_path: Path) -> None:
    with started(tmp_path):
        assert refused("--port", "0", "--data", str(tmp_path)) == (
            f"livethread: Another Livethread server is using the data folder {tmp_path}, or an import into it is under "
            "way; stop it, or name another one with --data."
        )


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "livethread.db").write_bytes(b"this is not a database, whatever its name may say " * 100)
    printed = refused("--port", "0", "--data", str(tmp_path))
    assert printed == (
        f"livethread: The database {tmp_path}/livethread.db cannot be read (file is not a database); "
        "put a copy of it in its place, or name another data folder with --data."
    )


def test_a_database_of_another_program_is_one_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "livethread.db")) as other:
        other.execute("CREATE TABLE threads (a)")
    assert refused("--port", "0", "--data", str(tmp_path)) == (
        f"livethread: The database {tmp_path}/livethread.db belongs to another program; "
        "name another data folder with --data."
    )


def test_a_draft_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "livethread.db-drafts").mkdir()
    assert refused("--port", "0", "--data", str(tmp_path)) == (
        f"livethread: The data folder {tmp_path} cannot be written (Is a directory); "
        "make it writable, or name another one with --data."
    )


def test_what_people_said_is_for_the_owner_of_the_server_only(tmp_path: Path) -> None:
    with started(tmp_path):
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_setting_that_makes_no_sense_is_one_sentence(tmp_path: Path) -> None:
    printed = refused("--data", str(tmp_path), LIVETHREAD_RUN_SECONDS="soon")
    assert printed == (
        "livethread: LIVETHREAD_RUN_SECONDS is 'soon', but must be a number that is not negative; "
        "set another or unset it."
    )


def test_an_upstream_that_is_the_server_itself_is_ignored_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}/v1"
    with started(tmp_path, "--port", str(port), OPENAI_BASE_URL=url) as server:
        assert f"the upstream default ({url}) is this server itself and is ignored" in server.printed
        models = json.loads(server.get("/v1/models")[2])["data"]
        assert [model["id"] for model in models] == list(MODELS)


def test_what_is_connected_is_told_without_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "livethread.toml"
    file.write_text("""
        [upstreams.default]
        url = "http://user:opensesame@127.0.0.1:9/v1"
        [upstreams.other]
        url = "http://127.0.0.1:19/v1"
        key_env = "OTHER_KEY"
    """)
    with started(tmp_path, OTHER_KEY="sesame") as server:
        assert (
            f"Settings from {file}.\nConnected: default at http://127.0.0.1:9/v1.\n"
            "Connected: other at http://127.0.0.1:19/v1.\n"
        ) in server.printed
        assert "sesame" not in server.printed


def test_without_a_model_the_way_to_one_is_told(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        assert "No model is connected: the built-in ones answer." in server.printed


def test_a_settings_file_with_a_typo_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "livethread.toml"
    file.write_text('[upstreams.local]\nurl = "http://127.0.0.1:9/v1"\nimage = true\n')
    sentence = f"livethread: {file}:3: An upstream has no key image; did you mean images?"
    assert refused("--data", str(tmp_path)) == refused("--config", str(file)) == sentence
    assert refused("--config", str(tmp_path / "none.toml")) == (
        f"livethread: The settings file {tmp_path}/none.toml cannot be read (No such file or directory); "
        "name another one with --config."
    )


async def test_a_server_on_a_free_port_knows_itself_by_the_port_that_it_got(tmp_path: Path) -> None:
    async with running(Settings(port=0, data=tmp_path, local_engines=False)) as server:
        assert server.url == f"http://127.0.0.1:{server.app.settings.port}"


def test_with_keys_set_a_caller_must_send_one(tmp_path: Path) -> None:
    with started(tmp_path, LIVETHREAD_API_KEYS="sesame", LIVETHREAD_WORDS_PER_SECOND="0") as server:
        with pytest.raises(urllib.error.HTTPError) as raised:
            server.get("/v1/assistants")
        assert raised.value.code == 401
        raised.value.close()
        curl = re.search(r"^curl .*$", server.printed, re.MULTILINE)
        assert curl is not None
        environment = {**os.environ, "LIVETHREAD_API_KEY": "sesame"}
        said = subprocess.run(curl[0], shell=True, capture_output=True, text=True, check=True, env=environment).stdout
        assert said.endswith("data: [DONE]\n\n")
        request = urllib.request.Request(server.url + "/v1/assistants", headers={"Authorization": "Bearer sesame"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


def test_a_server_with_open_streams_stops_within_seconds_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        assistant = json.loads(server.get("/v1/assistants?order=asc")[2])["data"][0]["id"]
        thread = {"messages": [{"role": "user", "content": "What is Livethread?"}]}
        body = json.dumps({"assistant_id": assistant, "thread": thread, "stream": True}).encode()
        request = urllib.request.Request(server.url + "/v1/threads/runs", body, {"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request, timeout=10)
        streamed = b""
        while b"thread.message.delta" not in streamed:
            streamed += answer.readline()
        run = json.loads(re.findall(rb"event: thread.run.created\ndata: (.*)\n", streamed)[0])
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=5)
        answer.read()
        answer.close()
    with started(tmp_path, LIVETHREAD_WORDS_PER_SECOND="0") as server:
        path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}/events"
        assert server.get(path)[2].endswith("event: done\ndata: [DONE]\n\n")
        messages = json.loads(server.get(f"/v1/threads/{run['thread_id']}/messages?order=asc")[2])["data"]
        assert [(message["role"], message["status"]) for message in messages] == [
            ("user", "completed"),
            ("assistant", "incomplete"),
            ("assistant", "completed"),
        ]
        begun, whole = (message["content"][0]["text"]["value"] for message in messages[1:])
        assert begun
        assert whole.startswith(begun)
