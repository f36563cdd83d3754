"""Pieces that are cut inside a character, decoded as the bytes of a real upstream are."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence


def decoded(pieces: Sequence[str | bytes]) -> Iterator[str]:
    """The text that each piece completes; one string per piece, which may be empty.

    The bytes of a character wait for the next piece, and so does the first half of a surrogate pair. What never becomes
    whole is U+FFFD: at the end, or as soon as something else follows.
    """
    octets = codecs.getincrementaldecoder("utf-8")("replace")
    halves = codecs.getincrementaldecoder("utf-16-le")("replace")
    last = len(pieces) - 1
    for position, piece in enumerate(pieces):
        text = octets.decode(piece) if isinstance(piece, bytes) else octets.decode(b"", True) + piece
        if position == last:
            text += octets.decode(b"", True)
        yield halves.decode(text.encode("utf-16-le", "surrogatepass"), position == last)


def clean(text: str) -> str:
    """The text with its surrogate halves joined, and each lone one replaced by U+FFFD."""
    return "".join(decoded([text]))
