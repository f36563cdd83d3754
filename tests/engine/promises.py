"""What the log of a thread promises, whatever happened; each function is one promise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from livethread.domain.cursor import parse
from livethread.domain.fold import Fold
from livethread.domain.transitions import ACTIVE, MOVES, TERMINAL
from livethread.engine.worker import MAX_ACTIVE
from livethread.storage.queries import AnyRow
from livethread.storage.tables import OPEN
from tests.engine.followed import Followed, of_one_turn, waits_for
from tests.engine.harness import short
from tests.live.rows import Rows

ORDERS: Final[dict[str, dict[str, str]]] = {
    "": {"R.created": "created"},
    "created": {"R.queued": "queued"},
    "queued": {"R.in_progress": "asking", "R.cancelling": "cancelling"},
    "asking": {
        "S.created": "step", "R.cancelling": "cancelling",
        "R.completed": "over", "R.incomplete": "over", "R.failed": "over", "R.expired": "over",
    },
    "step": {"S.in_progress": "open step"},
    "open step": {"M.created": "message", "S.delta": "called"},
    "message": {"M.in_progress": "speaking"},
    "speaking": {
        "M.completed": "spoken", "M.incomplete": "cut", "M.deleted": "lost", "R.cancelling": "cancelling, speaking",
    },
    "spoken": {"S.completed": "said"},
    "said": {"R.completed": "over", "S.created": "step of calls"},
    "step of calls": {"S.in_progress": "calling"},
    "calling": {"S.delta": "called"},
    "called": {"R.requires_action": "waiting"},
    "waiting": {"S.completed": "answered", "S.expired": "late", "R.cancelling": "cancelling, silent"},
    "answered": {"R.queued": "queued again"},
    "queued again": {"R.in_progress": "asking", "R.cancelling": "cancelling", "R.expired": "over"},
    "cut": {"S.failed": "asking", "S.completed": "cut short", "S.expired": "late"},
    "cut short": {"R.incomplete": "over"},
    "lost": {"S.failed": "asking"},
    "late": {"R.expired": "over"},
    "cancelling, speaking": {"M.incomplete": "cancelling, silent", "M.deleted": "cancelling, silent"},
    "cancelling, silent": {"S.cancelled": "cancelling"},
    "cancelling": {"R.cancelled": "over"},
    "over": {},
}  # fmt: skip
"""The orders of a run's events (reference section 5.5), and what a crash and a power cut make of them."""


class Told(NamedTuple):
    """An event: its type, short as in the reference, the run it belongs to, its object, and when it was heard."""

    type: str
    run_id: str | None
    object: dict[str, Any]
    time: float


def told(thread: Followed) -> list[Told]:
    return [Told(short(event.type), event.run_id, json.loads(event.data), time) for event, time in thread.events]


# -- folds ---------------------------------------------------------------------------------------


def the_fold_is_the_rows(thread: Followed, events: Sequence[Told], rows: Rows) -> None:
    """Also of a deleted thread, up to its end; nothing of it is left open but what the end closes."""
    fold = Fold()
    before = [event for event, _ in thread.events][: -1 if thread.deleted else None]
    for event in before:
        fold.take(event.type, json.loads(event.data))
    assert _state(fold) == _stored(rows, lambda row: True)
    if thread.deleted:
        assert [event.type for event in events if event.type == "T.deleted"] == [events[-1].type]
        last = thread.events[-1][0]
        fold.take(last.type, json.loads(last.data))
        assert _state(fold) == {"thread": None, "messages": [], "runs": [], "run_steps": []}
    else:
        assert [row.id for row in (*rows.messages, *rows.steps) if _is_open(row)] == []


def each_snapshot_leads_to_the_rows(thread: Followed, rows: Rows) -> None:
    """Who has read one and hears what follows holds the rows that it showed, and those created since."""
    for snapshot in thread.snapshots:
        fold = Fold()
        fold.take("thread.snapshot", snapshot)
        cursor = parse(snapshot["cursor"])
        log = [event for event, _ in thread.events]
        if (cursor.seq, cursor.tag) not in [(event.seq, event.tag) for event in log]:
            continue  # it showed what a server has taken into its grave
        held = {item["id"] for noun in ("messages", "runs", "run_steps") for item in snapshot[noun]}
        for event in log[cursor.seq :]:
            fold.take(event.type, json.loads(event.data))
        if thread.deleted:
            assert fold.thread is None
        else:
            assert _state(fold) == _stored(rows, lambda row: row.id in held or row.created_seq > cursor.seq)  # noqa: B023


def _state(fold: Fold) -> dict[str, Any]:
    return {
        "thread": fold.thread,
        "messages": list(fold.messages),
        "runs": list(fold.runs),
        "run_steps": list(fold.run_steps),
    }


