from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from livethread.domain.assistants import AssistantCreate
from livethread.domain.content import text_block
from livethread.domain.messages import MessageCreate
from livethread.ids import Ids
from livethread.live.bus import LocalBus
from livethread.live.draft_file import left_in
from livethread.live.drafts import FileDrafts
from livethread.live.log import ThreadLog
from livethread.live.reading import Reading
from livethread.services.assistants import Assistants
from livethread.services.messages import Messages
from livethread.services.threads import Threads
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.schema import upgrade
from livethread.transfer import exporting
from tests.live.stage import StoppedClock
from tests.transfer.dumps import bring, lines, message, run, step
from tests.transfer.http import server


def objects(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exporting.lines(folder)]


def test_a_message_that_grows_is_exported_with_its_text_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(tmp_path / "old") as live:
        made = live.post("/assistants", model="builtin/script", instructions=SAID_AND_SILENT)
        thread = live.post("/threads", messages=[{"role": "user", "content": "Hello"}])["id"]
        run = live.post(f"/threads/{thread}/runs", assistant_id=made["id"])
        with live.client.stream("GET", f"/threads/{thread}/events") as events:
            assert any('"value":"Said"' in line for line in events.iter_lines())
        (shown,) = live.get(f"/threads/{thread}/messages", run_id=run["id"])["data"]
        exported = objects(tmp_path / "old")
        texts = left_in(tmp_path / "old" / "livethread.db-drafts")
        for looks in ([texts, {}], [{}, texts]):  # it began, or ended, while somebody looked
            with monkeypatch.context() as patch:
                patch.setattr(exporting, "left_in", lambda _, looks=looks: looks.pop(0))
                assert objects(tmp_path / "old") == exported
        live.post(f"/threads/{thread}/runs/{run['id']}/cancel")
        live.until_over(run)
    assert (shown["status"], shown["content"]) == ("in_progress", [text_block("Said")])
    assert shown in exported
    (tmp_path / "dump").write_bytes(lines(*exported))
    report = bring(tmp_path / "dump", tmp_path / "new", StoppedIn2100())
    assert report.ended == {"thread.message": 1, "thread.run": 1, "thread.run.step": 1}
    (cut,) = [item for item in objects(tmp_path / "new") if item["id"] == shown["id"]]
    assert (cut["status"], cut["content"]) == ("incomplete", shown["content"])


SAID_AND_SILENT = "turns: [[{text: Said}, {stall_ms: forever}]]"


class StoppedIn2100(StoppedClock):
    time = 4_102_444_800.0


def test_what_stood_in_an_order_that_its_times_do_not_tell_stands_so_again(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    asyncio.run(live_with_a_clock_that_is_set_back(tmp_path / "old"))
    exported = objects(tmp_path / "old")
    assert [(item["created_at"], item.get("ordered_at")) for item in exported] == [
        (100, None), (50, 100), (70, 100), (200, None), (100, None), (50, 100), (70, 100), (120, None),
    ]  # fmt: skip
    (tmp_path / "dump").write_bytes(lines(*exported))
    assert not bring(tmp_path / "dump", tmp_path / "new").unknown
    assert objects(tmp_path / "new") == exported


async def live_with_a_clock_that_is_set_back(folder: Path) -> None:
    file = folder / "livethread.db"
    engine = sqlite_engine(file)
    upgrade(engine, file)
    database, drafts, ids, clock = Database(engine), FileDrafts(folder / "livethread.db-drafts"), Ids(1), StoppedClock()
    database.start()
    log, reading = ThreadLog(database, drafts, LocalBus(), ids, clock), Reading(database, drafts)
    clock.time = 100.0
    thread = json.loads((await Threads(database, log, reading, ids, clock).create()).text)["id"]
    for clock.time in (100.0, 50.0, 70.0, 200.0):
        await Assistants(database, ids, clock).create(AssistantCreate(model="m"))
    for clock.time in (50.0, 70.0, 120.0):
        await Messages(log, reading, ids, "queue").create(thread, MessageCreate(role="user", content="Hello"))
    drafts.close()
    await database.close()


def test_a_folder_without_a_database_gives_nothing(tmp_path: Path) -> None:
    assert objects(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_an_earlier_version_is_exported_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(lines(message("msg_1", 1), run("run_1", 2), step("step_1", 3, "run_1")))
    bring(tmp_path / "dump", tmp_path / "data")
    expected = objects(tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "livethread.db")) as database, database:
        database.execute("DROP TABLE rooms")
        database.execute("DROP INDEX ix_threads_active_at_id")
        database.execute("CREATE INDEX ix_threads_active_at ON threads (active_at)")
        database.execute("DROP TABLE claims")
        database.execute("ALTER TABLE runs DROP COLUMN siblings_seq")
        database.execute("UPDATE alembic_version SET version_num = '0002'")
    assert objects(tmp_path / "data") == expected
    bring(tmp_path / "dump", tmp_path / "data")
    assert objects(tmp_path / "data") == expected


def test_a_folder_that_may_not_be_written_is_exported(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(lines(message("msg_1", 1)))
    bring(tmp_path / "dump", tmp_path / "data")
    expected = objects(tmp_path / "data")
    for file in (tmp_path / "data").glob("*-*"):
        file.unlink()
    (tmp_path / "data").chmod(0o500)
    try:
        assert objects(tmp_path / "data") == expected
    finally:
        (tmp_path / "data").chmod(0o700)
