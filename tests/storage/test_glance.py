"""Looking at a data folder changes nothing in it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from livethread.errors import SetupError
from livethread.storage import queries
from livethread.storage.database import Connection, Database, sqlite_engine
from livethread.storage.glance import stored_assistants
from livethread.storage.schema import upgrade


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file, with its time; but not the index that all readers of a journal share."""
    return {
        file.name: (file.stat().st_mtime_ns, file.read_bytes())
        for file in folder.iterdir()
        if not file.name.endswith("-shm")
    }


async def opened(folder: Path) -> Database:
    """A database in this folder, as a server has it."""
    file = folder / "livethread.db"
    engine = sqlite_engine(file)
    upgrade(engine, file)
    database = Database(engine)
    database.start()
    return database


async def add(database: Database, *names: str) -> None:
    def change(connection: Connection) -> None:
        for name in names:
            queries.add_assistant(connection, f"asst_{name}", f'{{"name": "{name}"}}')

    await database.write(change)


async def test_a_folder_that_a_server_works_in_can_be_read(tmp_path: Path) -> None:
    database = await opened(tmp_path)
    try:
        await add(database, "b", "a")
        before = contents(tmp_path)
        assert "livethread.db-wal" in before
        assert stored_assistants(tmp_path) == [{"name": "b"}, {"name": "a"}]
        assert contents(tmp_path) == before
        await add(database, "c")
        assert stored_assistants(tmp_path) == [{"name": "b"}, {"name": "a"}, {"name": "c"}]
    finally:
        await database.close()


async def test_a_folder_that_nobody_works_in_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "what? #1 %41"
    folder.mkdir()
    database = await opened(folder)
    await add(database, "a")
    await database.close()
    before = contents(folder)
    assert list(before) == ["livethread.db"]
    assert stored_assistants(folder) == [{"name": "a"}]
    assert contents(folder) == before
    assert [file.name for file in folder.iterdir()] == ["livethread.db"]


async def test_what_a_killed_server_left_in_its_journal_is_read_and_stays_there(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    database = await opened(tmp_path)
    await add(database, "a")
    for name in ("livethread.db", "livethread.db-wal"):
        shutil.copy(tmp_path / name, killed / name)
    await database.close()
    before = contents(killed)
    assert stored_assistants(killed) == [{"name": "a"}]
    assert contents(killed) == before


def test_where_there_is_nothing_yet_there_are_no_assistants_and_nothing_is_made(tmp_path: Path) -> None:
    assert stored_assistants(tmp_path / "none") == []
    assert stored_assistants(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "livethread.db").touch()
    assert stored_assistants(tmp_path) == []
    assert (tmp_path / "livethread.db").read_bytes() == b""


def test_a_database_of_another_program_has_no_assistants(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "livethread.db")) as other:
        other.execute("CREATE TABLE threads (a)")
    assert stored_assistants(tmp_path) == []


@pytest.mark.parametrize(("folder", "why"), [("here", "file is not a database"), ("x" * 300, "File name too long")])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, folder: str, why: str) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "livethread.db").write_bytes(b"this is not a database, whatever its name may say " * 100)
    with pytest.raises(SetupError) as raised:
        stored_assistants(tmp_path / folder)
    assert str(raised.value) == (
        f"The database {tmp_path}/{folder}/livethread.db cannot be read ({why}); name another data folder with --data."
    )
