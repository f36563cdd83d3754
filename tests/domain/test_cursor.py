from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livethread.domain.cursor import MAX_LENGTH, Cursor, base36, parse

CASES = json.loads((Path(__file__).parent.parent.parent / "spec" / "cases" / "cursors.json").read_text("ascii"))

NUMBERS = st.integers(0, 2**40)
TAGS = st.text(string.ascii_lowercase + string.digits, min_size=4, max_size=4)
BASE_36 = st.text(string.ascii_lowercase + string.digits + ".~", max_size=40)


@st.composite
def cursors(draw: st.DrawFn) -> Cursor:
    seq = draw(NUMBERS)
    places = draw(st.dictionaries(st.integers(0, seq), st.tuples(st.integers(0, 9), NUMBERS), max_size=8))
    said = {created_seq: place for created_seq, place in places.items() if place != (0, 0)}
    return Cursor(seq, draw(TAGS), draw(st.none() | NUMBERS), said)


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: str(case["text"]))
def test_a_cursor_says_what_it_says(case: dict[str, Any]) -> None:
    places = {created_seq: (part, offset) for created_seq, part, offset in case["places"]}
    cursor = parse(case["text"])
    assert cursor == Cursor(case["seq"], case["tag"], case["run"], places)
    assert list(cursor.places) == list(places)


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: str(case["text"]))
def test_a_cursor_is_written_as_it_was_read(case: dict[str, Any]) -> None:
    assert str(parse(case["text"])) == case.get("written", case["text"])


@pytest.mark.parametrize("case", CASES["malformed"], ids=lambda case: repr((case["why"], case["text"]))[:60])
def test_a_malformed_cursor_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cursor"):
        parse(case["text"])


@given(cursors())
def test_every_cursor_comes_back_from_its_text(cursor: Cursor) -> None:
    assert parse(str(cursor)) == cursor


@given(st.text() | BASE_36 | st.text(string.digits + "abz.~", max_size=300))
@example("1.aaaa" + "~1.0.1" * 42)
@example("\ud800.aaaa")
def test_any_text_is_a_cursor_or_a_value_error(text: str) -> None:
    try:
        cursor = parse(text)
    except ValueError:
        return
    assert parse(str(cursor)).seq == cursor.seq


def test_a_cursor_with_eight_drafts_is_short() -> None:
    """In a thread of ten million events, at texts of ten megabytes."""
    seq = 10_000_000
    longest = str(Cursor(seq, "zzzz", None, {seq - n: (1, 10_000_000) for n in range(8)}))
    assert len(longest) < 128
    assert len(longest) < MAX_LENGTH


@given(st.integers(0, 2**70))
def test_base_36_is_what_int_reads(number: int) -> None:
    assert int(base36(number), 36) == number
