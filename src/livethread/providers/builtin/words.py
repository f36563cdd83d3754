"""Words: how the built-in models cut text into pieces, and what they count as tokens."""

from __future__ import annotations

import functools
import re

# A piece is a word with the space before it, as models write. Text without spaces is cut every 24 characters, so that
# it still arrives bit by bit.
_PIECE = re.compile(r"\s*\S{1,24}|\s+\Z")


_TOO_COMMON = """
    a about all am an and any are as at be been but by can could did do does for from get had has have hello help
    hey hi how i if in into is it its just like livethread ll make may me mean my need no not of on or our please re
    s show so some t tell thank thanks that the their them then there they this to us use using ve want was way we
    were what when where which who why will with would yes you your
"""
TOO_COMMON = frozenset(_TOO_COMMON.split())
"""Words that tell nothing of what somebody asks for, in small letters."""

_BETWEEN_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("s", ""))


def words(text: str) -> list[str]:
    """The text in pieces of one word each; joined they are the text."""
    return _PIECE.findall(text)


def name_words(name: str) -> list[str]:
    """The words of a name in snake_case, kebab-case or camelCase, in small letters."""
    return re.findall(r"[^\W_]+", _BETWEEN_HUMPS.sub(" ", name).lower())


@functools.lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """What the forms of an English word have in common, roughly: ``booking`` and ``books`` are ``book``."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + instead
            break
    return word.removesuffix("e") if len(word) > 3 else word


@functools.lru_cache(maxsize=1024)
def name_stems(name: str) -> frozenset[str]:
    """The stems of the words of a name."""
    return frozenset(map(stem, name_words(name)))


class Tally:
    """Counts words in text that comes in pieces, also where a piece ends inside a word."""

    def __init__(self) -> None:
        self.count = 0
        self._inside = False

    def adds(self, piece: str) -> int:
        """How many words one more piece would bring."""
        continued = self._inside and not piece[:1].isspace()
        return len(piece.split()) - continued if piece else 0

    def add(self, piece: str) -> None:
        """Count what one more piece brings."""
        if piece:
            self.count += self.adds(piece)
            self._inside = not piece[-1].isspace()
