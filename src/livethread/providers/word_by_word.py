"""An answer that came whole, told word by word: for model APIs that cannot stream."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from livethread.providers.builtin.words import words
from livethread.providers.chunks import Chunk, Refusal, Text

LONGEST: Final = 5.0
"""Seconds that the telling of one answer may take: who has waited for all of it should not wait twice."""


def word_by_word(chunks: Iterable[Chunk], words_per_second: float) -> Iterator[tuple[float, Chunk]]:
    """Each chunk with the seconds to wait before it; text and refusal in pieces that joined are the same again.

    Args:
        chunks: the whole answer.
        words_per_second: the pace. 0 tells all at once; a long answer is told by several words at a time.
    """
    chunks = list(chunks)
    if not words_per_second:
        yield from ((0.0, chunk) for chunk in chunks)
        return
    spoken = sum(len(words(chunk.text)) for chunk in chunks if isinstance(chunk, Text | Refusal))
    at_once = max(1, math.ceil(spoken / (LONGEST * words_per_second)))
    told = [piece for chunk in chunks for piece in _pieces(chunk, at_once)]
    pause = min(1 / words_per_second, LONGEST / max(1, len(told)))
    silent = True
    for chunk in told:
        speaks = isinstance(chunk, Text | Refusal)
        yield (0.0 if silent or not speaks else pause), chunk
        silent = silent and not speaks


def _pieces(chunk: Chunk, at_once: int) -> list[Chunk]:
    if not isinstance(chunk, Text | Refusal):
        return [chunk]
    found = words(chunk.text)
    return [type(chunk)("".join(found[start : start + at_once])) for start in range(0, len(found), at_once)]
