"""JSON Schema as callers write it: references, alternatives, and the smallest value that a schema names itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from livethread.providers.builtin.tools.functions import as_list, as_mapping

Schema = Mapping[str, Any]

_MOST_STEPS = 6_000
_HOPS = 16


class TooMuch(Exception):
    """A schema is so large or so deep that looking at all of it would hold up every other thread."""


class Work:
    """What may be done for one turn; each look at a schema is a step."""

    def __init__(self, steps: int = _MOST_STEPS) -> None:
        self._left = steps

    def step(self, count: int = 1) -> None:
        """Take steps.

        Raises:
            TooMuch: there are none left.
        """
        self._left -= count
        if self._left < 0:
            raise TooMuch


class Document:
    """One schema with everything that its references lead to.

    Args:
        root: the whole schema.
        work: is used up by looking at it.
    """

    def __init__(self, root: Schema, work: Work) -> None:
        self.root = root
        self.work = work

    def target(self, reference: object) -> object:
        """What a reference within the document leads to; None for one that leads nowhere, or elsewhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: object = self.root
        for part in unquote(reference).removeprefix("#").split("/")[1:]:
            self.work.step()
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(key)
            elif isinstance(found, list) and key.isdecimal() and int(key[:6]) < len(found):
                found = found[int(key[:6])]
            else:
                return None
        return found

    def plain(self, schema: object) -> Schema | None:
        """The schema with its references followed and its ``allOf`` joined; None where nothing can fit."""
        for _ in range(_HOPS):
            self.work.step()
            if schema is True:
                return {}
            if not isinstance(schema, Mapping):
                return None
            if "$ref" in schema:
                target = self.target(schema["$ref"])
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = self.joined(target, rest) if isinstance(target, Mapping) else target
            elif as_list(schema.get("allOf")):
                first, *others = as_list(schema["allOf"])
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                part = self.plain(first)
                if part is None:
                    return None
                schema = self.joined(part, {**rest, "allOf": others} if others else rest)
            else:
                return schema
        return None

    def branches(self, schema: object) -> Iterator[Schema]:
        """The alternatives that a schema leaves, each plain: of ``anyOf``, ``oneOf`` and a list of types."""
        whole = self.plain(schema)
        if whole is None:
            return
        for key in ("anyOf", "oneOf"):
            if as_list(whole.get(key)):
                rest = {name: value for name, value in whole.items() if name != key}
                for branch in as_list(whole[key]):
                    part = self.plain(branch)
                    if part is not None:
                        yield from self.branches(self.joined(part, rest))
                return
        if isinstance(whole.get("type"), list):
            for kind in whole["type"]:
                self.work.step()
                yield {**whole, "type": kind}
        else:
            yield whole

    def joined(self, one: Schema, other: Schema) -> Schema:
        """Both schemas in one: what they require and their properties added up, otherwise what the second says."""
        both = {**one, **other}
        for key in ("properties", "$defs"):
            if key in one and key in other:
                both[key] = {**as_mapping(one[key]), **as_mapping(other[key])}
                self.work.step(len(both[key]) // 8)
        if "required" in one and "required" in other:
            both["required"] = [*as_list(one["required"]), *as_list(other["required"])]
        for key in ("anyOf", "oneOf"):
            if key in one and key in other:  # only one of the two can be followed; the check at the end knows both
                both[key] = one[key]
        self.work.step(1 + len(both) // 8)
        return both


def kind_of(schema: Schema) -> str | None:
    """The type that a plain schema asks for, also where only its other keywords tell."""
    if isinstance(schema.get("type"), str):
        return str(schema["type"])
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if any(key in schema for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")):
        return "number"
    return None


def properties_of(schema: Schema) -> Mapping[str, Any]:
    """The properties that an object schema describes, and those that it only requires."""
    properties = as_mapping(schema.get("properties"))
    only_required = {
        name: True for name in as_list(schema.get("required")) if isinstance(name, str) and name not in properties
    }
    return {**properties, **only_required}
