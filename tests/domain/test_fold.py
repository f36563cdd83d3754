from __future__ import annotations

import copy
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.domain.content import refusal_block, text_block
from livethread.domain.events import THREAD_STREAM_TYPES, refusal_delta, text_delta
from livethread.domain.fold import Fold

SPEC = Path(__file__).parent.parent.parent / "spec" / "cases"
CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{path.stem}: {case['name']}", case)
    for path in sorted(SPEC.glob("*.json"))
    if path.name not in ("cursors.json", "sse.json")
    for case in json.loads(path.read_text(encoding="ascii"))["cases"]
]
each_case = pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])

OPEN = {"id": "msg_1", "object": "thread.message", "run_id": "run_1", "status": "in_progress", "content": []}


def state(fold: Fold) -> dict[str, Any]:
    return {
        "thread": fold.thread,
        "messages": list(fold.messages),
        "has_more": fold.has_more,
        "runs": list(fold.runs),
        "run_steps": list(fold.run_steps),
        "people": list(fold.people),
        "viewers": fold.viewers,
        "cursor": fold.cursor,
    }


def whole(expected: dict[str, Any]) -> dict[str, Any]:
    """A state of a case file, with what it leaves out."""
    return {"people": [], "viewers": 0, **expected}


def begun(case: dict[str, Any]) -> Fold:
    return Fold(**case["start"]) if "start" in case else Fold()


def happen(fold: Fold, event: dict[str, Any]) -> None:
    """What a case file says: an event of the stream, or a page of older messages that is asked for, or is there."""
    if "asks_behind" in event:
        assert fold.ask_older() == event["asks_behind"]
    elif "page" in event:
        page = event["page"]
        assert fold.add_older(page["data"], page["has_more"]) is not event.get("void", False)
    else:
        fold.take(event["type"], event["data"], event.get("id"))


def say(fold: Fold, text: str, *, first: bool = False, id: str = "msg_1") -> None:
    fold.take("thread.message.delta", json.loads(text_delta(id, 0, text, first=first)))


@each_case
def test_a_case_folds_to_what_it_expects(case: dict[str, Any]) -> None:
    fold = begun(case)
    for event in case["events"]:
        happen(fold, event)
        if "then" in event:
            assert state(fold) == whole(event["then"])
    assert state(fold) == whole(case["expect"])


@each_case
def test_looking_after_every_event_changes_neither_the_outcome_nor_what_was_given_or_shown(
    case: dict[str, Any],
) -> None:
    pristine = copy.deepcopy(case)
    fold = begun(case)
    seen: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for event in case["events"]:
        happen(fold, event)
        shown = state(fold)
        seen.append((shown, copy.deepcopy(shown)))
    assert state(fold) == whole(case["expect"])
    assert [shown for shown, _ in seen] == [as_it_was for _, as_it_was in seen]
    assert case == pristine


def test_the_cases_cover_every_type_of_event() -> None:
    used = {event.get("type") for _, case in CASES for event in case["events"]}
    assert used >= THREAD_STREAM_TYPES | {"error", "done"}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({name for name, _ in CASES}) == len(CASES)


@given(st.text(), st.lists(st.integers(0, 200)), st.sets(st.integers(0, 200)), st.sampled_from(["text", "refusal"]))
def test_however_a_text_is_cut_into_deltas_it_folds_to_the_same_state(
    text: str, cuts: list[int], looks: set[int], kind: str
) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)] or [""]
    fold = Fold()
    fold.take("thread.message.created", OPEN)
    for number, piece in enumerate(pieces):
        if kind == "text":
            say(fold, piece, first=number == 0)
        else:
            fold.take("thread.message.delta", json.loads(refusal_delta("msg_1", 0, piece)))
        if number in looks:
            assert len(fold.messages) == 1
    block = text_block(text) if kind == "text" else refusal_block(text)
    assert fold.messages == ({**OPEN, "content": [block]},)


def test_messages_that_have_not_changed_keep_their_identity() -> None:
    other = {**OPEN, "id": "msg_0", "status": "completed", "run_id": None, "content": [text_block("Hello")]}
    fold = Fold(messages=[{**OPEN, "content": [text_block("Good")]}, other])
    first = fold.messages
    fold.take("thread.typing", {"user_id": "u", "name": "Ann", "typing": True})
    assert fold.messages is first
    say(fold, " morning")
    second = fold.messages
    assert second[1] is first[1] is other
    assert second[0] == {**OPEN, "content": [text_block("Good morning")]}
    assert first[0] == {**OPEN, "content": [text_block("Good")]}
    fold.take("thread.message.created", {**other, "id": "msg_2"})
    assert fold.messages[1:] == second
    assert all(now is before for now, before in zip(fold.messages[1:], second, strict=True))


def test_a_delta_costs_the_same_in_a_long_thread_and_a_long_text() -> None:
    """Counted, not timed: no message but the one that grows is looked at, and its text is not copied."""

    class Untouchable(dict[str, Any]):
        touched = 0

        def __getitem__(self, key: str) -> Any:
            Untouchable.touched += 1
            return super().__getitem__(key)

    rows = [Untouchable({**OPEN, "id": f"msg_{n}", "status": "completed"}) for n in range(2, 500)]
    fold = Fold(messages=[OPEN, *rows])
    Untouchable.touched = 0
    for _ in range(1000):
        say(fold, "word ")
    assert Untouchable.touched == 0
    draft = fold._messages["msg_1"]._draft
    assert draft is not None
    assert len(draft[0]._pieces) == 1000
    assert fold.messages[0]["content"] == [text_block("word " * 1000)]
    assert draft[0]._pieces == ["word " * 1000]
