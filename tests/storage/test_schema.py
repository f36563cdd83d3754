"""The version of the tables: what a file was written by decides what happens to it."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from livethread.errors import SetupError
from livethread.storage.database import sqlite_engine
from livethread.storage.pages import Window, page_of_threads
from livethread.storage.schema import MIGRATIONS, upgrade
from livethread.storage.tables import metadata

NEWEST = "0006"

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{newest}"


def upgrade():
    op.add_column("assistants", sa.Column("note", sa.Text()))
    {more}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "livethread.db"


def migrations(folder: Path, more: str = "") -> Path:
    """A folder with our own steps and one that comes after them."""
    later = folder / "later"
    shutil.copytree(MIGRATIONS, later, ignore=shutil.ignore_patterns("__pycache__"))
    (later / "versions" / "later.py").write_text(LATER.format(newest=NEWEST, more=more))
    return later


def earlier_migrations(folder: Path, newest: str) -> Path:
    """The steps as they were when this one was the newest."""
    earlier = folder / "earlier"
    shutil.copytree(MIGRATIONS, earlier, ignore=shutil.ignore_patterns("__pycache__"))
    for step in (earlier / "versions").iterdir():
        if step.name[:4] > newest:
            step.unlink()
    return earlier


def upgraded(file: Path, folder: Path = MIGRATIONS) -> Path | None:
    engine = sqlite_engine(file)
    try:
        return upgrade(engine, file, folder)
    finally:
        engine.dispose()


def ask(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(question).fetchall()


def test_the_steps_make_exactly_the_tables_that_the_code_knows(file: Path) -> None:
    engine: Engine = sqlite_engine(file)
    assert upgrade(engine, file) is None
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_new_file_is_made_without_a_copy_and_a_current_one_is_left_alone(file: Path) -> None:
    assert [upgraded(file), upgraded(file)] == [None, None]
    assert ask(file, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    assert [path.name for path in file.parent.iterdir() if "before" in path.name] == []


def test_a_file_of_an_earlier_version_is_brought_up_after_a_copy_was_put_beside_it(file: Path, tmp_path: Path) -> None:
    upgraded(file)
    ask(file, "INSERT INTO assistants VALUES ('asst_1', 1, '{}')")
    copy = upgraded(file, migrations(tmp_path))
    assert copy == tmp_path / f"livethread.db.before-{NEWEST}"
    assert ask(copy, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    assert ask(copy, "SELECT * FROM assistants") == [("asst_1", 1, "{}")]
    assert ask(file, "SELECT version_num FROM alembic_version") == [("later",)]
    assert ask(file, "SELECT * FROM assistants") == [("asst_1", 1, "{}", None)]


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004", "0005"])
def test_a_file_of_any_version_keeps_all_its_rows(file: Path, tmp_path: Path, version: str) -> None:
    upgraded(file, earlier_migrations(tmp_path, version))
    rows = {
        "assistants": ("asst_1", 1, "{}"),
        "threads": ("thread_1", 2, "aaaa", 5, None, "Hi", "null", "{}"),
        "events": ("thread_1", 1, "bbbb", "thread.created", "thread_1", None, "{}"),
        "messages": ("msg_1", "thread_1", None, 2, 2, "{}"),
        "runs": ("run_1", "thread_1", 3, None, 3, "queued", "{}"),
        "run_steps": ("step_1", "thread_1", "run_1", 4, "in_progress", "{}"),
        "leases": ("run_1", None, 1, 0, None),
    }
    if version >= "0003":
        rows["runs"] += (None,)  # it has no parallel siblings
    with closing(sqlite3.connect(file)) as connection, connection:
        for table, row in rows.items():
            connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    copy = upgraded(file)
    assert copy == tmp_path / f"livethread.db.before-{version}"
    kept = {table: [row] for table, row in rows.items()}
    assert {table: ask(copy, f"SELECT * FROM {table}") for table in rows} == kept
    added: dict[str, tuple[None, ...]] = {"runs": (None,) if version < "0003" else ()}
    assert {table: ask(file, f"SELECT * FROM {table}") for table in rows} == {
        table: [row + added.get(table, ())] for table, row in rows.items()
    }
    assert ask(file, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    assert [ask(file, f"SELECT count(*) FROM {table}") for table in ("answers", "claims", "rooms")] == [[(0,)]] * 3


def test_the_threads_of_a_file_of_an_earlier_version_are_listed_by_their_activity(file: Path, tmp_path: Path) -> None:
    upgraded(file, earlier_migrations(tmp_path, "0003"))
    for number, (active_at, deleted_at) in enumerate([(7, "NULL"), (9, "NULL"), (8, "1"), (7, "NULL")]):
        ask(file, f"INSERT INTO threads VALUES ('{number}', 1, 'aaaa', {active_at}, {deleted_at}, '', 'null', '{{}}')")
    upgraded(file)
    engine = sqlite_engine(file)
    with engine.connect() as connection:
        assert [row.id for row in page_of_threads(connection, Window(9)).rows] == ["1", "3", "0"]
    engine.dispose()


def test_a_step_that_fails_leaves_the_file_as_it_was(file: Path, tmp_path: Path) -> None:
    upgraded(file)
    with pytest.raises(OperationalError):
        upgraded(file, migrations(tmp_path, 'op.execute("SELECT no_such_column")'))
    assert ask(file, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    assert "note" not in str(ask(file, "SELECT sql FROM sqlite_master WHERE name = 'assistants'"))


def test_a_copy_that_a_full_disk_cuts_off_is_taken_away_and_the_file_stays_as_it_was(
    file: Path, tmp_path: Path
) -> None:
    upgraded(file)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(SetupError) as refused:
            upgraded(file, migrations(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(refused.value) == (
        f"The database {file} cannot be written (disk I/O error): its disk is full or fails; make room, "
        "or name another data folder with --data."
    )
    assert [path.name for path in tmp_path.iterdir() if "before" in path.name] == []
    assert ask(file, "SELECT version_num FROM alembic_version") == [(NEWEST,)]


def test_a_file_of_a_later_version_is_refused_with_a_sentence(file: Path, tmp_path: Path) -> None:
    upgraded(file, migrations(tmp_path))
    before = file.read_bytes()
    with pytest.raises(SetupError) as refused:
        upgraded(file)
    assert str(refused.value) == (
        f"The database {file} was written by a later version of Livethread (later); "
        "start that version, or name another data folder with --data."
    )
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_with_a_sentence(file: Path) -> None:
    file.write_bytes(b"not a database, but long enough to have a header" * 100)
    with pytest.raises(SetupError) as refused:
        upgraded(file)
    assert str(refused.value) == (
        f"The database {file} cannot be read (file is not a database); "
        "put a copy of it in its place, or name another data folder with --data."
    )
