"""Data folders that are read-only, damaged or full: one sentence that says what to do, and nothing half-done."""

import asyncio
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.kills.client import Client, said
from tests.kills.process import ServerProcess
from tests.kills.report import Report
from tests.kills.stored import by_halves, reading
from tests.kills.viewers import Viewers
from tests.test_serving import LIVETHREAD, QUIET, Started, refused, started

RESTRICTED = """
import ctypes, os, resource, sys
DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2
for right in (DAC_OVERRIDE, DAC_READ_SEARCH):
    ctypes.CDLL(None).prctl(DROP, right)
limit, command = int(sys.argv[1]), sys.argv[2:]
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
os.execv(command[0], command)
"""
"""Runs a command to which rights on files matter, root's too; unless it is 0, no file may be longer than the limit."""

FULL = "The server's disk is full or fails, so this could not be stored. Try again when there is room on it."
WORDS = "word " * 300


def refused_restricted(data: Path, limit: int = 0) -> str:
    """What a start prints that fails for want of rights or of room."""
    process = subprocess.run(
        [sys.executable, "-c", RESTRICTED, str(limit), *LIVETHREAD, "serve", "--port", "0", "--data", str(data)],
        capture_output=True, text=True, timeout=30, env=QUIET, check=False,
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (1, ""), process.stderr
    return process.stderr


def posted(server: Started, path: str, body: Any) -> tuple[int, Any]:
    """The status and the body of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/v1{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def thread_saying(server: Started, text: str) -> str:
    status, thread = posted(server, "/threads", {"messages": [{"role": "user", "content": text}]})
    assert status == 200
    return str(thread["id"])


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A data folder that a server has worked in."""
    with started(tmp_path / "data"):
        pass
    return tmp_path / "data"


@pytest.mark.parametrize("mode", [0o500, 0o000], ids=["read-only", "somebody-elses"])
def test_a_folder_without_the_right_to_write_is_one_sentence(used: Path, mode: int) -> None:
    for path in [*used.iterdir(), used]:
        path.chmod(mode)
    printed = refused_restricted(used)
    used.chmod(0o700)
    assert printed == (
        f"livethread: The data folder {used} cannot be written (Permission denied); "
        "make it writable, or name another one with --data.\n"
    )


def test_a_folder_in_which_only_the_files_can_be_written_is_one_sentence(used: Path) -> None:
    used.chmod(0o500)
    printed = refused_restricted(used)
    used.chmod(0o700)
    assert printed == (
        f"livethread: The database {used}/livethread.db cannot be written (attempt to write a readonly database); "
        "make it and its folder writable, or name another data folder with --data.\n"
    )


def test_a_file_in_the_folders_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    assert refused("--port", "0", "--data", str(tmp_path / "data")) == (
        f"livethread: The data folder {tmp_path}/data cannot be written (File exists); "
        "make it writable, or name another one with --data."
    )


def test_a_folder_into_which_an_import_is_under_way_is_one_sentence(tmp_path: Path, used: Path) -> None:
    os.mkfifo(tmp_path / "file")
    command = [*LIVETHREAD, "import", str(tmp_path / "file"), "--data", str(used)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=QUIET) as importing:
        with (tmp_path / "file").open("w") as file:  # opened from both sides: it reads, and the folder is its own
            assert refused("--port", "0", "--data", str(used)) == (
                f"livethread: Another Livethread server is using the data folder {used}, or an import into it "
                "is under way; stop it, or name another one with --data."
            )
            file.write('{"id": "thread_1", "object": "thread", "created_at": 1}\n')
        importing.communicate(timeout=30)
    assert importing.returncode == 0
    with started(used) as server:
        assert posted(server, "/threads/thread_1", None)[0] == 200


def test_a_journal_that_cannot_be_opened_is_one_sentence(used: Path) -> None:
    (used / "livethread.db-wal").mkdir()
    assert refused("--port", "0", "--data", str(used)) == (
        f"livethread: The database {used}/livethread.db cannot be written (unable to open database file); "
        "make it and its folder writable, or name another data folder with --data."
    )


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_in_the_header(file: Path) -> None:
    os.truncate(file, 50)


def damage_the_schema(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"\xff" * 3996 + content[4096:])


def damage_all_but_the_schema(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))


