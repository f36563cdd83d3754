"""Whether a value fits a schema. Where that cannot be told, it does not."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from livethread.providers.builtin.tools.functions import as_list, as_mapping, plain
from livethread.providers.builtin.tools.schemas import Document, Schema

_DEPTH = 40
_UNKNOWN = (
    "$dynamicRef", "$recursiveRef", "contains", "dependentSchemas", "dependencies", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int, float), "number": (int, float), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip


class _CannotTell(Exception):
    """A keyword that is not known here decides."""


def fits(value: Any, schema: object, document: Document) -> bool:
    """Whether a JSON value is valid by a schema of draft 2020-12, or of an older one.

    Args:
        value: the value.
        schema: the schema.
        document: where its references lead.

    Raises:
        TooMuch: the schema is too large.
    """
    try:
        return _fits(value, schema, document, 0)
    except (_CannotTell, OverflowError):
        return False


def _fits(value: Any, schema: object, document: Document, depth: int) -> bool:
    document.work.step()
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, Mapping) or depth > _DEPTH or any(key in schema for key in _UNKNOWN):
        raise _CannotTell

    def inner(part: Any, within: object) -> bool:
        return _fits(part, within, document, depth + 1)

    return (
        _typed(value, schema, document)
        and ("$ref" not in schema or inner(value, document.target(schema["$ref"])))
        and all(inner(value, part) for part in as_list(schema.get("allOf")))
        and ("anyOf" not in schema or any(inner(value, part) for part in as_list(schema["anyOf"])))
        and ("oneOf" not in schema or sum(inner(value, part) for part in as_list(schema["oneOf"])) == 1)
        and ("not" not in schema or not inner(value, schema["not"]))
        and ("if" not in schema or inner(value, schema.get("then" if inner(value, schema["if"]) else "else", True)))
        and _measured(value, schema)
        and _filled(value, schema, inner)
    )


def _typed(value: Any, schema: Schema, document: Document) -> bool:
    if "const" in schema and canonical(value) != canonical(schema["const"]):
        return False
    if "enum" in schema:
        document.work.step(len(as_list(schema["enum"])) // 4)
        wanted = canonical(value)
        if not any(wanted == canonical(one) for one in as_list(schema["enum"])):
            return False
    if "type" not in schema:
        return True
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(_is(value, kind) for kind in kinds)


def _is(value: Any, kind: object) -> bool:
    if not isinstance(kind, str) or not isinstance(value, _TYPES.get(kind, ())):
        return False
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return kind != "integer" or not isinstance(value, float) or value.is_integer()


def canonical(value: Any) -> str:
    """A text that is equal for equal JSON values; unlike in Python, true is not 1."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{plain(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return plain(int(value) if isinstance(value, float) and value.is_integer() else value)


def _measured(value: Any, schema: Schema) -> bool:
    if isinstance(value, str):
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        pattern = schema.get("pattern", "")
        return _between(len(value), least, most) and isinstance(pattern, str) and _matches(value, pattern)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (
            _between(value, schema.get("minimum", -math.inf), schema.get("maximum", math.inf))
            and _beyond(value, schema.get("exclusiveMinimum"), schema.get("minimum"))
            and _beyond(-value, _negative(schema.get("exclusiveMaximum")), _negative(schema.get("maximum")))
            and _multiple(value, schema.get("multipleOf"))
        )
    return True


def _between(value: float, least: object, most: object) -> bool:
    return isinstance(least, int | float) and isinstance(most, int | float) and least <= value <= most


def _beyond(value: float, bound: object, inclusive: object) -> bool:
    if bound is True:  # draft 4: the other bound is meant
        bound = inclusive
    return bound is None or bound is False or (isinstance(bound, int | float) and value > bound)


def _negative(bound: object) -> object:
    return bound if isinstance(bound, bool) or not isinstance(bound, int | float) else -bound


def _multiple(value: float, step: object) -> bool:
    if step is None:
        return True
    if isinstance(step, bool) or not isinstance(step, int | float) or step <= 0:
        return False
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    times = value / step
    return math.isfinite(times) and times == int(times)


def _matches(value: str, pattern: str) -> bool:
    if not pattern:
        return True
    validator = _pattern(pattern)
    if validator is None:
        raise _CannotTell
    try:
        validator.validate_python(value)
    except ValidationError:
        return False
    return True


@functools.lru_cache(maxsize=256)
def _pattern(pattern: str) -> SchemaValidator | None:
    # Not `re`: a caller brings pattern and text, and this engine takes no longer than their lengths.
    if len(pattern) > 200 or re.search(r"\{\d{3,}|\}.*\}.*\}.*\}", pattern):
        return None
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError:
        return None


def _filled(value: Any, schema: Schema, inner: Callable[[Any, object], bool]) -> bool:
    if isinstance(value, list):
        return _items(value, schema, inner)
    if isinstance(value, dict):
        return _members(value, schema, inner)
    return True


def _items(value: list[Any], schema: Schema, inner: Callable[[Any, object], bool]) -> bool:
    if not _between(len(value), schema.get("minItems", 0), schema.get("maxItems", math.inf)):
        return False
    if schema.get("uniqueItems") is True and len({canonical(item) for item in value}) < len(value):
        return False
    items = schema.get("items", True)
    # Before 2020-12 a list of items was what prefixItems is now.
    first = [*as_list(schema.get("prefixItems")), *as_list(items)]
    rest = schema.get("additionalItems", True) if isinstance(items, list) else items
    wanted = [*first, *[rest] * (len(value) - len(first))]
    return all(inner(item, part) for item, part in zip(value, wanted, strict=False))


def _members(value: dict[str, Any], schema: Schema, inner: Callable[[Any, object], bool]) -> bool:
    if not _between(len(value), schema.get("minProperties", 0), schema.get("maxProperties", math.inf)):
        return False
    needed = [*as_list(schema.get("required"))]
    for name, others in as_mapping(schema.get("dependentRequired")).items():
        needed += as_list(others) if name in value else []
    if not set(value).issuperset(name for name in needed if isinstance(name, str)):
        return False
    if "propertyNames" in schema and not all(inner(name, schema["propertyNames"]) for name in value):
        return False
    described = as_mapping(schema.get("properties"))
    patterns = as_mapping(schema.get("patternProperties"))
    for name, member in value.items():
        wanted = [described[name]] if name in described else []
        wanted += [part for pattern, part in patterns.items() if _matches(name, pattern)]
        if not wanted:
            wanted = [schema.get("additionalProperties", True)]
        if not all(inner(member, part) for part in wanted):
            return False
    return True
