from __future__ import annotations

import re
from xml.etree import ElementTree

from benchmarks.plot import Panel, svg

PANEL = Panel("µs < ms", [("bare", [2.0, 4.0, 3.0]), ("ours", [6.0]), ("absent", [])], ours="ours")


def test_a_bar_is_as_long_as_its_median_and_every_repetition_is_a_dot() -> None:
    drawn = svg("What it costs", [PANEL])
    bars = [
        (float(width), colour) for width, colour in re.findall(r'width="([\d.]+)" height="18".*?fill="(.+?)"', drawn)
    ]
    assert bars == [(88.0, "#aab6c8"), (176.0, "#3b6fd4")]
    assert len(re.findall("<circle", drawn)) == 4


def test_a_picture_is_well_formed_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(svg("What it costs", [PANEL, PANEL, PANEL]))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["What it costs", *["µs < ms", "bare", "3.0", "ours", "6.0"] * 3]
