"""The functions of a request, and the words that each is known by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livethread.providers.builtin.tools.vocabulary import VAGUE
from livethread.providers.builtin.words import TOO_COMMON, name_words, stem

_READ = 400  # characters of a description, and entries of a list, that are looked at


@dataclass(frozen=True, slots=True)
class Function:
    """A function that may be called.

    Args:
        name: what to call.
        description: what it does, in its author's words.
        parameters: the JSON Schema of its arguments.
        own: stems of the words of its name.
        told: stems of the words that speak of it: its description, the names of its parameters.
        values: stems of the words that its parameters list as values.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    own: frozenset[str]
    told: frozenset[str]
    values: frozenset[str]

    @property
    def signature(self) -> str:
        """Such as ``get_weather(city, unit?)``; a question mark is behind what may be left out."""
        required = as_list(self.parameters.get("required"))
        properties = as_mapping(self.parameters.get("properties"))
        return f"{self.name}({', '.join(name if name in required else f'{name}?' for name in properties)})"


def functions(tools: Iterable[Mapping[str, Any]]) -> tuple[Function, ...]:
    """The function tools of a request; of two with one name, the first."""
    found: dict[str, Function] = {}
    for tool in tools:
        definition = as_mapping(tool.get("function"))
        name = definition.get("name")
        if tool.get("type") == "function" and isinstance(name, str) and name:
            found.setdefault(name, _function(name, definition))
    return tuple(found.values())


def as_mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one: nobody has checked the schemas of a caller."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def plain(value: object) -> str:
    """A JSON value as one short line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _function(name: str, definition: Mapping[str, Any]) -> Function:
    description = definition.get("description")
    description = description if isinstance(description, str) else ""
    parameters = as_mapping(definition.get("parameters"))
    properties = as_mapping(parameters.get("properties"))
    named = _stems(name_words(name)) or frozenset(map(stem, name_words(name)))
    told = name_words(description[:_READ])
    listed: list[str] = []
    for parameter in list(properties)[:_READ]:
        told += name_words(parameter)
    for schema in [*properties.values(), *as_mapping(parameters.get("$defs")).values()][:_READ]:
        listed += _listed(schema)
    return Function(
        name, description, parameters,
        own=(named - VAGUE) or named,
        told=named | _stems(told),
        values=_stems(listed),
    )  # fmt: skip


def _listed(schema: object) -> Iterator[str]:
    schema = as_mapping(schema)
    for value in [*as_list(schema.get("enum")), *as_list(as_mapping(schema.get("items")).get("enum"))][:_READ]:
        if isinstance(value, str):
            yield from name_words(value[:_READ])


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words if word not in TOO_COMMON)
