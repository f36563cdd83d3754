from __future__ import annotations

import json
from typing import Any

import pytest

from livethread.domain.events import text_delta
from livethread.sockets import room_entries
from livethread.sockets.room_events import (
    Anew,
    Begins,
    Ends,
    Event,
    Grows,
    Over,
    People,
    RunIs,
    Said,
    happened,
)  # fmt: skip
from livethread.sse import KEEP_ALIVE, encode
from tests.sockets.test_room_entries import message

RUN = {"id": "run_1", "assistant_id": "asst_1", "status": "in_progress", "metadata": {}}


def read(type: str, data: Any, id: str | None = "1.aaaa") -> list[Event]:
    return list(happened(encode(type, json.dumps(data), id=id)).events)


def test_a_posted_message_is_said_and_one_of_a_run_begins() -> None:
    whole = message()
    assert read("thread.message.created", whole | {"status": "completed"}) == [Said(room_entries.entry_of(whole))]
    growing = message(assistant_id="asst_1", run_id="run_1", content=[])
    assert read("thread.message.created", growing | {"status": "in_progress"}) == [
        Begins(room_entries.entry_of(growing), "run_1")
    ]


def test_text_and_refusals_make_an_answer_grow() -> None:
    data = encode("thread.message.delta", text_delta("msg_1", 0, "終", first=True), id="2.aaaa~1.0.3")
    assert happened(data).events == [Grows("msg_1", room_entries.delta("msg_1", "終"))]
    assert happened(data).cursor == "2.aaaa~1.0.3"


@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_an_answer_ends_and_says_whose_it_is(status: str) -> None:
    whole = message(assistant_id="asst_1", run_id="run_1")
    data = encode(f"thread.message.{status}", json.dumps(whole), id="3.aaaa")
    assert happened(data).events == [Ends(room_entries.entry_of(whole))]
    assert (happened(data).speakers, happened(data).asked) == (frozenset(["asst_1"]), frozenset())


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (RUN, RunIs("run_1", "asst_1", True, None, False, None)),
        (RUN | {"metadata": {"user_id": "u"}}, RunIs("run_1", "asst_1", True, None, False, None)),
        (RUN | {"metadata": {"user_id": "u", "face": "room"}}, RunIs("run_1", "asst_1", True, "u", False, None)),
        (RUN | {"metadata": {"user_id": "u", "face": "room-stream"}}, RunIs("run_1", "asst_1", True, "u", True, None)),
    ],
)
def test_a_run_goes_on_and_says_who_has_asked_and_who_is_to_answer(run: dict[str, Any], told: RunIs) -> None:
    data = encode("thread.run.created", json.dumps(run), id="2.aaaa")
    assert happened(data).events == [told]
    assert (happened(data).speakers, happened(data).asked) == (frozenset(), frozenset(["asst_1"]))


def test_a_run_ends_and_says_why() -> None:
    run = RUN | {"status": "failed", "last_error": {"message": "It broke."}}
    told = RunIs("run_1", "asst_1", False, None, False, "The answer failed: It broke.")
    assert read("thread.run.failed", run) == [told]


def test_people_are_known_by_their_ids_and_move_no_cursor() -> None:
    ann, ben = ({"user_id": name.lower(), "name": name} for name in ("Ann", "Ben"))
    people = {"people": [{**ann, "typing": False}], "viewers": 2, "joined": [ben], "left": []}
    assert read("thread.presence", people, None) == [People({"ann": "Ann"}, frozenset(["ben"]))]
    assert happened(encode("thread.presence", json.dumps(people))).cursor is None


def test_a_snapshot_means_anew_and_a_deletion_that_it_is_over() -> None:
    assert read("thread.snapshot", {}) == [Anew()]
    assert read("thread.deleted", {"id": "thread_1"}) == [Over()]


@pytest.mark.parametrize("type", ["thread.run.queued", "thread.run.step.created", "thread.typing", "thread.updated"])
def test_all_else_happens_without_a_word_but_moves_the_cursor(type: str) -> None:
    assert read(type, {}) == []
    assert happened(encode(type, "{}", id="5.aaaa")).cursor == "5.aaaa"


def test_keep_alives_are_nothing() -> None:
    assert happened(KEEP_ALIVE) == ([], frozenset(), frozenset(), None)


def test_it_is_read_once_for_all() -> None:
    data = encode("thread.updated", "{}", id="5.aaaa")
    assert happened(data) is happened(bytes(bytearray(data)))
