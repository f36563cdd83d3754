"""A message cut into words, numbers, quotes and marks, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from livethread.providers.builtin.words import name_words, stem

TokenKind = Literal["quoted", "url", "email", "date", "time", "number", "code", "word", "mark"]

# Every repetition is bounded or cannot be entered twice, so that no message takes longer than its length.
_TOKEN = re.compile(
    r"""
      (?P<quoted> "[^"\n]{1,500}" | “[^”\n]{1,500}” | «[^»\n]{1,500}» | `[^`\n]{1,500}` | (?<!\w)'[^'\n]{1,500}'(?!\w) )
    | (?P<url> https?://[^\s"'<>]{1,500} )
    | (?P<email> [\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8} )
    | (?P<date> (?<!\d)\d{4}-\d\d-\d\d (?: [T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)? )? (?!\w) )
    | (?P<time> (?<![\d:])\d{1,2}:\d\d(?::\d\d)?(?![\d:]) )
    | (?P<number> (?:(?<![\w)])[-−])?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,15})?(?![\d]) )
    | (?P<code> \d{1,500} )
    | (?P<word> [^\W\d_](?:[\w’'/-]{0,98}\w)? )
    | (?P<mark> [.,;:?!&=+()\n] )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a message.

    Args:
        kind: what it looks like.
        text: itself, a quote without its quotation marks.
        start: where it begins in the message.
        end: where it ends.
        low: itself in small letters, without a possessive.
        stems: of the words it is made of, for ``get_weather`` two.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    low: str
    stems: tuple[str, ...]

    @property
    def capital(self) -> bool:
        """Whether it is a word that begins with a capital letter."""
        return self.kind == "word" and self.text[0].isupper()


def tokens(text: str) -> list[Token]:
    """The text's tokens in their order."""
    found = []
    for match in _TOKEN.finditer(text):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]  # the groups are the kinds
        start, end = match.span()
        said = match[0]
        if kind == "quoted":
            said = said[1:-1].strip()
        elif kind == "url":
            said = said.rstrip(".,;:!?)")
        elif kind == "word" and said[-2:].lower() in ("'s", "’s"):
            said = said[:-2]
        low = said.lower()
        stems = tuple(map(stem, name_words(said))) if kind == "word" else ()
        found.append(Token(kind, said, start, end, low, stems))
    return found
