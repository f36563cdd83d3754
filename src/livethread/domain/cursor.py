"""The cursor: what a viewer holds of a thread, in under 128 bytes.

``<seq>.<tag>[.<run>][~<created_seq>.<part>.<offset>]*``, numbers in base 36, for example
``1l.k3f9~1g.0.xl``: the fold of all events up to ``seq`` and, of every message open there, the text
up to ``(part, offset)``, the offset in UTF-8 bytes. Opaque to clients. See ARCHITECTURE, "The cursor".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MAX_LENGTH: Final = 256
"""Longer text is no cursor of ours: eight open drafts make less than half of it."""

_GROUP: Final = re.compile(r"([0-9a-z]+)\.([0-9a-z]+)\.([0-9a-z]+)")
_HEAD: Final = re.compile(r"([0-9a-z]+)\.([0-9a-z]{4})(?:\.([0-9a-z]+))?")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS: Final[list[str]] = [
    high + low for high in _DIGITS for low in _DIGITS
]  # two digits at a time: ids are made per token
_SMALL: Final[list[str]] = [*_DIGITS, *_PAIRS[36:]]
_PAIR: Final = len(_PAIRS)

Place = tuple[int, int]
"""Where a viewer stands in a draft: (content part, UTF-8 byte offset)."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A parsed cursor.

    Args:
        seq: the last event it holds.
        tag: the four random characters stored with that event.
        run: the seq of the run's ``created`` event, where it speaks of that run only.
        places: for each open draft, by the seq of its message's ``created``: the text it holds.
    """

    seq: int
    tag: str
    run: int | None = None
    places: Mapping[int, Place] = field(default_factory=dict)

    def __str__(self) -> str:
        return head(self.seq, self.tag, self.run) + "".join(
            group(created_seq, *place) for created_seq, place in self.places.items() if place != (0, 0)
        )


def head(seq: int, tag: str, run: int | None) -> str:
    """The first part of a cursor's text."""
    return f"{base36(seq)}.{tag}" if run is None else f"{base36(seq)}.{tag}.{base36(run)}"


def group(created_seq: int, part: int, offset: int) -> str:
    """One draft's part of a cursor's text."""
    return group_at(group_stem(created_seq), part, offset)


def group_stem(created_seq: int) -> str:
    """What stays the same in a draft's part of a cursor while it grows."""
    return f"~{base36(created_seq)}."


def group_at(stem: str, part: int, offset: int) -> str:
    """A draft's part of a cursor's text, at a place."""
    return f"{stem}{base36(part)}.{base36(offset)}"


def parse(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        ValueError: it does not parse, names a draft twice, or names one created after its seq.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError("a cursor is shorter")
    first, *rest = text.split("~")
    match = _HEAD.fullmatch(first)
    if match is None:
        raise ValueError("not a cursor")
    seq, run = _number(match[1]), match[3]
    places: dict[int, Place] = {}
    for piece in rest:
        part = _GROUP.fullmatch(piece)
        if part is None:
            raise ValueError("not a cursor")
        created_seq = _number(part[1])
        if created_seq > seq or created_seq in places:
            raise ValueError("a cursor names each draft once, and none that it cannot know")
        places[created_seq] = (_number(part[2]), _number(part[3]))
    return Cursor(seq, match[2], None if run is None else _number(run), places)


def _number(digits: str) -> int:
    number = int(digits, 36)
    if number >= 2**63:
        raise ValueError("no number of a cursor is so large")
    return number


def base36(number: int) -> str:
    """A whole number, not negative, in base 36."""
    if number < _PAIR:
        return _SMALL[number]
    high, low = divmod(number, _PAIR)
    return base36(high) + _PAIRS[low]
