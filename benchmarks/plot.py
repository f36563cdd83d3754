"""Bars drawn as SVG: each is a median, its repetitions are the dots on it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.figures import number

_WIDTH, _PANEL, _GAP = 880, 412, 20
_ROW, _HEAD, _LABEL, _BAR = 28, 44, 148, 176
_FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of several things.

    Args:
        title: what it is, with its unit.
        rows: of each thing its repetitions.
        digits: behind the point.
        ours: the row that stands out.
    """

    title: str
    rows: Sequence[tuple[str, Sequence[float]]]
    digits: int = 1
    ours: str = ""


def svg(title: str, panels: Sequence[Panel]) -> str:
    """The panels, two beside each other; rows without a figure are left out."""
    drawn, top = [], 52
    for index in range(0, len(panels), 2):
        pair = panels[index : index + 2]
        drawn += [_panel(panel, _GAP + side * (_PANEL + _GAP), top) for side, panel in enumerate(pair)]
        top += _HEAD + _ROW * max(len(panel.rows) for panel in pair) + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" font-family="{_FONT}" '
        f'font-size="13">\n<rect x=".5" y=".5" width="{_WIDTH - 1}" height="{top - 1}" rx="12" fill="#ffffff" '
        f'stroke="#d8dee6"/>\n<text x="{_GAP}" y="32" font-weight="600" fill="#1c2b45">{escape(title)}</text>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _panel(panel: Panel, left: int, top: int) -> str:
    rows = [(label, list(figures)) for label, figures in panel.rows if figures]
    most = max((figure for _, figures in rows for figure in figures), default=0) or 1
    lines = [f'<text x="{left}" y="{top + 18}" fill="#4a5b78">{escape(panel.title)}</text>']
    for index, (label, figures) in enumerate(rows):
        y = top + _HEAD - 12 + index * _ROW
        median = statistics.median(figures)
        colour = "#3b6fd4" if label == panel.ours else "#aab6c8"
        bar = left + _LABEL
        lines += [
            f'<text x="{bar - 8}" y="{y + 13}" text-anchor="end" font-size="12" fill="#33445c">{escape(label)}</text>',
            f'<rect x="{bar}" y="{y}" width="{max(1.0, _BAR * max(0.0, median) / most):.1f}" height="18" rx="3" '
            f'fill="{colour}"/>',
            *(
                f'<circle cx="{bar + _BAR * max(0.0, figure) / most:.1f}" cy="{y + 9}" r="2.5" fill="#1c2b45"/>'
                for figure in figures
            ),
            f'<text x="{bar + _BAR + 10}" y="{y + 13}" font-size="12" fill="#33445c">'
            f"{number(median, panel.digits)}</text>",
        ]
    return "\n".join(lines)
