"""``livethread import`` and ``livethread export``, as somebody runs them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

from livethread import testing
from tests.transfer.dumps import lines, message, run, thread

LIVETHREAD = str(Path(sys.executable).with_name("livethread"))
QUIET = {name: value for name, value in os.environ.items() if not name.startswith(("LIVETHREAD_", "OPENAI_"))}


def called(folder: Path, *words: str) -> tuple[int, str, str]:
    """The exit code, and what is printed to a pipe and to the side."""
    done = subprocess.run(
        [LIVETHREAD, *words], cwd=folder, env=QUIET, capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout, done.stderr


TABLE = """\
            {}  already there  twice in the file  refused
assistants  {:>{width}}              0                  0        0
threads     {:>{width}}              0                  0  {:>7}
messages    {:>{width}}              0                  1  {:>7}
runs        {:>{width}}              0                  0        0
run steps   {:>{width}}              0                  0        0
"""


def table(title: str, *counts: int) -> str:
    threads, messages, runs, refused_threads, refused_messages = counts
    return TABLE.format(
        title, 0, threads, refused_threads, messages, refused_messages, runs, 0, width=len(title)
    )  # fmt: skip


GOOD = [thread(), message("msg_1", 2, mood="good"), message("msg_1", 2), run("run_1", 3, status="queued")]
SENTENCES = """\
1 run had not ended, imported as expired.
Left out the unknown field thread.message.mood, 1 time, first on line 2.
"""


def test_a_file_is_imported_and_exported_again(tmp_path: Path) -> None:
    (tmp_path / "dump.gz").write_bytes(gzip.compress(lines(*GOOD)))
    assert called(tmp_path, "import", "dump.gz", "--dry-run") == (0, table("to import", 1, 1, 1, 0, 0) + SENTENCES, "")
    assert not (tmp_path / "data").exists()
    assert called(tmp_path, "import", "dump.gz") == (0, table("imported", 1, 1, 1, 0, 0) + SENTENCES, "")
    code, out, err = called(tmp_path, "export")
    assert (code, err) == (0, "")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["thread_1", "msg_1", "run_1"]
    assert called(tmp_path, "export", "--output", "export.ndjson") == (0, "", "")
    assert (tmp_path / "export.ndjson").read_text() == out
    assert (tmp_path / "export.ndjson").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["data", "dump.gz", "export.ndjson"]


def test_what_is_refused_is_told_by_line(tmp_path: Path) -> None:
    bad = [message(f"msg_{at}", at, f"thread_{at}", role="tool") for at in range(10, 32)]
    (tmp_path / "dump").write_bytes(lines(*GOOD, "garbage", *bad))
    refused = "\nRefused, with 22 whole threads:\n  line 5: This is not JSON.\n" + "".join(
        f"  line {at - 4}: role: input should be 'user' or 'assistant'. (thread_{at}, msg_{at})\n"
        for at in range(10, 29)
    )
    refused += "  and 3 more; --report FILE writes all of them.\n"
    assert called(tmp_path, "import", "dump", "--strict") == (
        1,
        table("imported", 0, 0, 0, 0, 22) + SENTENCES.partition("\n")[2] + refused
        + "Nothing was imported, because of --strict.\n", "",
    )  # fmt: skip
    assert called(tmp_path, "export")[1] == ""
    words = ("import", "dump", "--report", "refused.ndjson")
    assert called(tmp_path, *words) == (1, table("imported", 1, 1, 1, 0, 22) + SENTENCES + refused, "")
    assert len((tmp_path / "refused.ndjson").read_text().splitlines()) == 23


def test_what_cannot_be_done_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(lines(*GOOD))
    assert called(tmp_path, "import", "nothing") == (
        1, "", "livethread: The file nothing cannot be read (No such file or directory); name another one.\n"
    )  # fmt: skip
    assert called(tmp_path, "import", "dump", "--report", "no/where") == (
        1, "", "livethread: The report no/where cannot be written (No such file or directory), and nothing was "
        "imported; name another file with --report.\n",
    )  # fmt: skip
    assert called(tmp_path, "export", "--data", "nowhere") == (
        1, "", "livethread: There is no data folder nowhere; name another one with --data.\n"
    )  # fmt: skip
    assert called(tmp_path, "export", "--data", ".", "--output", "no/where") == (
        1, "", "livethread: The export cannot be written (No such file or directory); "
        "name another file with --output.\n",
    )  # fmt: skip
    with testing.server(data=tmp_path / "data"):
        assert called(tmp_path, "import", "dump") == (
            1, "", "livethread: Another Livethread server is using the data folder data, or an import into it is under "
            "way; stop it, or name another one with --data.\n",
        )  # fmt: skip
        assert called(tmp_path, "export")[0] == 0
    (tmp_path / "data" / "livethread.db").write_bytes(b"not a database" * 1000)
    for words in (("import", "dump"), ("import", "dump", "--dry-run"), ("export",)):
        code, out, err = called(tmp_path, *words)
        assert (code, out) == (1, "")
        assert err.startswith("livethread: The database data/livethread.db cannot be read (file is not a database); ")


def test_whoever_reads_only_the_beginning_of_an_export_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(lines(*(message(f"msg_{at}", at, content="x" * 900) for at in range(500))))
    assert called(tmp_path, "import", "dump")[0] == 0
    done = subprocess.run(
        ["sh", "-c", f"{LIVETHREAD} export | head -1"], cwd=tmp_path, env=QUIET, capture_output=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["id"] == "thread_1"
