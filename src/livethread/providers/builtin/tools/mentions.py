"""What a message mentions that an argument could be: quotes, numbers, dates, names, words behind prepositions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from livethread.providers.builtin.words import TOO_COMMON, name_words, stem

_READ = 2_000  # characters of a message; what is behind them is seldom the request
_MOST = 100  # mentions
_PHRASE = 3  # words behind a preposition that are taken together

PREPOSITIONS: Final = frozenset(
    ["in", "for", "to", "of", "from", "at", "on", "about", "with", "by", "near", "named", "called", "between", "into"]
)
VAGUE: Final = frozenset(
    stem(word)
    for word in (
        "add", "call", "check", "create", "delete", "fetch", "find", "list", "look", "search", "send", "set", "update",
    )
)  # fmt: skip
"""Stems of words that half of all functions begin with: none of them alone names a function, or is a value."""

_LISTING = frozenset([",", "and", "or", "&"])
# Behind the last word of a phrase.
_ENDING = PREPOSITIONS | _LISTING | {"please", "then", "now", "today", "tomorrow"}
# Between a value and the word that tells what it is.
_SKIPPED = frozenset(["a", "an", "the", "my", "your", "is", "of", "=", ":", "("])

# Every repetition is bounded, so that no message takes longer than its length.
_TOKEN = re.compile(
    r"""
      (?P<quoted> "[^"\n]{1,500}" | “[^”\n]{1,500}” | `[^`\n]{1,500}` | (?<!\w)'[^'\n]{1,500}'(?!\w) )
    | (?P<date> (?<!\d)\d{4}-\d\d-\d\d (?!\w) )
    | (?P<code> https?://[^\s"'<>]{1,500} | [\w.+-]{1,64}@[\w.-]{1,200}\w | \d{16,500} | \d{1,2}:\d\d(?!\w) )
    | (?P<number> (?:(?<![\w)])[-−])?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,15})?(?!\d) )
    | (?P<word> [^\W\d_](?:[\w’'/-]{0,98}\w)? )
    | (?P<mark> [.,;:?!&=()\n] )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a message: its kind (a group of the pattern), itself, its place, the stems of its words."""

    kind: str
    text: str
    start: int
    end: int
    stems: tuple[str, ...]

    @property
    def low(self) -> str:
        """Itself in small letters."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that an argument could be."""

    kind: str
    """That of its token; ``name`` for words with capital letters."""
    text: str
    start: int
    end: int
    before: str = ""
    """The word before it; of a list, the one before the first."""
    after: tuple[str, ...] = ()
    """Stems of the word behind it."""
    chain: int = 0
    """Equal for those of one list, as in "Rome, Paris and Oslo"; -1 for values that a schema lists, 0 for none."""

    @property
    def number(self) -> int | float:
        """The value of a number."""
        digits = self.text.replace(",", "").replace("−", "-")
        return float(digits) if "." in digits else int(digits)


class Said:
    """A text as tokens and mentions.

    Args:
        text: of which the beginning is read.
        verbs: stems of words that ask for a function and so are no values.
    """

    def __init__(self, text: str, verbs: frozenset[str] = frozenset()) -> None:
        self.text = text[:_READ]
        self.tokens = tuple(_tokens(self.text))
        self.verbs = VAGUE | verbs
        self.mentions = tuple(self._chained())

    def places(self, value: str) -> Iterator[Mention]:
        """Where a value that a schema lists is named, in any form of its words; a short one only as it is spelt."""
        wanted = [(stem(word),) for word in name_words(value[:100])]
        for at, token in enumerate(self.tokens):
            part = self.tokens[at : at + len(wanted)]
            same = wanted and token.stems == wanted[0] and [one.stems for one in part] == wanted
            if same and (len(value) > 2 or token.text == value):
                yield Mention("listed", value, token.start, part[-1].end, self._before(at), chain=-1)

    def _chained(self) -> Iterator[Mention]:
        """The mentions in the order of the text, those of one list chained."""
        latest: dict[str, tuple[int, Mention]] = {}
        for first, end, kind in islice(self._found(), _MOST):
            begins, last = self.tokens[first].start, self.tokens[end - 1]
            text = self.text[begins : last.start] + last.text if end > first + 1 else last.text
            after = self.tokens[end].stems if end < len(self.tokens) else ()
            mention = Mention(kind, text, begins, last.end, self._before(first), after, chain=first + 1)
            behind, earlier = latest.get(kind, (0, mention))
            between = [token.low for token in self.tokens[behind : min(first, behind + 5)]]
            linked = not _LISTING.isdisjoint(between) and {earlier.before, *_LISTING, *_SKIPPED}.issuperset(between)
            if linked and earlier is not mention and first - behind < 5:  # only a comma, "and", the same preposition
                mention = replace(mention, before=earlier.before, chain=earlier.chain)
            latest[kind] = end, mention
            yield mention

    def _found(self) -> Iterator[tuple[int, int, str]]:
        """The first token of each mention, the one behind its last, and its kind."""
        at, phrase = 0, -1
        while at < len(self.tokens):
            token, end = self.tokens[at], at + 1
            if self._is_name(at):
                end = self._name_end(at)
                # A capital letter tells nothing at the beginning of a sentence, unless there is more of a name.
                begins = at == 0 or self.tokens[at - 1].text in ".;?!\n"
                lone = end == at + 1 and begins and not (self._is(end, _LISTING) and self._is_name(end + 1))
                yield at, end, "word" if lone else "name"
            elif token.low in PREPOSITIONS or (phrase == at and token.low in _LISTING):
                first, end = self._phrase(at + 1)
                # What follows "and" is one more of a list only if nothing else is said of it.
                last = end >= len(self.tokens) or self.tokens[end].kind == "mark" or self._is(end, _ENDING)
                if end > first and (last or phrase != at):
                    yield first, end, "word"
                    phrase = end
            elif token.kind not in ("word", "mark"):
                yield at, end, token.kind
                if token.kind == "number" and self._tells(end):  # such as "celsius" in "20 celsius"
                    yield end, end + 1, "word"
                    end += 1
            elif any(map(str.isdigit, token.text)):
                yield at, end, "code"
            at = end

    def _phrase(self, at: int) -> tuple[int, int]:
        """The words in small letters from here on."""
        while self._is(at, _SKIPPED | _LISTING):
            at += 1
        end = at
        while end < at + _PHRASE and self._tells(end) and not self._is_name(end):
            end += 1
        return at, end

    def _name_end(self, at: int) -> int:
        """Behind a name such as ``New York``; a comma may add to it, as in ``Boston, MA`` or ``Paris, France``."""
        end = at + 1
        while self._is_name(end) and self.text[self.tokens[end - 1].end : self.tokens[end].start] == " ":
            end += 1
        if not (self._is(end, ",") and self._is_name(end + 1)):
            return end
        listed = self._is(at - 1, _LISTING) or (self._is(end + 2, _LISTING) and self._is_name(end + 3))
        return end + 2 if not listed or len(self.tokens[end + 1].text) == 2 else end

    def _before(self, at: int) -> str:
        """The word that tells what the value here is: "in" for "in the Alps", "radius" for "radius = 2"."""
        near = (token for token in reversed(self.tokens[max(at - 3, 0) : at]) if token.low not in _SKIPPED)
        return next((token.low if token.kind == "word" else "" for token in near), "")

    def _is(self, at: int, words: Collection[str]) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].low in words

    def _is_name(self, at: int) -> bool:
        return self._tells(at) and self.tokens[at].text[0].isupper()

    def _tells(self, at: int) -> bool:
        """Whether a word is here that could be a value, or a part of one."""
        if at >= len(self.tokens) or self.tokens[at].kind != "word" or self._is(at, TOO_COMMON | _ENDING):
            return False
        return not self.verbs.issuperset(self.tokens[at].stems)


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind, said = str(match.lastgroup), match[0]
        if kind == "quoted":
            said = said[1:-1].strip()
        elif kind == "code":
            said = said.rstrip(".,;:!?)")
        elif kind == "word" and said[-2:].lower() in ("'s", "’s"):
            said = said[:-2]
        stems = tuple(map(stem, name_words(said))) if kind == "word" else ()
        yield Token(kind, said, match.start(), match.end(), stems)
