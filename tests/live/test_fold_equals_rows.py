"""Whatever happens to a thread: who folds its stream holds its rows (ARCHITECTURE, rules 1, 4 and 8)."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from livethread.domain.content import text_block
from livethread.domain.events import LoggedEvent
from livethread.domain.fold import Fold
from livethread.live.drafts import FileDrafts
from livethread.live.position import Position, View
from livethread.storage.database import Database, sqlite_engine
from livethread.storage.queries import AnyRow
from livethread.storage.schema import upgrade
from livethread.storage.tables import OPEN
from tests.live.life import Life, Operation, Viewer
from tests.live.rows import Rows

Story = Callable[[Database, FileDrafts], Awaitable[None]]

OPERATIONS = (
    *("post", "post_files", "burst", "update_thread", "update_message", "update_message", "delete_message"),
    *("create_run", "create_run", "update_run", "cancel_run", "submit"),
    *("start", "start", "start", "begin", "begin", "begin", "begin", "say", "say", "say", "say"),
    *("complete", "call", "end", "break_off"),
    *("look", "look", "come_back", "snapshot", "page", *["older"] * 6),
)
"""What may happen, more often where there is more to it."""

TEXTS = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["日本語", "👩‍💻🇸🇪", "e\u0301", "a\r\nb\r", "\0", '"\\\u2028']
)


PROGRAMS = st.lists(
    st.builds(Operation, st.sampled_from(OPERATIONS), st.integers(0, 11), TEXTS), min_size=50, max_size=90
)

HELD_NOTHING_OF_WHAT_WENT = [
    Operation(name, which, "0")
    for name, which in [("post", 0), ("page", 0), ("complete", 0), ("delete_message", 0), ("come_back", 1)]
]
"""A list of one message names no older text, and one that was growing then is deleted."""

CHANGED_WHILE_IT_WAS_ON_ITS_WAY = [
    Operation(name, which, "0")
    for name, which in [
        *[("snapshot", 0), ("older", 0), ("older", 10)],
        *[("delete_message", 0), ("update_message", 0), ("older", 10)],
    ]
]
"""A page of older messages was read, and one of them is deleted and another changed before it is there."""


def state(fold: Fold) -> dict[str, Any]:
    return {
        "thread": fold.thread, "messages": list(fold.messages), "has_more": fold.has_more,
        "runs": list(fold.runs), "run_steps": list(fold.run_steps),
    }  # fmt: skip


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Story], None]:
    """Runs a story on a new database; the tables are made once and copied."""
    empty = tmp_path_factory.mktemp("empty") / "livethread.db"
    engine = sqlite_engine(empty)
    upgrade(engine, None)
    engine.dispose()

    async def tell(story: Story) -> None:
        folder = tmp_path_factory.mktemp("life")
        shutil.copy(empty, folder / "livethread.db")
        database = Database.sqlite(folder / "livethread.db")
        database.start()
        drafts = FileDrafts(folder / "drafts")
        try:
            await story(database, drafts)
        finally:
            drafts.close()
            await database.close()

    return lambda story: asyncio.run(tell(story))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    program=PROGRAMS,
    seed=st.integers(0, 2**32),
    messages=st.integers(0, 5),
    deleted=st.sampled_from([False, False, True]),
)
@example(program=HELD_NOTHING_OF_WHAT_WENT, seed=0, messages=0, deleted=False)
@example(program=CHANGED_WHILE_IT_WAS_ON_ITS_WAY, seed=0, messages=5, deleted=False)
def test_whatever_happens_every_viewer_holds_the_rows(
    live: Callable[[Story], None], program: list[Operation], seed: int, messages: int, deleted: bool
) -> None:
    async def story(database: Database, drafts: FileDrafts) -> None:
        life = Life(database, drafts, seed)
        await life.begin_life(messages)
        for operation in program:
            await life.happen(operation)
        if deleted:
            await life.delete()
        drafts.flush()
        rows, events = await life.rows(), await life.events()
        for viewer in life.viewers:
            await viewer.look()
            assert state(viewer.fold) == viewer.expected(rows)
        check_log(rows, events)
        if not deleted:
            check_stored_events_alone(rows, events)
            for row in rows.runs:
                await check_run_stream(life, rows, row)

    live(story)


def check_log(rows: Rows, events: list[LoggedEvent]) -> None:
    """Every seq from 1 on is there, and the thread's row names the last."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.seq for event in events if event.type == "thread.created"] == [1]
    assert [event.tag for event in events if not re.fullmatch("[0-9a-z]{4}", event.tag)] == []
    assert (rows.thread.seq, rows.thread.tag) == (events[-1].seq, events[-1].tag)


def check_stored_events_alone(rows: Rows, events: list[LoggedEvent]) -> None:
    """The log without any delta folds to the rows; an open one is made to show itself by a first piece of text."""
    fold = Fold()
    for event in events:
        fold.take(event.type, json.loads(event.data))
    for row in rows.messages:
        item = {"index": 0, "type": "text", "text": {"value": "x", "annotations": []}}
        fold.take("thread.message.delta", {"id": row.id, "delta": {"content": [item]}})
    stored = [
        json.loads(row.object) | ({"content": [text_block("x")]} if row.ended_seq == OPEN else {})
        for row in rows.messages
    ]
    assert state(fold) == {
        "thread": json.loads(rows.thread.object),
        "messages": stored[::-1],
        "has_more": False,
        "runs": [json.loads(row.object) for row in reversed(rows.runs)],
        "run_steps": [json.loads(row.object) for row in rows.steps],
    }


async def check_run_stream(life: Life, rows: Rows, row: AnyRow) -> None:
    """A run's stream folds to the run's rows; what people do to them later is no part of it."""
    start = Position(row.created_seq - 1, "", [], row.id)
    viewer = Viewer(life, Fold(), start, (), since=0, view=View(row.id, row.created_seq))
    await viewer.look()
    mine = {item.id: life.shown(item) for item in reversed(rows.messages) if item.run_id == row.id}
    assert [_bare(run) for run in viewer.fold.runs] == [_bare(json.loads(row.object))]
    assert list(viewer.fold.run_steps) == [json.loads(item.object) for item in rows.steps if item.run_id == row.id]
    folded = [_bare(message) for message in viewer.fold.messages if message["id"] in mine]
    assert folded == [_bare(message) for message in mine.values()]


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {}}
