"""The blocks of code in README.md and docs/, each found by where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_HEADING = re.compile(r"#{1,6} (.*)")
_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r" *```(\w*)(?: .*)?$")


class Key(NamedTuple):
    """Where a block stands; `number` tells blocks of one language under one heading apart."""

    document: str
    heading: str
    language: str
    number: int = 1


def _found() -> Iterator[tuple[Key, str]]:
    for path in DOCUMENTS:
        document, heading = path.relative_to(ROOT).as_posix(), ""
        counts: dict[tuple[str, str], int] = {}
        code: list[str] | None = None
        language = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            fence = _FENCE.match(line)
            if code is None and fence:
                code, language = [], fence[1]
            elif code is None:
                found = _HEADING.match(line)
                heading = found[1] if found else heading
            elif fence:
                number = counts[heading, language] = counts.get((heading, language), 0) + 1
                yield Key(document, heading, language, number), "\n".join(code) + "\n"
                code = None
            else:
                code.append(line)
        assert code is None, f"A block of {document} under {heading!r} does not end."


BLOCKS = dict(_found())
"""Every block, by where it stands."""


def prose(document: Path) -> str:
    """A document without its blocks."""
    return _FENCED.sub("", document.read_text(encoding="utf-8"))


def the(document: str, heading: str, language: str, number: int = 1) -> str:
    """A block, as it is printed."""
    return BLOCKS[Key(document, heading, language, number)]
