"""The list of threads: a page of it costs the same however many threads there are and were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from livethread.live.log import NEW_THREAD
from livethread.storage import queries
from livethread.storage.database import sqlite_engine
from livethread.storage.pages import Window, page_of_threads
from livethread.storage.schema import upgrade
from livethread.storage.tables import threads


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = sqlite_engine(tmp_path / "livethread.db")
    upgrade(engine, None)
    with engine.connect().execution_options(livethread_write=True) as connection, connection.begin():
        for number in range(1, 8):
            queries.add(
                connection, threads, id=f"thread_{number}", object="{}",
                **NEW_THREAD | {"active_at": number // 2, "deleted_at": 5 if number == 4 else None},
            )  # fmt: skip
    yield engine
    engine.dispose()


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """How SQLite goes about what is asked inside the block."""
    steps: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            steps.extend(row[3] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(engine, "before_cursor_execute", explain)
    yield steps
    event.remove(engine, "before_cursor_execute", explain)


ALONG = "threads USING INDEX ix_threads_active_at_id"


@pytest.mark.parametrize(
    ("order", "after", "before", "shown", "step"),
    [
        ("desc", None, None, [7, 6, 5], f"SCAN {ALONG}"),  # from its end, as far as the limit
        ("asc", None, None, [1, 2, 3], f"SCAN {ALONG}"),
        ("desc", 5, None, [3, 2, 1], f"SEARCH {ALONG} ((active_at,id)<(?,?))"),
        ("asc", 3, None, [5, 6, 7], f"SEARCH {ALONG} ((active_at,id)>(?,?))"),
        ("desc", None, 2, [6, 5, 3], f"SEARCH {ALONG} ((active_at,id)>(?,?))"),
        ("desc", 7, 2, [6, 5, 3], f"SEARCH {ALONG} ((active_at,id)>(?,?) AND (active_at,id)<(?,?))"),
    ],
)  # fmt: skip
def test_a_page_of_threads_is_read_along_the_index_of_those_that_are_not_deleted(
    engine: Engine, order: Any, after: int | None, before: int | None, shown: list[int], step: str
) -> None:
    with engine.connect() as connection:
        places = [number and queries.thread(connection, f"thread_{number}") for number in (after, before)]
        with explained(engine) as steps:
            page = page_of_threads(connection, Window(3, order, *places))  # type: ignore[arg-type]
    assert [row.id for row in page.rows] == [f"thread_{number}" for number in shown]
    assert steps == [step]


def test_old_tombstones_are_found_without_a_look_at_what_lives(engine: Engine) -> None:
    with engine.connect() as connection, explained(engine) as steps:
        assert queries.threads_deleted_before(connection, 6) == ["thread_4"]
    assert steps == ["SEARCH threads USING INDEX ix_threads_deleted_at (deleted_at>? AND deleted_at<?)"]