@pytest.mark.parametrize("damage", [cut_in_half, cut_in_the_header, damage_the_schema, damage_all_but_the_schema])
def test_a_damaged_database_is_one_sentence(used: Path, damage: Callable[[Path], None]) -> None:
    damage(used / "livethread.db")
    assert refused("--port", "0", "--data", str(used)) == (
        f"livethread: The database {used}/livethread.db cannot be read (database disk image is malformed); "
        "put a copy of it in its place, or name another data folder with --data."
    )


def test_a_database_of_a_later_version_is_one_sentence(used: Path) -> None:
    with closing(sqlite3.connect(used / "livethread.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert refused("--port", "0", "--data", str(used)) == (
        f"livethread: The database {used}/livethread.db was written by a later version of Livethread (9999); "
        "start that version, or name another data folder with --data."
    )


def test_a_page_that_cannot_be_read_is_a_clear_error_to_whoever_asks_and_one_sentence_in_the_log(used: Path) -> None:
    with started(used) as server:
        thread_id = thread_saying(server, "needle " + "y" * 20_000)
    file = used / "livethread.db"
    content = bytearray(file.read_bytes())
    for found in re.finditer(b"needle", bytes(content)):
        page = found.start() // 4096 * 4096
        content[page : page + 4096] = bytes(4096)
    file.write_bytes(content)
    with started(used) as server:
        answers = [
            posted(server, f"/threads/{thread_id}/messages", None),
            posted(server, f"/threads/{thread_id}/messages", {"role": "user", "content": "more"}),
            posted(server, f"/threads/{thread_id}/events", None),
        ]
        assert posted(server, "/assistants", None)[0] == 200
    message = "The server's database is damaged, and this could not be read. The server's log says what to do."
    error = {"message": message, "type": "server_error", "param": None, "code": None}
    assert answers == [(500, {"error": error})] * 3
    assert server.printed.count("database disk image is malformed") == 1
    assert (
        f"The database {file} cannot be read (database disk image is malformed); "
        "put a copy of it in its place, or name another data folder with --data."
    ) in server.printed
    assert "Traceback" not in server.printed


def test_a_full_disk_at_the_start_is_one_sentence(tmp_path: Path) -> None:
    for limit in (1, 60_000):  # nothing fits; not all of the tables does
        assert refused_restricted(tmp_path / str(limit), limit) == (
            f"livethread: The database {tmp_path}/{limit}/livethread.db cannot be written (disk I/O error): "
            "its disk is full or fails; make room, or name another data folder with --data.\n"
        )
        with started(tmp_path / str(limit)) as server:
            thread_saying(server, "There is room again.")


def limit_files(process_id: int, size: int) -> None:
    """No file of a process may grow beyond so many bytes: the way a full disk looks that needs no rights to make."""
    resource.prlimit(process_id, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_what_a_full_disk_does_not_take_is_refused_whole_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with started(tmp_path / "data") as server:
        path = f"/threads/{thread_saying(server, 'before')}/messages"
        limit_files(server.process.pid, 1024)
        refusals = [posted(server, path, {"role": "user", "content": "x" * size}) for size in (1, 200_000)]
        listed = posted(server, path, None)
        limit_files(server.process.pid, resource.RLIM_INFINITY)
        assert posted(server, path, {"role": "user", "content": "after"})[0] == 200
        texts = [said(message) for message in posted(server, path, None)[1]["data"]]
    error = {"message": FULL, "type": "server_error", "param": None, "code": None}
    assert refusals == [(507, {"error": error})] * 2
    assert [said(message) for message in listed[1]["data"]] == ["before"]
    assert texts == ["after", "before"]
    file = tmp_path / "data" / "livethread.db"
    assert re.findall(r"\] (.*)\n", server.printed) == [
        f"The database {file} cannot be written (disk I/O error): its disk is full or fails; make room, "
        "or name another data folder with --data.",
        "the database takes changes again",
    ]


def test_a_log_that_a_full_disk_does_not_take_is_lost_and_nothing_else(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [*LIVETHREAD, "serve", "--port", "0", "--data", str(tmp_path / "data")],
            stdout=subprocess.PIPE, stderr=full, text=True, env=QUIET,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        server = Started(process, process.stdout.readline() + process.stdout.readline())
        path = f"/threads/{thread_saying(server, 'before')}/messages"
        limit_files(process.pid, 1024)
        assert posted(server, path, {"role": "user", "content": "during"})[0] == 507
        limit_files(process.pid, resource.RLIM_INFINITY)
        assert posted(server, path, {"role": "user", "content": "after"})[0] == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@asynccontextmanager
async def speaking(data: Path) -> AsyncIterator[tuple[Client, str]]:
    """A server, and a thread in which a run speaks that has been heard already."""
    client = Client(ServerProcess(data), Random(1), Report(1))
    async with client.server.running():
        await client.make_assistant()
        thread = await client.post("/threads", {"messages": [{"role": "user", "content": "go"}]})
        await client.post(f"/threads/{thread['id']}/runs", client.run_body([[{"text": WORDS, "delay_ms": 5}]]))
        while len(await texts_of(client, thread["id"])) < 2:
            await asyncio.sleep(0.02)
        yield client, thread["id"]


async def texts_of(client: Client, thread_id: str) -> list[tuple[str, str]]:
    messages = await client.all_of(f"/threads/{thread_id}/messages")
    return [(message["status"], said(message)) for message in messages]


async def ended(client: Client, thread_id: str) -> Any:
    """The newest run, once it has ended."""
    while True:
        run = (await client.get(f"/threads/{thread_id}/runs"))["data"][0]
        if run["status"] not in ("queued", "in_progress"):
            return run
        await asyncio.sleep(0.05)


async def test_a_run_that_a_full_disk_cuts_off_ends_failed_and_who_looks_on_ends_with_what_is_stored(
    tmp_path: Path,
) -> None:
    async with speaking(tmp_path / "data") as (client, thread_id):
        viewers = Viewers(client)
        viewers.follow(thread_id)
        assert client.server.process is not None
        limit_files(client.server.process.pid, 1024)
        while "ending could not be written" not in client.server.logged:
            await asyncio.sleep(0.05)
        limit_files(client.server.process.pid, resource.RLIM_INFINITY)
        run = await ended(client, thread_id)
        assert (run["status"], run["last_error"]) == ("failed", {"code": "server_error", "message": FULL})
        assert await texts_of(client, thread_id) == [("incomplete", WORDS), ("completed", "go")]
        await viewers.end(thread_id, await client.all_of(f"/threads/{thread_id}/messages"))
        await client.post(f"/threads/{thread_id}/runs", client.run_body([[{"text": "Again."}]]))
        assert (await ended(client, thread_id))["status"] == "completed"
        await viewers.close()
        assert client.report.wrong == []


async def test_a_stop_on_a_full_disk_is_one_sentence_and_its_runs_go_on_at_the_next_start(tmp_path: Path) -> None:
    async with speaking(tmp_path / "data") as (client, thread_id):
        server = client.server
        assert server.process is not None
        limit_files(server.process.pid, 100)  # which the drafts have reached
        await server.end(signal.SIGTERM)
        assert server.process.returncode == 1
        assert server.logged.endswith(
            "\nlivethread: The server has stopped, but could not write its last words ([Errno 27] File too large); "
            "make room on its disk: runs that were under way go on at the next start.\n"
        )
        await server.start()
        assert (await ended(client, thread_id))["status"] == "completed"


def damage_the_middle(file: Path) -> None:
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + b"\xff" * min(5000, middle) + content[middle + 5000 :])


@pytest.mark.parametrize("name", ["livethread.db-wal", "livethread.db-drafts"])
@pytest.mark.parametrize("damage", [cut_in_half, damage_the_middle])
async def test_a_damaged_journal_or_draft_file_costs_its_last_words_and_nothing_else(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    async with speaking(tmp_path / "data") as (client, thread_id):
        await asyncio.sleep(0.2)
        await client.server.end(signal.SIGKILL)
        damage(client.server.data / name)
        await client.server.start()
        with reading(client.server.data) as database:
            assert by_halves(database, thread_id) == []
            threads = [row[0] for row in database.execute("SELECT id FROM threads")]
        if name.endswith("-drafts"):
            assert (await ended(client, thread_id))["status"] == "completed"
            whole, half, asked = await texts_of(client, thread_id)
            assert (whole, half[0], asked) == (("completed", WORDS), "incomplete", ("completed", "go"))
            assert WORDS.startswith(half[1])
            assert half[1]
        else:
            assert threads in ([], [thread_id])
        thread = await client.post("/threads", {"messages": [{"role": "user", "content": "go"}]})
        assert await texts_of(client, thread["id"]) == [("completed", "go")]
        assert "Traceback" not in client.server.logged
