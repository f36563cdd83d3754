"""What a message mentions that an argument could be: names, quotes, numbers, dates, words behind prepositions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from livethread.providers.builtin.tools.tokens import Token, tokens
from livethread.providers.builtin.tools.vocabulary import (
    ARTICLES,
    ASKING,
    COMMON,
    COUNTED,
    ENDS,
    LISTING,
    PARTICLES,
    PREPOSITIONS,
    TOLD,
    WHEN,
)
from livethread.providers.builtin.words import name_words, stem

MentionKind = Literal["quoted", "name", "word", "unit", "number", "date", "time", "when", "email", "url", "code"]

READ = 2_000
"""Characters of a message that are read; what is behind them is seldom the request."""

_PHRASE = 3  # words behind a preposition that are taken together


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that an argument could be.

    Args:
        kind: what it looks like; ``word`` is one in small letters behind a preposition, ``unit`` one behind a number.
        value: the argument it would be.
        start: where it begins in the message.
        end: where it ends.
        before: the word before it, and the one before that; for a further one of a list those of the first.
        after: stems of the word behind it.
        chain: equal for those of one list, as in ``Rome, Paris and Oslo``, and for all that a schema lists (0).
    """

    kind: MentionKind
    value: str | int | float
    start: int
    end: int
    before: tuple[str, str] = ("", "")
    after: tuple[str, ...] = ()
    chain: int = 0


