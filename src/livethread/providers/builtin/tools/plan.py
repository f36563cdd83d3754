"""What a message asks for: which functions, in which order, and where in the message their arguments stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from livethread.providers.builtin.tools.functions import Function
from livethread.providers.builtin.tools.mentions import Said
from livethread.providers.builtin.tools.tokens import Token
from livethread.providers.builtin.tools.vocabulary import CLAUSE_ENDS, NO_ORDER, PREPOSITIONS
from livethread.providers.builtin.words import TOO_COMMON

Span = tuple[int, int]

_MOST_STAGES = 16
_MOST_PICKED = 8


@dataclass(frozen=True, slots=True)
class Task:
    """One function that a stage of the message asks for.

    Args:
        function: which.
        spans: the parts of the message that are about it.
        behind: where the last word stands that asks for it.
    """

    function: Function
    spans: tuple[Span, ...]
    behind: int


def stages(said: Said, functions: Sequence[Function]) -> list[list[Task]]:
    """The functions a message asks for; what stands behind a "then" waits for what stands before it."""
    planned: list[list[Task]] = []
    for tokens in _parted(said.tokens):
        picked = _picked(tokens, functions)
        span = (tokens[0].start, tokens[-1].end)
        if picked:
            planned.append(_tasks(tokens, picked))
        elif planned and any(span[0] <= one.start < span[1] for one in said.mentions):
            # "the weather in Rome, then in Paris"
            planned.append([Task(task.function, (span,), span[0]) for task in planned[-1]])
    return planned


def _parted(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens, cut at each "then" and "after that"."""
    parts: list[list[Token]] = [[]]
    for at, token in enumerate(tokens):
        before = tokens[at - 1].low if at else ""
        then = token.low in ("then", "afterwards") and before not in NO_ORDER
        if (then or (token.low == "that" and before == "after")) and len(parts) < _MOST_STAGES:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _picked(tokens: Sequence[Token], functions: Sequence[Function]) -> list[Function]:
    """The functions that these words are about, the surest first.

    What the name of a function says counts more than what is said about it. A word that has picked one function picks
    no other one, so that "convert 20 celsius" is not about the weather in celsius too.
    """
    said = {stem for token in tokens for stem in token.stems}
    telling = {stem for token in tokens if _tells(token) for stem in token.stems}
    picked: list[Function] = []
    while len(picked) < min(len(functions), _MOST_PICKED):
        rest = [function for function in functions if function not in picked]
        own, told, values, at = max(
            (len(one.own & said), len(one.told & telling), len(one.values & telling), -at)
            for at, one in enumerate(rest)
        )
        if not own and (told < 2 if picked else not told + values):
            break
        best = rest[-at]
        picked.append(best)
        said -= best.own
        telling -= best.own | best.told | best.values
    return picked


def _tells(token: Token) -> bool:
    return token.kind == "word" and token.low not in TOO_COMMON


def _tasks(tokens: Sequence[Token], picked: Sequence[Function]) -> list[Task]:
    """The functions in the order in which they are asked for, each with its clauses."""
    words = _words_of(tokens, picked)
    spans: dict[str, list[Span]] = {function.name: [] for function in picked}
    behind: dict[str, int] = {}
    waiting: list[Span] = []  # clauses before the first that asks for a function
    asked: Sequence[str] = ()
    for clause in _clauses(tokens):
        parts = _shares(clause, words)
        if not parts and not asked:
            waiting.append((clause[0].start, clause[-1].end))
        elif not parts:
            for name in asked:
                spans[name].append((clause[0].start, clause[-1].end))
        for span, names, end in parts:
            asked = names
            for name in names:
                spans[name] += [*waiting, span]
                behind[name] = end
            waiting = []
    whole = (tokens[0].start, tokens[-1].end)
    tasks = [Task(one, tuple(spans[one.name]) or (whole,), behind.get(one.name, whole[0])) for one in picked]
    return sorted(tasks, key=lambda task: task.behind)


def _words_of(tokens: Sequence[Token], picked: Sequence[Function]) -> dict[str, frozenset[str]]:
    """The stems that ask for each function here: those of its name, where one of them is said."""
    said = frozenset(stem for token in tokens for stem in token.stems)
    return {one.name: one.own if one.own & said else one.told | one.values for one in picked}


def _clauses(tokens: Sequence[Token]) -> list[list[Token]]:
    clauses: list[list[Token]] = [[]]
    for token in tokens:
        if token.low in CLAUSE_ENDS:
            clauses.append([])
        elif token.text != ",":
            clauses[-1].append(token)
        elif clauses[-1] and clauses[-1][0].low not in PREPOSITIONS:  # "in Rome, how warm is it" goes together
            clauses.append([])
    return [clause for clause in clauses if clause]


def _shares(clause: Sequence[Token], words: Mapping[str, frozenset[str]]) -> list[tuple[Span, tuple[str, ...], int]]:
    """A clause cut where it begins to speak of another function: its parts, whose they are, where their word ends."""
    parts: list[tuple[Span, tuple[str, ...], int]] = []
    for token in clause:
        names = tuple(name for name, stems in words.items() if not stems.isdisjoint(token.stems))
        if not names:
            continue
        if not parts:
            parts.append(((clause[0].start, clause[-1].end), names, token.end))
            continue
        (start, end), others, behind = parts[-1]
        if set(names) <= set(others):
            parts[-1] = ((start, end), others, token.end)
        else:
            parts[-1] = ((start, token.start), others, behind)
            parts.append(((token.start, end), names, token.end))
    return parts
