"""The smallest value that a schema has, for what a message does not tell."""

from __future__ import annotations

from typing import Any

from livethread.providers.builtin.tools.fitting import fits
from livethread.providers.builtin.tools.functions import as_list
from livethread.providers.builtin.tools.schemas import Document, Schema, kind_of, properties_of

_DEPTH = 8
_SHAPES = {
    "date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "00:00:00Z", "email": "somebody@example.com",
    "uri": "https://example.com", "uuid": "00000000-0000-4000-8000-000000000000", "ipv4": "127.0.0.1",
}  # fmt: skip
_LONGEST = 1_000


def least(schema: object, document: Document, *, forced: bool, depth: int = 0) -> tuple[Any] | None:
    """A value that fits, in a tuple, as null is one too.

    Args:
        schema: what it must fit.
        document: where references lead.
        forced: make a value up where the schema names none: no default, no list of values, no bound of a number.
        depth: how deep in the whole value this is.

    Returns:
        None if there is none.

    Raises:
        TooMuch: the schema is too large.
    """
    if depth > _DEPTH:
        return None
    # What may be left null is left null, wherever null stands among the alternatives.
    branches = sorted(document.branches(schema), key=lambda branch: branch.get("type") != "null")
    for branch in branches:
        for value in _values(branch, document, forced, depth):
            if fits(value, schema, document):
                return (value,)
    return None


def _values(schema: Schema, document: Document, forced: bool, depth: int) -> list[Any]:
    """What may be tried for a plain schema, in this order."""
    if "default" in schema:
        named = [schema["default"]]
    elif "const" in schema:
        named = [schema["const"]]
    else:
        named = as_list(schema.get("enum"))[:100]
    if named:
        return named
    match kind_of(schema):
        case "null":
            return [None]
        case "boolean":
            return [False]
        case "integer" | "number":
            return _numbers(schema, forced)
        case "object":
            return _objects(schema, document, forced, depth)
        case "array" if forced:
            return _arrays(schema, document, depth)
        case "string" | None if forced:
            return _strings(schema)
        case _:
            return []


def _numbers(schema: Schema, forced: bool) -> list[Any]:
    keys = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [schema[key] for key in keys if isinstance(schema.get(key), int | float) and schema[key] is not True]
    if not bounds and not forced:
        return []
    step = schema.get("multipleOf")
    step = step if isinstance(step, int | float) and step > 0 else 1
    tried: list[Any] = []
    for bound in bounds:
        at = bound if kind_of(schema) == "number" else int(bound // 1)
        nearest = int(bound // step) * step if abs(bound) < 1e15 else bound
        tried += [at, at + 1, at - 1, nearest, nearest + step, (at + bounds[-1]) / 2]
    return [*tried, 0, 1, step]


def _strings(schema: Schema) -> list[Any]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    text = _SHAPES.get(str(schema.get("format")), "text")
    if isinstance(least, int) and isinstance(most, int) and 0 <= least <= _LONGEST and most >= 0:
        text = (text * (least // len(text) + 1))[: max(least, len(text))][:most]
    return [*as_list(schema.get("examples")), text, ""]


def _arrays(schema: Schema, document: Document, depth: int) -> list[Any]:
    wanted = schema.get("minItems", 0)
    if not isinstance(wanted, int) or wanted > 20:
        return []
    first = [*as_list(schema.get("prefixItems")), *as_list(schema.get("items"))]
    rest = schema.get("items", True)
    parts = [*first[:wanted], *[rest] * max(wanted - len(first), 0)]
    values = [least(part, document, forced=True, depth=depth + 1) for part in parts]
    return [[value[0] for value in values if value is not None]]


def _objects(schema: Schema, document: Document, forced: bool, depth: int) -> list[Any]:
    properties = properties_of(schema)
    made: dict[str, Any] = {}
    for name in dict.fromkeys(one for one in as_list(schema.get("required")) if isinstance(one, str)):
        value = least(properties[name], document, forced=forced, depth=depth + 1)
        if value is None:
            return []
        made[name] = value[0]
    return [made]
