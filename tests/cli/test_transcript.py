"""What a terminal is told of a thread, state by state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.cli.line_editor import END, LineEditor
from livethread.cli.transcript import Transcript
from livethread.cli.wording import clean
from livethread.client import State
from livethread.domain.fold import Object


def message(id: str, text: str, status: str = "completed", assistant: str | None = None, **fields: Any) -> Object:
    return {
        "id": id, "role": "assistant" if assistant else "user", "status": status, "assistant_id": assistant,
        "run_id": None, "metadata": {}, "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "incomplete_details": None, **fields,
    }  # fmt: skip


def state(*oldest_first: Object, runs: tuple[Object, ...] = ()) -> State:
    return State({}, tuple(reversed(oldest_first)), False, runs, (), (), 1, "1.aaaa", True)


class Paper:
    """A transcript and what it has written."""

    def __init__(self, last: int = 10) -> None:
        self.text = ""
        self.transcript = Transcript(self.write, {"asst_1": "One", "asst_2": "Two"}, last=last)

    def write(self, text: str) -> None:
        self.text += text

    def show(self, *states: State) -> str:
        for one in states:
            self.transcript.show(one)
        return self.text


def growing(id: str, text: str, assistant: str) -> Object:
    return message(id, text, "in_progress", assistant)


def test_one_text_grows_and_those_behind_it_wait() -> None:
    paper = Paper()
    first, second = growing("m1", "Roses", "asst_1"), growing("m2", "Vio", "asst_2")
    assert paper.show(state(first, second)) == "One: Roses"
    first, second = growing("m1", "Roses are", "asst_1"), growing("m2", "Violets", "asst_2")
    assert paper.show(state(first, second)) == "One: Roses are"
    first = message("m1", "Roses are red", assistant="asst_1")
    assert paper.show(state(first, second)) == "One: Roses are red\nTwo: Violets"
    second = message("m2", "Violets", "incomplete", "asst_2", incomplete_details={"reason": "run_cancelled"})
    both = state(first, second)
    assert paper.show(both, both) == "One: Roses are red\nTwo: Violets [stopped]\n"


@given(cuts=st.lists(st.integers(0, 12), max_size=6))
def test_it_does_not_matter_which_states_were_left_out(cuts: list[int]) -> None:
    paper, text = Paper(), "Roses\r\n are!"
    paper.show(*(state(growing("m1", text[:cut], "asst_1")) for cut in sorted(cuts)))
    assert paper.show(state(message("m1", text, assistant="asst_1"))) == "One: Roses\n are!\n"


def test_only_the_newest_of_what_was_there_before_are_written() -> None:
    assert Paper(1).show(state(message("m1", "A"), message("m2", "B"))) == "user: B\n"
    assert Paper(0).show(state(message("m1", "A"), growing("m2", "B", "asst_1"))) == "One: B"


def test_a_text_that_was_written_again_after_a_crash_is_written_again_here() -> None:
    paper = Paper()
    paper.show(state(growing("m1", "Roses are", "asst_1")))
    assert paper.show(state(message("m1", "Roses", assistant="asst_1"))) == "One: Roses are [not so]\nOne: Roses\n"


def test_a_deleted_text_ends() -> None:
    paper = Paper()
    paper.show(state(growing("m1", "Roses", "asst_1")))
    assert paper.show(state(message("m2", "B"))) == "One: Roses [deleted]\nuser: B\n"


def test_a_line_of_ours_breaks_a_text_that_goes_on_behind_it() -> None:
    paper = Paper()
    paper.show(state(growing("m1", "Roses", "asst_1")))
    paper.transcript.note("Bob has come.")
    paper.transcript.note("Ann has gone.")
    assert paper.show(state(growing("m1", "Roses are", "asst_1"))) == (
        "One: Roses …\n· Bob has come.\n· Ann has gone.\nOne: …  are"
    )


def test_what_was_wrong_before_is_not_told_and_what_goes_wrong_is_told_once() -> None:
    failed = {"id": "run_1", "assistant_id": "asst_1", "status": "failed", "last_error": {"message": "No\x07."}}
    cancelled = {"id": "run_2", "assistant_id": "asst_3", "status": "cancelled"}
    paper = Paper()
    now = state(runs=(cancelled, failed))
    assert paper.show(state(runs=(failed,)), now, now) == "· asst_3 was stopped before it said anything.\n"
    assert Paper().show(state(), state(runs=(failed,))) == "· One has failed: No�.\n"


def test_nothing_that_is_said_steers_the_terminal() -> None:
    assert clean("a\x1b[2J\x00\x9b\ud800\r\n\té👩‍👩‍👧") == "a�[2J���\n\té👩‍👩‍👧"


@pytest.mark.parametrize(
    ("keys", "lines", "rest"),
    [
        (["ab\r"], ["ab"], ""),
        (["a", "b\nc"], ["ab"], "c"),
        (["abc\x7f\x7fd"], [], "ad"),
        (["one two  \x17"], [], "one "),
        (["one\x15two"], [], "two"),
        (["a\x1b[A\x1b[1;5Cb\x1bOPc\x1bx"], [], "abc"),
        (["a\x1b", "[", "1", "~b"], [], "ab"),
        (["\x04"], [END], ""),
        (["a\x04"], [], "a"),
        (["漢👩\x7f字\t\x01"], [], "漢字"),
    ],
)
def test_a_line_is_edited_by_the_usual_keys(keys: list[str], lines: list[str], rest: str) -> None:
    editor = LineEditor()
    assert [line for some in keys for line in editor.take(some)] == lines
    assert editor.text == rest
