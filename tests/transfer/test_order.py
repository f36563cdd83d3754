"""In which order a thread's items are imported, whatever order they stand in in the file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livethread.domain.messages import Message
from livethread.domain.runs import Run
from livethread.engine.prompt import Seen, request
from livethread.storage import queries
from livethread.storage.database import Database
from livethread.transfer import exporting
from livethread.transfer.shapes import arrive
from tests.live.rows import stored_events, stored_rows
from tests.live.test_fold_equals_rows import check_log, check_stored_events_alone
from tests.transfer.dumps import NOW, bring, lines, message, run, step, thread

Item = dict[str, Any]


def imported(path: Path, *items: Item) -> list[str]:
    """The ids of a thread's items, in the order of its log."""
    (path / "dump").write_bytes(lines(*items))
    report = bring(path / "dump", path / "data")
    assert not report.refusals
    return [item["id"] for item in map(json.loads, exporting.lines(path / "data")) if item["object"] != "thread"]


def reply(id: str, at: int, of_run: str) -> Item:
    return message(id, at, run_id=of_run, role="assistant", assistant_id="asst_1")


def test_ties_stand_as_in_the_file(tmp_path: Path) -> None:
    items = [message("msg_b", 1), message("msg_a", 1), message("msg_c", 2), message("msg_d", 2)]
    assert imported(tmp_path, *items) == ["msg_b", "msg_a", "msg_c", "msg_d"]


def test_ties_of_a_thread_that_stands_newest_first_are_turned_round(tmp_path: Path) -> None:
    items = [message("msg_d", 2), message("msg_c", 2), message("msg_a", 1), message("msg_b", 1)]
    assert imported(tmp_path, *items) == ["msg_b", "msg_a", "msg_c", "msg_d"]


def test_each_kind_of_a_thread_stands_in_its_own_direction(tmp_path: Path) -> None:
    runs = [run("run_2", 9), run("run_b", 1), run("run_a", 1)]
    items = [message("msg_a", 1), message("msg_b", 1), message("msg_c", 2)]
    assert imported(tmp_path, *runs, *items) == ["msg_a", "msg_b", "run_a", "run_b", "msg_c", "run_2"]


def test_a_thread_that_does_not_say_stands_as_most_of_the_file(tmp_path: Path) -> None:
    others = [message(f"msg_{at}", at, "thread_2") for at in (5, 4, 3)]
    assert imported(tmp_path, *others, message("msg_b", 9), message("msg_a", 9))[-2:] == ["msg_a", "msg_b"]


def test_a_run_stands_behind_what_it_answers_and_before_what_it_wrote(tmp_path: Path) -> None:
    items = [
        run("run_1", 7), run("run_2", 7),
        step("step_1", 7, "run_1"), step("step_2", 7, "run_2"),
        message("msg_1", 7), reply("msg_2", 7, "run_1"), message("msg_3", 7), reply("msg_4", 7, "run_2"),
    ]  # fmt: skip
    assert imported(tmp_path, *items) == [
        "msg_1", "run_1", "msg_2", "msg_3", "run_2", "msg_4", "step_1", "step_2"
    ]  # fmt: skip


def test_a_run_that_says_it_is_younger_than_its_answer_is_put_before_it(tmp_path: Path) -> None:
    items = [message("msg_1", 1), reply("msg_2", 2, "run_1"), message("msg_3", 3), run("run_0", 4), run("run_1", 5)]
    (tmp_path / "dump").write_bytes(lines(*items))
    assert bring(tmp_path / "dump", tmp_path / "data").early == 1
    stored = [json.loads(line)["id"] for line in exporting.lines(tmp_path / "data")]
    assert stored == ["thread_1", "msg_1", "run_0", "run_1", "msg_2", "msg_3"]


