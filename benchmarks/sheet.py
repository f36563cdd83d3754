"""The figures of several repetitions, by row and column."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping

from benchmarks.figures import number, table


class Sheet:
    """Every repetition of every figure.

    Args:
        about: what the rows are.
        columns: what is measured, each with the digits behind the point that mean something.
    """

    def __init__(self, about: str, columns: Mapping[str, int]) -> None:
        self._about = about
        self.columns = columns
        self._figures: dict[str, dict[str, list[float]]] = {}

    def add(self, row: str, *figures: float) -> None:
        """Take down one repetition of a row; NaN is a figure that it does not have."""
        columns = self._figures.setdefault(row, {column: [] for column in self.columns})
        for column, figure in zip(self.columns, figures, strict=True):
            columns[column].append(figure)

    def all(self, row: str, column: str) -> list[float]:
        """What was measured, in the order of the repetitions."""
        figures = self._figures.get(row, {}).get(column, [])
        return [figure for figure in figures if not math.isnan(figure)]

    def median(self, row: str, column: str) -> float:
        """The middle one; NaN if nothing was measured."""
        figures = self.all(row, column)
        return statistics.median(figures) if figures else math.nan

    def repetition(self, index: int) -> str:
        """One repetition, as a table."""
        return self._table(lambda row, column: self._text(column, self._figures[row][column][index]))

    def medians(self) -> str:
        """What came of all of them, as a table: each median, and behind it the repetitions."""

        def cell(row: str, column: str) -> str:
            median = self._text(column, self.median(row, column))
            figures = self.all(row, column)
            return f"{median} ({'; '.join(self._text(column, f) for f in figures)})" if len(figures) > 1 else median

        return self._table(cell)

    def _text(self, column: str, figure: float) -> str:
        return number(figure, self.columns[column])

    def _table(self, cell: Callable[[str, str], str]) -> str:
        rows = [[row, *(cell(row, column) for column in self.columns)] for row in self._figures]
        return table([self._about, *self.columns], rows)