def _stored(rows: Rows, mine: Callable[[AnyRow], bool]) -> dict[str, Any]:
    def objects(rows: Iterable[AnyRow]) -> list[dict[str, Any]]:
        return [json.loads(row.object) for row in rows if mine(row)]

    return {
        "thread": json.loads(rows.thread.object),
        "messages": objects(row for row in reversed(rows.messages) if row.ended_seq != OPEN),
        "runs": objects(reversed(rows.runs)),
        "run_steps": objects(rows.steps),
    }


def _is_open(row: AnyRow) -> bool:
    return bool(json.loads(row.object)["status"] == "in_progress")


# -- runs ----------------------------------------------------------------------------------------


def every_run_ends_legally(events: Sequence[Told]) -> None:
    """By moves of the table; only the end of the thread cancels without asking."""
    status: dict[str, Any] = {}
    ends = {place for place, event in enumerate(events) if event.type == "T.deleted"}
    for place, event in enumerate(events):
        if not event.type.startswith("R.") or event.type == "R.updated":
            continue
        id, new = event.object["id"], event.object["status"]
        assert event.type in (f"R.{new}", "R.created")
        if event.type == "R.created":
            assert new == "queued"
        elif (event.type, status[id]) != ("R.queued", "queued"):
            by_the_end = new == "cancelled" and {then.type for then in events[place:]} == {"R.cancelled", "T.deleted"}
            assert new in MOVES[status[id]] or (by_the_end and ends), (status[id], new)
        status[id] = new
    assert set(status.values()) <= TERMINAL


def each_run_tells_it_in_order(events: Sequence[Told]) -> None:
    """Its events stand in one of the recorded orders; what people do to its pieces later is no part of it."""
    deleted = events[-1].type == "T.deleted"
    writer: dict[str, str] = {}
    at: dict[str, str] = {}
    for event in events:
        id = event.object["id"]
        run_id = writer.pop(id, None) if event.type == "M.deleted" else event.run_id
        if run_id is None or event.type.endswith(".updated"):
            continue
        before = at.get(run_id, "")
        onward = ORDERS[before] | ({"R.cancelled": "over"} if deleted and before != "over" else {})
        assert event.type in onward, (run_id, before, event.type)
        at[run_id] = onward[event.type]
        if event.type == "M.created":
            writer[id] = run_id
        elif event.type in ("M.completed", "M.incomplete"):
            del writer[id]
    assert set(at.values()) <= {"over"}


def the_policies_are_kept(events: Sequence[Told]) -> None:
    runs: dict[str, dict[str, Any]] = {}
    driven: set[str] = set()
    for event in events:
        if not event.type.startswith("R."):
            continue
        run, earlier = event.object, [run for run in runs.values() if run["status"] in ACTIVE]
        match event.type:
            case "R.created":
                states = {other["status"] for other in earlier if not of_one_turn(run, other)}
                match run["thread_policy"]:
                    case "queue":
                        assert "requires_action" not in states
                    case "interrupt":
                        assert states <= {"cancelling"}
                    case "reject":
                        assert states == set()
            case "R.in_progress":
                before = [other for other in earlier if list(runs).index(other["id"]) < list(runs).index(run["id"])]
                assert not any(waits_for(run, other) for other in before)
                driven.add(run["id"])
            case "R.queued":
                driven.discard(run["id"])
            case _ if run["status"] in TERMINAL:
                driven.discard(run["id"])
        assert len(driven) <= MAX_ACTIVE
        runs[run["id"]] = run


def the_time_of_a_run_is_counted_from_its_first_start(events: Sequence[Told], seconds: int) -> None:
    """It expires no earlier, and is not given more by outputs."""
    until: dict[str, int] = {}
    for event in events:
        id = event.object["id"]
        if event.type == "R.in_progress":
            assert event.object["expires_at"] == until.setdefault(id, event.object["started_at"] + seconds)
        elif event.type.startswith("R.") and event.type != "R.updated":
            expected = None if event.object["status"] in TERMINAL else until.get(id)
            assert event.object["expires_at"] == expected
            assert event.type != "R.expired" or event.time >= until[id]


def each_call_has_an_id_of_its_own(events: Sequence[Told]) -> None:
    """Within its run, whatever the model calls them; and each gets the output that was given for it."""
    called: dict[str, list[str]] = {}
    for event in events:
        if event.type == "S.delta":
            assert event.run_id is not None
            calls = event.object["delta"]["step_details"]["tool_calls"]
            called.setdefault(event.run_id, []).extend(call["id"] for call in calls)
        elif event.type == "S.completed" and event.object["type"] == "tool_calls":
            for call in event.object["step_details"]["tool_calls"]:
                assert call["function"]["output"] == f"of {call['id']}"
    assert all(len(ids) == len(set(ids)) for ids in called.values())
