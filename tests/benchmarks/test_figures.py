from __future__ import annotations

import math

import pytest

from benchmarks.figures import Bar, costs, number, percentile, table


def test_what_a_run_costs_besides_is_no_part_of_what_a_token_costs() -> None:
    # 10 runs of 5 ms each, and 20 us a token.
    def spent(tokens: int) -> float:
        return 10 * (0.005 + tokens * 20e-6)

    assert costs(spent(60), spent(360), runs=10, short=60, long=360) == pytest.approx((20.0, 5.0))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 3), (0.99, 5), (0.2, 1), (0.21, 2), (1.0, 5)]
)  # of five values in any order
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile([5, 1, 4, 2, 3], share) == expected


def test_there_is_no_percentile_of_nothing() -> None:
    assert math.isnan(percentile([], 0.5))


def test_numbers_are_written_for_tables() -> None:
    assert [number(12345.67), number(-0.25, 2), number(math.nan)] == ["12,345.7", "−0.25", "–"]


def test_a_table_is_markdown_in_straight_columns() -> None:
    assert table(["what", "µs"], [["Livethread", "1.5"], ["bare", "1,000.0"]]) == (
        "| what       |      µs |\n"
        "|------------|--------:|\n"
        "| Livethread |     1.5 |\n"
        "| bare       | 1,000.0 |"
    )  # fmt: skip


@pytest.mark.parametrize(("figure", "met"), [(1.6, True), (1.61, False), (math.nan, False)])
def test_a_bar_is_met_by_a_figure_that_was_measured_and_is_not_above_it(figure: float, met: bool) -> None:
    assert Bar("CPU", figure, 1.6).met is met


def test_a_bar_that_is_not_met_says_so_with_its_figure() -> None:
    assert str(Bar("added p50", 0.75, 0.5, " ms")) == "NOT met  added p50: 0.75 ms, at most 0.5 ms"
    assert str(Bar("added p50", 0.25, 0.5, " ms")) == "met      added p50: 0.25 ms, at most 0.5 ms"
