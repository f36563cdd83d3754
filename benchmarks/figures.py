"""What is made of measurements: costs, percentiles, tables, bars. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def costs(short_cpu: float, long_cpu: float, *, runs: int, short: int, long: int) -> tuple[float, float]:
    """Processor time: microseconds for each token, and milliseconds for each run besides.

    Args:
        short_cpu: seconds that short answers took.
        long_cpu: seconds that long answers took.
        runs: how many answers each was.
        short: tokens of a short one.
        long: tokens of a long one.
    """
    token = (long_cpu - short_cpu) / (runs * (long - short))
    return token * 1e6, (short_cpu / runs - token * short) * 1e3


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; NaN if there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def number(value: float, digits: int = 1) -> str:
    """A figure for a table: thousands apart, and a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is as readable in a terminal."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([line(head), f"|{rule}|", *map(line, rows)])


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure may be at most.

    Args:
        says: what is measured.
        figure: what it came to.
        most: what it may be.
        unit: of both, with the space before it.
    """

    says: str
    figure: float
    most: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure keeps to it; one that was not measured does not."""
        return self.figure <= self.most

    def __str__(self) -> str:
        verdict = "met    " if self.met else "NOT met"
        return f"{verdict}  {self.says}: {number(self.figure, 2)}{self.unit}, at most {self.most:.3g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Reported:
    """A figure of which nothing is asked.

    Args:
        says: what is measured.
        figure: what it came to.
    """

    says: str
    figure: float

    def __str__(self) -> str:
        return f"no bar   {self.says}: {number(self.figure, 2)}"


@dataclass(frozen=True, slots=True)
class Floor:
    """What a figure has to be at least.

    Args:
        says: what is measured.
        figure: what it came to.
        least: what it has to be.
        unit: of both, with the space before it.
    """

    says: str
    figure: float
    least: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure reaches it; one that was not measured does not."""
        return self.figure >= self.least

    def __str__(self) -> str:
        verdict = "met    " if self.met else "NOT met"
        return f"{verdict}  {self.says}: {number(self.figure, 2)}{self.unit}, at least {self.least:,.10g}{self.unit}"
