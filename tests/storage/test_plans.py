"""What is read of a long thread again and again is found by an index that leads to it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.sql import ClauseElement

from livethread.domain.transitions import ACTIVE
from livethread.storage import queries
from livethread.storage.database import sqlite_engine
from livethread.storage.schema import upgrade


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = sqlite_engine(tmp_path / "livethread.db")
    upgrade(engine, None)
    return engine


def plan(engine: Engine, query: Any, **given: object) -> str:
    """How SQLite finds the rows of a query."""
    assert isinstance(query, ClauseElement)
    compiled = query.params(**given).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        return str(rows.first()[3])  # type: ignore[index]


def test_open_messages_are_not_sought_among_all_messages(engine: Engine) -> None:
    assert plan(engine, queries._OPEN_AT, thread_id="thread_1", seq=9) == (
        "SEARCH messages USING INDEX ix_messages_thread_id_ended_seq (thread_id=? AND ended_seq>?)"
    )


def test_the_newest_message_is_the_first_that_is_looked_at(engine: Engine) -> None:
    assert plan(engine, queries._NEWEST_MESSAGE, thread_id="thread_1") == (
        "SEARCH messages USING INDEX ix_messages_thread_id_created_seq (thread_id=?)"
    )


def test_active_runs_are_not_sought_among_all_runs(engine: Engine) -> None:
    assert plan(engine, queries._THREAD_RUNS, thread_id="thread_1", statuses=list(ACTIVE)) == (
        "SEARCH runs USING INDEX ix_runs_thread_id_status (thread_id=? AND status=?)"
    )