class Said:
    """A text, its tokens, and what it mentions.

    Args:
        text: of which the first characters are read.
        verbs: stems of words that ask for a function and so are no names, however they are spelt.
    """

    def __init__(self, text: str, verbs: frozenset[str] = frozenset()) -> None:
        self.text = text[:READ]
        self.tokens = tokens(self.text)
        self._verbs = verbs
        self._at: dict[str, list[int]] = {}
        for at, token in enumerate(self.tokens):
            for key in {token.low, *token.stems} if token.kind != "mark" else ():
                self._at.setdefault(key, []).append(at)
        self.mentions = self._chained(sorted(self._found(), key=lambda found: found[0]))

    def asks(self, stems: frozenset[str]) -> bool:
        """Whether one of these words is said."""
        return not stems.isdisjoint(self._at)

    def or_all_of_it(self) -> Said:
        """This text; where it mentions nothing, all of it is one mention, as in the reply "rome" to a question."""
        whole = self.text.strip().rstrip(".!")
        if not self.mentions and whole:
            self.mentions = [Mention("quoted", whole, 0, len(self.text))]
        return self

    def _found(self) -> Iterator[tuple[int, int, Mention]]:
        """Each mention with its first token and the one behind its last."""
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            end = at + 1
            match token.kind:
                case "mark":
                    pass
                case "word" | "number" if token.kind == "number" or token.low in COUNTED:
                    yield self._mention(at, end, "number", COUNTED.get(token.low) or _number(token.text))
                    if self._is_unit(end):
                        yield self._mention(end, end + 1, "unit", self.tokens[end].text)
                        end += 1
                case "word" if token.low in WHEN:
                    yield self._mention(at, end, "when", token.text)
                case "word" if any(map(str.isdigit, token.text)):
                    yield self._mention(at, end, "code", token.text)
                case "word" if self._is_name(at):
                    end = self._name_end(at)
                    lone = end == at + 1 and self._begins(at) and not self._shows_name(end)
                    yield self._mention(at, end, "word" if lone else "name", self._slice(at, end))
                case "word" if token.low in PREPOSITIONS:
                    for first, end in self._phrases(at + 1):
                        yield self._mention(first, end, "word", self._slice(first, end))
                case "word":
                    pass
                case kind:
                    yield self._mention(at, end, kind, token.text)
            at = end

    def _mention(self, first: int, end: int, kind: MentionKind, value: str | int | float) -> tuple[int, int, Mention]:
        after = self._stems(end)
        mention = Mention(kind, value, self.tokens[first].start, self.tokens[end - 1].end, self._before(first), after)
        return first, end, mention

    def _is_unit(self, at: int) -> bool:
        """Whether this word, behind a number, is what is counted."""
        return at < len(self.tokens) and (self._is_plain(at) or self._is_name(at))

    def _is_plain(self, at: int) -> bool:
        """Whether this is a word of its own, in small letters, that tells something."""
        if at >= len(self.tokens) or self.tokens[at].kind != "word":
            return False
        token = self.tokens[at]
        known = token.low in COMMON or token.low in ASKING or token.low in COUNTED
        return not (token.capital or known or self._asks(token))

    def _is_name(self, at: int) -> bool:
        token = self.tokens[at]
        return token.capital and not (
            token.low in COMMON or self._asks(token) or (self._begins(at) and token.low in ASKING)
        )

    def _asks(self, token: Token) -> bool:
        return bool(token.stems) and self._verbs.issuperset(token.stems)

    def _begins(self, at: int) -> bool:
        """Whether a sentence begins here, where a capital letter says nothing."""
        return at == 0 or self.tokens[at - 1].text in ENDS

    def _shows_name(self, at: int) -> bool:
        """Whether what follows shows that the word before it is a name: a further name, or what is told of it."""
        if at >= len(self.tokens):
            return False
        listed = self.tokens[at].low in LISTING and at + 1 < len(self.tokens) and self._is_name(at + 1)
        return listed or self.tokens[at].low in TOLD

    def _name_end(self, at: int) -> int:
        """Behind the last word of a name such as ``Rio de Janeiro`` or ``San Francisco, CA``."""
        end = at + 1
        while end < len(self.tokens) and self._touch(end):
            if self._is_name(end):
                end += 1
            elif (
                self.tokens[end].low in PARTICLES
                and end + 1 < len(self.tokens)
                and self._touch(end + 1)
                and self._is_name(end + 1)
            ):
                end += 2
            else:
                break
        code = self.tokens[end + 1].text if end + 1 < len(self.tokens) and self.tokens[end].text == "," else ""
        return end + 2 if len(code) == 2 and code.isalpha() and code.isupper() else end

    def _phrases(self, at: int) -> Iterator[tuple[int, int]]:
        """The words in small letters behind a preposition, and those that follow as a list."""
        while at < len(self.tokens) and self.tokens[at].low in ARTICLES:
            at += 1
        end = self._phrase_end(at)
        while end > at:
            yield at, end
            at = end
            while at < len(self.tokens) and self.tokens[at].low in LISTING:
                at += 1
            end = self._phrase_end(at) if at > end else at
            # What follows "and" is one more of the list only if nothing else is said of it.
            if not (end >= len(self.tokens) or self.tokens[end].kind == "mark" or self._is_link(end)):
                return

    def _phrase_end(self, at: int) -> int:
        end = at
        while end < at + _PHRASE and self._is_plain(end) and (end == at or self._touch(end)):
            end += 1
        return end

    def _is_link(self, at: int) -> bool:
        low = self.tokens[at].low
        return low in LISTING or low in PREPOSITIONS or low in WHEN or low in ("please", "then")

    def _touch(self, at: int) -> bool:
        """Whether nothing but a space is before this token."""
        return self.text[self.tokens[at - 1].end : self.tokens[at].start] == " "

    def _slice(self, first: int, end: int) -> str:
        last = self.tokens[end - 1]
        return self.text[self.tokens[first].start : last.start] + last.text

    def places(self, value: str) -> Iterator[Mention]:
        """Where a text names this value, in whatever form of the word; one of a letter or two only as it is spelt."""
        if len(value) <= 2:
            for at in self._at.get(value.lower(), ()):
                if self.tokens[at].text == value:
                    yield self._mention(at, at + 1, "word", value)[2]
            return
        found = sorted({*self._at.get(value.lower(), ()), *self._at.get(stem(value.lower()), ())})
        for at in found:
            yield self._mention(at, at + 1, "word", value)[2]
        if not found:
            yield from self._in_several_words(value)

    def _in_several_words(self, value: str) -> Iterator[Mention]:
        said = name_words(value)
        for at in self._at.get(stem(said[0]), ()) if len(said) > 1 else ():
            tokens = self.tokens[at : at + len(said)]
            if [token.stems for token in tokens] == [(stem(word),) for word in said]:
                yield self._mention(at, at + len(said), "word", value)[2]

    def _before(self, at: int) -> tuple[str, str]:
        words: list[str] = []
        for token in reversed(self.tokens[max(at - 6, 0) : at]):
            if token.text in ENDS or len(words) == 2:
                break
            if token.kind == "word" and token.low not in ARTICLES:
                words.append(token.low)
        return (*words, "", "")[:2]  # type: ignore[return-value]

    def _stems(self, at: int) -> tuple[str, ...]:
        return self.tokens[at].stems if at < len(self.tokens) else ()

    def _chained(self, found: list[tuple[int, int, Mention]]) -> list[Mention]:
        """The mentions, with those of one list marked; ``Paris, France`` is one name."""
        chained: list[tuple[int, int, Mention]] = []
        latest: dict[MentionKind, tuple[int, Mention]] = {}
        for chain, (first, end, mention) in enumerate(found, start=1):
            mention = replace(mention, chain=chain)
            if mention.kind in latest:
                behind, earlier = latest[mention.kind]
                if self._lists(behind, first, earlier.before[0]):
                    mention = replace(mention, chain=earlier.chain, before=earlier.before)
            latest[mention.kind] = (end, mention)
            chained.append((first, end, mention))
        sizes = Counter(mention.chain for _, _, mention in chained)
        mentions: list[Mention] = []
        for first, end, mention in chained:
            pair = bool(mentions) and mentions[-1].chain == mention.chain and sizes[mention.chain] == 2
            if pair and mention.kind == "name" and self.tokens[first - 1].text == ",":
                whole = f"{mentions[-1].value}, {mention.value}"
                mentions[-1] = replace(mentions[-1], value=whole, end=mention.end, after=self._stems(end))
            else:
                mentions.append(mention)
        return mentions

    def _lists(self, end: int, first: int, preposition: str) -> bool:
        """Whether what stands between two mentions makes a list of them: commas, "and", the same preposition."""
        between = [token.low for token in self.tokens[end : min(first, end + 5)]]
        if first - end > 4 or not any(low in LISTING for low in between):
            return False
        return all(low in LISTING or low in ARTICLES or low == preposition for low in between)


def _number(text: str) -> int | float:
    digits = text.replace(",", "").replace("−", "-")
    return float(digits) if "." in digits else int(digits)
