"""An object for a schema, from what a message mentions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from livethread.providers.builtin.tools.mentions import Mention, Said
from livethread.providers.builtin.tools.schemas import Document, Schema, allows, as_list, as_mapping, between, listed
from livethread.providers.builtin.words import name_stems, stem

_DEPTH = 5
_MOST_ITEMS = 8
_MOST_PROPERTIES = 64
_MOST_OBJECTS = 8
_LEADING = re.compile(r"^(?:[\s:,.-]|(?:for|that|about|of|to|is|the|an?)\b)+", re.IGNORECASE)


def _stems(words: str) -> frozenset[str]:
    return frozenset(map(stem, words.split()))


_BEHIND: Mapping[str, frozenset[str]] = {
    "in": _stems("city location place country timezone language currency unit"),
    "to": _stems("destination target recipient end language currency unit"),
    "from": _stems("origin source start"),
    "on": _stems("date day"),
    "for": _stems("name person user customer"),
}  # what the properties are called whose values stand behind a preposition
_FREE = _stems("query search text message content body prompt question note title subject task")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no object: a required property that nothing can be, or a keyword of its schema."""

    path: str = ""
    description: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A value that is wanted: for which property, whether it must be, only as marked ("in Rome"), only of a list."""

    path: str
    required: bool
    marked: bool = False
    chain: int | None = None


class Filling:
    """Fills one schema; the mentions it has used are used up.

    Args:
        root: the schema.
        said: where values come from.
        rest: all of what a text may be that is not mentioned in any other way, such as a query.
        forced: there must be a value, so make one up rather than miss one.
    """

    def __init__(self, root: Schema, said: Said, rest: str, *, forced: bool) -> None:
        self._document = Document(root)
        self._said = said
        self._rest = _LEADING.sub("", rest).rstrip(" \n,.;!?").removesuffix("please").rstrip(" \n,.;!?")
        self._forced = forced
        self._used: list[Mention] = []
        self._missing: Missing | None = None

    def objects(self) -> list[dict[str, Any]] | Missing:
        """One object, or several where the message has several values for one of its properties.

        Raises:
            TooMuch: the schema is too large.
        """
        schema = self._document.plain(self._document.root)
        one = self._object(schema, "") if schema is not None and schema["type"] in ("object", "any") else None
        if schema is None or one is None:
            return self._missing or Missing(unknown=self._document.unknown)
        objects, chains = [one], {mention.text: mention.chain for mention in self._used}
        for name, value in one.items():
            chain = chains.get(str(value), 0)
            wanted = _Wanted(name, required=True, chain=chain)
            part = as_mapping(schema.get("properties")).get(name)
            while chain and len(objects) < _MOST_OBJECTS and (other := self._value(part, wanted)):
                objects += [{**one, name: other[0]}] if {**one, name: other[0]} not in objects else []
            if len(objects) > 1:
                break
        return objects

    def _object(self, schema: Schema, prefix: str) -> dict[str, Any] | None:
        parts = dict(islice(as_mapping(schema.get("properties")).items(), _MOST_PROPERTIES))
        needed = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
        parts |= {name: schema.get("additionalProperties", True) for name in needed if name not in parts}
        plain = {name: self._document.plain(part) or {} for name, part in parts.items()}
        # Where everything is required, as in strict mode, null is what leaves a property out.
        required = {name for name in needed if not plain[name].get("nullable")}
        # What only few mentions can be chooses first; then what must be there.
        order = sorted(plain, key=lambda name: ("enum" not in plain[name], name not in required))
        found: dict[str, Any] = {}
        for marked, name in [(marked, name) for marked in (True, False) for name in order]:
            value = self._value(parts[name], _Wanted(prefix + name, name in required, marked), skip=name in found)
            found |= {} if value is None else {name: value[0]}
        for name in (name for name in needed if name not in found):
            least = self._least(parts[name], prefix + name)
            if least is None:
                told = str(plain[name].get("description", ""))
                self._missing = self._missing or Missing(prefix + name, told, self._document.unknown)
                return None
            found[name] = least[0]
        return {name: found[name] for name in parts if name in found}

    def _value(self, schema: object, wanted: _Wanted, *, skip: bool = False) -> tuple[Any] | None:
        """A value that the message tells, in a tuple; nothing is used up if there is none."""
        self._document.unknown = ""
        used, missing = list(self._used), self._missing
        plain = None if skip or wanted.path.count(".") > _DEPTH else self._document.plain(schema)
        value = None if plain is None else self._told(plain, wanted)
        if value is None or len(self._used) == len(used):
            self._used, self._missing = used, self._missing if wanted.required else missing
            return None
        return value

    def _told(self, schema: Schema, wanted: _Wanted) -> tuple[Any] | None:
        if schema["type"] == "object":
            found = None if wanted.marked else self._object(schema, f"{wanted.path}.")
            return None if found is None else (found,)
        if schema["type"] == "array":
            return self._array(schema, wanted)
        for value, mention in self._offered(schema, wanted):
            self._document.step()
            if self._is_free(mention, wanted) and allows(schema, value):
                self._used.append(mention)
                return (value,)
        return None

    def _array(self, schema: Schema, wanted: _Wanted) -> tuple[Any] | None:
        items: list[Any] = []
        while len(items) < _MOST_ITEMS and between(schema, "", len(items) + 1, "maxItems"):
            found = self._value(schema.get("items", True), wanted)
            if found is None:
                break
            items.append(found[0])
            wanted = _Wanted(wanted.path, True, chain=None if isinstance(found[0], dict) else self._used[-1].chain)
        return (items,) if items and between(schema, "minItems", len(items), "maxItems") else None

    def _offered(self, schema: Schema, wanted: _Wanted) -> Iterator[tuple[Any, Mention]]:
        """What a value could be, the likeliest first."""
        stems, kind, values = name_stems(wanted.path.rpartition(".")[2]), schema["type"], listed(schema)
        mentions = [one for one in self._said.mentions if not wanted.marked or _is_marked(one, stems)]
        if values is not None:
            for value in values:
                self._document.step()
                named = self._said.places(value) if isinstance(value, str) else ()
                yield from ((value, one) for one in named if not wanted.marked or _is_marked(one, stems))
                yield from ((value, one) for one in mentions if one.kind == "number" and one.number == value)
        elif kind == "boolean":
            yield from self._truths(stems)
        elif kind in ("number", "integer"):
            yield from ((one.number, one) for one in mentions if one.kind == "number")
        else:
            free, certain = bool(stems & _FREE), not (wanted.required or wanted.marked)
            kinds = ["quoted"] if free else ["quoted", "name"]
            kinds += [] if certain or (free and not wanted.marked) else ["name", "code", "word", "date", "number"]
            kinds = ["date"] if schema.get("format") == "date" else kinds
            yield from ((one.text, one) for kind in kinds for one in mentions if one.kind == kind)
            if free and wanted.required and not wanted.marked and self._rest:
                yield self._rest, Mention("rest", self._rest, -1, -1)

    def _truths(self, stems: frozenset[str]) -> Iterator[tuple[bool, Mention]]:
        """Whether what a property is called is said, or denied."""
        tokens = self._said.tokens
        for at, token in enumerate(tokens):
            if not (stems - {"is", "ha", "includ"}).isdisjoint(token.stems):
                near = {one.low for one in (*tokens[max(at - 2, 0) : at], *tokens[at + 1 : at + 3])}
                denied = not near.isdisjoint({"no", "not", "without", "never", "don't", "false", "off"})
                yield not denied, Mention("word", token.text, token.start, token.end)

    def _is_free(self, mention: Mention, wanted: _Wanted) -> bool:
        if any(one.start < mention.end and mention.start < one.end for one in self._used):
            return False
        if wanted.chain is not None:
            return mention.chain == wanted.chain != 0
        # "I want to know" has no destination; and the rest of a list is for further calls, unless it has to be here.
        loose = mention.kind == "word" and mention.before == "to"
        others = mention.chain > 0 and any(one.chain == mention.chain for one in self._used)
        return not others if wanted.marked else not loose and (wanted.required or not others)

    def _least(self, schema: object, path: str) -> tuple[Any] | None:
        """The smallest value that a schema names itself; a made up one if there must be one."""
        plain = self._document.plain(schema)
        if plain is None or path.count(".") > _DEPTH:
            return None
        if plain["type"] == "object" and not plain["nullable"]:
            made = self._object(plain, f"{path}.")
            return None if made is None else (made,)
        if plain["type"] == "array" and self._forced and between(plain, "minItems", 0, "maxItems"):
            return ([],)
        values = [plain["default"]] if "default" in plain else []
        values += (listed(plain) or []) + ([None] if plain["nullable"] else []) + _made_up(plain, self._forced)
        fitting = (value for value in values if not isinstance(value, dict | list) and allows(plain, value))
        return next(((value,) for value in fitting), None)


def _is_marked(mention: Mention, stems: frozenset[str]) -> bool:
    """Whether the words around a mention speak of a property."""
    behind = mention.kind == "number" and not stems.isdisjoint(mention.after)
    return behind or stem(mention.before) in stems or bool(_BEHIND.get(mention.before, frozenset()) & stems)


def _made_up(schema: Schema, forced: bool) -> list[Any]:
    """False, what the bounds of a number name, and where it must be, any value."""
    keys = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [schema[key] for key in keys if isinstance(schema.get(key), int | float) and abs(schema[key]) < 1e15]
    near = [value for one in bounds for value in (math.ceil(one), math.floor(one) + 1, math.ceil(one) - 1, one)]
    numbers = [*near, *([sum(bounds) / len(bounds)] if bounds else [])]
    texts = ["2026-01-01"] if schema.get("format") == "date" else ["text", "text" * 8, "te", "t", ""]
    return [False, *numbers, *([0, *texts] if forced else [])]
