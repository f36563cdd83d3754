"""JSON Schema, as much of it as functions usually have; where another keyword decides, there is no value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_HOPS = 16
_STEPS = 1_000  # looks at schemas and mentions for one object; a schema may lead back into itself
_LINKS = ("$ref", "allOf", "anyOf", "oneOf")
_DECIDING = [
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
]  # fmt: skip
_NOT_FOLLOWED = [
    "pattern", "multipleOf", "uniqueItems", "not", "if", "dependentSchemas", "dependentRequired",
    "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties", "contains",
    "prefixItems", "additionalItems", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef",
    "$recursiveRef",
]  # fmt: skip
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int, float), "number": (int, float), "boolean": (bool,), "any": (str, int, float),
}  # fmt: skip


class TooMuch(Exception):
    """A schema is so large or so deep that looking at all of it would hold up every other thread."""


class Document:
    """One schema with everything that its references lead to."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.unknown = ""
        """The keyword that was met last and is not followed here."""
        self._steps = 0

    def step(self) -> None:
        """Count one look; `TooMuch` if there were too many."""
        self._steps += 1
        if self._steps > _STEPS:
            raise TooMuch

    def plain(self, schema: object) -> Schema | None:
        """The schema with references followed and one type; of alternatives the first, and ``nullable`` if null is one.

        Returns:
            None where there is no such schema: for false, for what is no schema, for keywords that are not followed.
        """
        told: dict[str, Any] = {"nullable": False}
        for _ in range(_HOPS):
            self.step()
            schema = {} if schema is True else schema
            if not isinstance(schema, Mapping):
                return None
            links = [key for key in _LINKS if key in schema]
            unknown = [key for key in _NOT_FOLLOWED if key in schema]
            if len(links) > 1 or (links and any(key in schema for key in _DECIDING)):
                unknown += links  # both would have to be met
            told = {key: schema[key] for key in ("default", "description") if key in schema} | told
            if not links and not unknown:
                return _typed({**schema, **told})
            key = (unknown or links)[0]
            options = [self._target(schema[key])] if key == "$ref" else as_list(schema[key])
            others = [option for option in options if option != {"type": "null"}]
            if unknown or not others or (len(others) > 1 and key != "anyOf"):
                self.unknown = key
                return None
            told["nullable"] |= len(others) < len(options)
            schema = others[0]
        return None

    def _target(self, reference: object) -> object:
        """What a reference within the document leads to; None for one that leads nowhere, or elsewhere."""
        first, *parts = reference.split("/")[:_HOPS] if isinstance(reference, str) else [""]
        found: object = self.root if first == "#" else None
        for part in parts:
            found = as_mapping(found).get(part.replace("~1", "/").replace("~0", "~"))
        return found


def _typed(schema: Schema) -> Schema:
    shapes = {"properties": "object", "required": "object", "items": "array"}
    shape = next((shape for key, shape in shapes.items() if key in schema), "any")
    kinds = as_list(schema.get("type")) or [schema.get("type", shape)]
    kind = next((kind for kind in kinds if kind != "null"), "null")
    return {**schema, "type": kind, "nullable": schema["nullable"] or "null" in kinds}


def listed(schema: Schema) -> list[Any] | None:
    """The values that a schema lists, if it does; those that are no objects and no lists."""
    values = as_list(schema["enum"]) if "enum" in schema else [schema["const"]] if "const" in schema else None
    return values and [value for value in values[:100] if not isinstance(value, dict | list)]


def allows(schema: Schema, value: Any) -> bool:
    """Whether a plain schema allows a value that is no object and no list."""
    choices = [[schema["const"]]] if "const" in schema else []
    choices += [listed(schema) or []] if "enum" in schema else []
    if not all(json.dumps(value) in map(json.dumps, values) for values in choices):
        return False
    if value is None:
        return bool(schema["nullable"])
    if type(value) not in _TYPES.get(str(schema["type"]), ()) or (schema["type"] == "integer" and value % 1):
        return False
    if isinstance(value, str):
        return between(schema, "minLength", len(value), "maxLength")
    return isinstance(value, bool) or (
        between(schema, "minimum", value, "maximum")
        and between(schema, "exclusiveMinimum", value, "exclusiveMaximum")
        and value not in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
    )


def between(schema: Schema, least: str, value: float, most: str) -> bool:
    """Whether a number is within two bounds; a bound that is no number is met by nothing."""
    low, high = schema.get(least, -math.inf), schema.get(most, math.inf)
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= value <= high


def as_mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: nobody has checked the schemas of a caller."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
