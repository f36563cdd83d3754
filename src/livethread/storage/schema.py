"""The version of the tables: made new, or brought up from an earlier one after a copy was put aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from livethread.errors import SetupError
from livethread.storage.faults import at_the_start

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, file: Path | None, migrations: Path = MIGRATIONS) -> Path | None:
    """Bring the tables to the newest version.

    Args:
        engine: the database.
        file: where it lies, if it is a SQLite file: a copy is put beside it before anything changes.
        migrations: the folder of the steps.

    Returns:
        The copy, if one was made.

    Raises:
        SetupError: the file was written by a later Livethread or another program, is no database, or cannot be
            written.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    scripts = ScriptDirectory.from_config(config)
    with at_the_start(file or engine.url), engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
        foreign = here is None and bool(inspect(connection).get_table_names())
    if foreign:
        raise SetupError(
            f"The database {file or engine.url} belongs to another program; name another data folder with --data."
        )
    if here == scripts.get_current_head():
        return None
    if here is not None:
        try:
            scripts.get_revision(here)
        except CommandError as error:
            raise SetupError(
                f"The database {file or engine.url} was written by a later version of Livethread ({here}); "
                "start that version, or name another data folder with --data."
            ) from error
    with at_the_start(file or engine.url):
        copy = None if here is None or file is None else _copy(file, here)
        with engine.connect().execution_options(livethread_write=True) as connection, connection.begin():
            _run(config, connection)
    return copy


def _run(config: Config, connection: Connection) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _copy(file: Path, revision: str) -> Path:
    copy = file.with_name(f"{file.name}.before-{revision}")
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            copy.chmod(0o600)
            source.backup(target)
    except sqlite3.Error:  # half a copy would be taken for one
        copy.unlink(missing_ok=True)
        raise
    return copy
