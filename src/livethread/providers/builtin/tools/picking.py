"""Which functions a message asks for, in which order, and which words of it are about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from livethread.providers.builtin.tools.mentions import VAGUE, Said, Token
from livethread.providers.builtin.tools.schemas import as_list, as_mapping
from livethread.providers.builtin.words import TOO_COMMON, name_stems, name_words, stem

_READ = 400  # characters of a description
_LISTED = 50  # parameters, and values of each, whose words are known
_MOST_STAGES = 16
_MOST_PICKED = 8


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function that may be called."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    own: frozenset[str]
    """Stems of the words of its name."""
    told: frozenset[str]
    """Stems of all words that speak of it: also its description, its parameters and the values they list."""


@dataclass(frozen=True, slots=True)
class Task:
    """One function that the message asks for."""

    function: Function
    heard: Sequence[Said]
    """Where its arguments may stand: its own part of the stage, else the stage, else the whole message."""
    rest: str
    """The text behind the words that ask for it."""


def functions(tools: Iterable[Mapping[str, Any]]) -> list[Function]:
    """The function tools of a request; of two with one name, the first."""
    found: dict[str, Function] = {}
    for definition in (as_mapping(tool.get("function")) for tool in tools):
        name, described = definition.get("name"), definition.get("description")
        if not isinstance(name, str) or name in found:
            continue
        description = described if isinstance(described, str) else ""
        parameters = as_mapping(definition.get("parameters"))
        told = name_words(description[:_READ])
        for parameter, schema in islice(as_mapping(parameters.get("properties")).items(), _LISTED):
            values = as_list(as_mapping(schema).get("enum"))[:_LISTED]
            told += [word for text in (parameter, *map(str, values)) for word in name_words(text[:_READ])]
        telling = frozenset(stem(word) for word in told if word not in TOO_COMMON)
        own = frozenset(stem(word) for word in name_words(name) if word not in TOO_COMMON) or name_stems(name)
        found[name] = Function(name, description, parameters, own - VAGUE or own, own | telling)
    return list(found.values())


def stages(said: Said, functions: Sequence[Function]) -> list[list[Task]]:
    """The functions a message asks for; what stands behind a "then" waits for what stands before it."""
    lows = ["", *(token.low for token in said.tokens)]
    pairs = zip(lows, said.tokens, strict=False)
    cuts = [one.start for before, one in pairs if one.low == "then" and before not in ("if", "since", "until", "by")]
    planned: list[list[Task]] = []
    for stage in _parts(said, [0, *cuts[:_MOST_STAGES], len(said.text)]):
        picked = _picked(stage, functions)
        if picked:
            planned.append(_tasks(stage, said, picked))
        elif planned and stage.mentions:  # "the weather in Rome, then in Paris"
            planned.append([Task(task.function, [stage], "") for task in planned[-1]])
    return planned


def _picked(stage: Said, functions: Sequence[Function]) -> list[Function]:
    """The functions that are asked for, the surest first: the first by any word, others only by their names.

    A word that has picked one function picks no other one, so that "convert 20 celsius" is not about the weather too.
    """
    said = {stem for token in stage.tokens if token.low not in TOO_COMMON for stem in token.stems}
    picked: list[Function] = []
    while len(picked) < min(len(functions), _MOST_PICKED):
        rest = (function for function in functions if function not in picked)
        best = max(rest, key=lambda one: (len(one.own & said), len(one.told & said)))
        if not (best.own if picked else best.own | best.told) & said:
            break
        picked.append(best)
        said -= best.own
    return picked


def _tasks(stage: Said, said: Said, picked: Sequence[Function]) -> list[Task]:
    """The functions in the order in which they are asked for, each with its part of the stage."""
    places: dict[Function, list[Token]] = {}
    spoken = {stem for token in stage.tokens for stem in token.stems}
    asking = {one: one.own & spoken or one.told for one in picked}
    for token in stage.tokens:
        for one in picked:
            if not asking[one].isdisjoint(token.stems):
                places.setdefault(one, []).append(token)
    starts = [tokens[0].start for tokens in places.values()]
    parts = _parts(stage, [0, *starts[1:], len(stage.text)])
    return [
        Task(one, [part, stage, said], stage.text[tokens[-1].end :])
        for (one, tokens), part in zip(places.items(), parts, strict=True)
    ]


def _parts(said: Said, cuts: Sequence[int]) -> list[Said]:
    return [Said(said.text[start:end], said.verbs) for start, end in pairwise(cuts)]
