"""The English that `builtin/tools` knows: words that link, list, ask, name a day or stand before an argument."""

from __future__ import annotations

import functools
from typing import Final

from livethread.providers.builtin.words import TOO_COMMON, stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def stems(text: str) -> frozenset[str]:
    """The stems of some words."""
    return frozenset(map(stem, text.split()))


PREPOSITIONS: Final = _words("in for to of from at on about with by near named called between into")
ARTICLES: Final = _words("a an the my your our his her their this that these those")
LISTING: Final = _words(", and or & plus +")
ENDS: Final = frozenset(".;?!\n")
CLAUSE_ENDS: Final = ENDS | _words("and also plus but")
PARTICLES: Final = _words("da de del di do la le van von")
"""Words in small letters that stand inside a name."""
WHEN: Final = _words(
    "today tomorrow yesterday tonight morning evening monday tuesday wednesday thursday friday saturday sunday "
    "january february march april june july august september october november december"
)
COUNTED: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
ASKING: Final = _words(
    "add ask book buy calculate call check compute convert create delete display do fetch find get give go help list "
    "look make now open order pick play read remind reserve run say schedule search see send set start stop switch "
    "translate turn update write also and or then plus but if so"
)
"""Words that a request begins with, so that their capital letter makes no name of them."""
TOLD: Final = _words("is has was lives works wants needs likes")
"""Words behind which what is told of somebody stands, so that the word before them is a name."""
COMMON: Final = TOO_COMMON | WHEN | PREPOSITIONS

NO_ORDER: Final = _words("since until till by back if")
"""Words that make a time of the "then" behind them."""
VAGUE: Final = stems("add call check create current delete fetch find list look new search send set update")
"""Half of all functions begin with one of these, so none of them alone names a function."""

LINKS: Final = _words("of is are be to as = :")
NEGATIONS: Final = _words("no not without never don't dont don’t isn't isn’t")
ANSWERS: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}

_BEHIND: Final = {
    "in": "city location place country region town area timezone zone language currency unit format",
    "to": "destination target recipient receiver arrival end until language currency unit name person",
    "into": "to destination target language currency unit",
    "from": "origin source departure sender start since",
    "at": "time hour location place address",
    "on": "date day",
    "for": "name person user customer topic duration",
    "about": "subject topic query",
    "by": "author",
    "named": "name title",
    "called": "name title",
    "with": "guest attendee participant",
}


@functools.lru_cache(maxsize=1024)
def before(parameter: frozenset[str]) -> frozenset[str]:
    """The prepositions that stand before the value of a parameter with these stems."""
    return frozenset(preposition for preposition, names in _STEMS_BEHIND.items() if names & parameter)


_STEMS_BEHIND: Final = {preposition: stems(names) for preposition, names in _BEHIND.items()}

# What the words of a parameter's name say about its value.
MOMENTS: Final = stems("date day when month time start end until deadline due")
FREE: Final = stems(
    "query q search text message content body prompt question input note title subject description expression "
    "keywords sql code comment reason"
)
NUMBERED: Final = stems("id number zip phone ticket sku reference account isbn")
MEASURES: Final = stems("unit currency from to measure")
RECEIVERS: Final = stems("to recipient")
ADDRESSES: Final = stems("email mail")
SAYS_LITTLE: Final = stems("is has have include use with enable show should")