def test_a_new_run_is_told_each_answer_behind_what_it_answers(tmp_path: Path) -> None:
    dump = [
        reply("msg_4", 7, "run_2"), message("msg_3", 7), reply("msg_2", 7, "run_1"), message("msg_1", 6),
        run("run_2", 7), run("run_1", 7),
    ]  # fmt: skip
    imported(tmp_path, *dump)
    asked = request(
        Run.model_validate(ended(run("run_9", 9))), asyncio.run(seen(tmp_path / "data", "thread_1")), [], [],
        model="m", names={}, metadata={},
    )  # fmt: skip
    assert [told.text for told in asked.messages] == ["I am msg_1", "I am msg_2", "I am msg_3", "I am msg_4"]


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[Database]:
    database = Database.sqlite(folder / "livethread.db")
    database.start()
    yield database
    await database.close()


async def seen(folder: Path, thread_id: str) -> list[Seen]:
    """What a run that began now would see."""
    new: Any = SimpleNamespace(created_seq=1000, started_seq=1001, siblings_seq=None)
    async with database(folder) as opened:
        rows = await opened.read(lambda connection: queries.conversation(connection, thread_id, new))
    return [Seen(Message.model_validate_json(row.object), row.created_seq, row.run_created_seq) for row in rows]


def ended(raw: Item) -> Item:
    return arrive(raw, NOW).record.model_dump()


@st.composite
def dumps(draw: st.DrawFn) -> list[Item]:
    """Threads in which much happens in the same second, some of it in a wrong order."""
    items: list[Item] = []
    for of in [f"thread_{number}" for number in range(draw(st.integers(1, 3)))]:
        runs = [f"run_{of}_{number}" for number in range(draw(st.integers(0, 4)))]
        at = st.integers(1, 4)
        if draw(st.booleans()):
            items.append(thread(of, draw(at)))
        items += [run(id, draw(at), of, status=draw(st.sampled_from(["completed", "failed", "queued"]))) for id in runs]
        for number in range(draw(st.integers(0, 8))):
            own = draw(st.sampled_from([None, *runs]))
            items.append(message(f"msg_{of}_{number}", draw(at), of, run_id=own))
            if own is not None and draw(st.booleans()):
                items.append(step(f"step_{of}_{number}", draw(at), own, of))
    return draw(st.permutations(items))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=dumps())
def test_whatever_is_imported_its_log_folds_to_its_rows_and_its_export_is_the_same(
    items: list[Item], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, second = tmp_path_factory.mktemp("dump"), tmp_path_factory.mktemp("dump")
    (first / "dump").write_bytes(lines(*items))
    report = bring(first / "dump", first / "data")
    exported = list(exporting.lines(first / "data"))
    assert (len(exported), report.refusals) == (len(items) + report.made, [])
    threads = {item["id"] for item in map(json.loads, exported) if item["object"] == "thread"}
    asyncio.run(check_logs(first / "data", threads))
    in_order(list(map(json.loads, exported)))
    (second / "dump").write_text("\n".join(exported))
    assert bring(second / "dump", second / "data").refusals == []
    assert list(exporting.lines(second / "data")) == exported


async def check_logs(folder: Path, threads: set[str]) -> None:
    async with database(folder) as opened:
        for thread_id in threads:
            rows, events = await stored_rows(opened, thread_id), await stored_events(opened, thread_id)
            check_log(rows, events)
            check_stored_events_alone(rows, events)
            for run in rows.runs:
                mine = [event.type for event in events if event.run_id == run.id]
                assert (mine[0], mine[-1]) == ("thread.run.created", f"thread.run.{run.status}")


def in_order(objects: list[Item]) -> None:
    """Each kind of a thread by time, and each run before what it wrote and did."""
    latest: dict[tuple[str, str], int] = {}
    begun: set[str] = set()
    for item in objects:
        if item["object"] == "thread":
            continue
        begun |= {item["id"]}
        assert item.get("run_id") is None or item["run_id"] in begun
        kind = (item["thread_id"], item["object"])
        assert item["created_at"] >= latest.get(kind, 0)
        latest[kind] = item["created_at"]
