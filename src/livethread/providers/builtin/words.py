"""Words: how the built-in models cut text into pieces, and what they count as tokens."""

from __future__ import annotations

import re

# A piece is a word with the space before it, as models write. Text without spaces is cut every 24 characters, so that
# it still arrives bit by bit.
_PIECE = re.compile(r"\s*\S{1,24}|\s+\Z")


def words(text: str) -> list[str]:
    """The text in pieces of one word each; joined they are the text."""
    return _PIECE.findall(text)


class Tally:
    """Counts words in text that comes in pieces, also where a piece ends inside a word."""

    def __init__(self) -> None:
        self.count = 0
        self._inside = False

    def add(self, piece: str) -> None:
        """Count what one more piece brings."""
        if not piece:
            return
        continued = self._inside and not piece[0].isspace()
        self.count += len(piece.split()) - continued
        self._inside = not piece[-1].isspace()
