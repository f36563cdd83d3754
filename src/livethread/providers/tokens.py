"""How many tokens a text is: a stated estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BYTES_PER_TOKEN: Final = 4
"""The estimate: English has about four bytes to a token, other scripts two to five."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the tokens of one model.

    Args:
        name: of the tokenizer, or ``estimate``.
        count: the tokens of a text.
    """

    name: str
    count: Callable[[str], int]


def _estimated(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


ESTIMATE: Final = Counter("estimate", _estimated)
"""One token for every four bytes of UTF-8, rounded up."""


async def counter_of(model: str) -> Counter:
    """What counts the tokens of a model, by the name that is sent upstream."""
    return ESTIMATE
