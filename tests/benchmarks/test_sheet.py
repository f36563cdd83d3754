from __future__ import annotations

import math

from benchmarks.sheet import Sheet


def filled() -> Sheet:
    sheet = Sheet("who", {"µs": 1, "KB": 0})
    for figure in (3.0, 1.0, 2.0):
        sheet.add("direct", figure, math.nan)
        sheet.add("Livethread", 10 * figure, 100 * figure)
    return sheet


def test_a_median_is_shown_with_its_repetitions_and_a_dash_where_nothing_was_measured() -> None:
    assert filled().medians().splitlines()[2:] == [
        "| direct     |     2.0 (3.0; 1.0; 2.0) |                   – |",
        "| Livethread | 20.0 (30.0; 10.0; 20.0) | 200 (300; 100; 200) |",
    ]


def test_every_repetition_can_be_shown() -> None:
    assert filled().repetition(1).splitlines()[2:] == ["| direct     |  1.0 |   – |", "| Livethread | 10.0 | 100 |"]


def test_the_repetitions_are_kept_in_their_order() -> None:
    sheet = filled()
    assert (sheet.all("direct", "µs"), sheet.all("direct", "KB"), sheet.all("nobody", "µs")) == ([3, 1, 2], [], [])
