"""Arguments for a function, or a value for any schema, from what a message mentions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from livethread.providers.builtin.tools.fitting import canonical, fits
from livethread.providers.builtin.tools.functions import as_list, plain
from livethread.providers.builtin.tools.least import least
from livethread.providers.builtin.tools.mentions import Mention, Said
from livethread.providers.builtin.tools.picking import Mentions, Parameter
from livethread.providers.builtin.tools.schemas import Document, Schema, Work, kind_of, properties_of
from livethread.providers.builtin.words import name_stems

_DEPTH = 5
_MOST_ITEMS = 8
_MOST_PROPERTIES = 64
_MOST_CALLS = 8
_LATE = (2, 0)  # where those properties begin that are looked at when all that is required is there


@dataclass(frozen=True, slots=True)
class Missing:
    """A required argument that nothing in the message can be.

    Args:
        path: of its property; empty where it cannot be said which.
        description: its author's words, or none.
    """

    path: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A value that an earlier call gave back.

    Args:
        stems: of the words it is known by.
        value: itself.
    """

    stems: frozenset[str]
    value: Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where the arguments of a call may come from.

    Args:
        said: the message.
        spans: the parts of it that are about this call.
        behind: where the words end that asked for it.
        known: what earlier calls gave back, the earliest first.
        answers: replies to questions, by the path of the property that was asked for.
        forced: there must be a value, so make one up rather than miss one.
    """

    said: Said
    spans: Sequence[tuple[int, int]]
    behind: int = 0
    known: Sequence[Known] = ()
    answers: Mapping[str, Said] | None = None
    forced: bool = False


@dataclass(slots=True)
class _Found:
    value: Any
    mention: Mention | None = None  # where it was found, if it was
    schema: Schema | None = None  # of a value that may be another one in a further call
    mentions: Mentions | None = None  # which that other one would be taken from


class Filling:
    """Fills one schema; the mentions it has used are used up.

    Args:
        root: the schema.
        source: where values come from.
        work: is used up by looking at the schema.
    """

    def __init__(self, root: Schema, source: Source, work: Work) -> None:
        self._root = root
        self._source = source
        self._document = Document(root, work)
        self._mentions = Mentions(source.said, source.spans, source.behind)
        self._missing: Missing | None = None
        self._top: dict[str, _Found] = {}

    def arguments(self) -> list[dict[str, Any]] | Missing:
        """The arguments of one call, or of several where the message has several values for one of them.

        Raises:
            TooMuch: the schema is too large.
        """
        for optional in (True, False):  # what may be left out may also be what does not fit together
            for branch in self._document.branches(self._root):
                self._mentions.used = []
                found = self._object(branch, "", optional)
                if found is not None and fits(found.value, self._root, self._document):
                    return self._spread(found.value)
        made = least(self._root, self._document, forced=True) if self._source.forced else None
        if made is not None and isinstance(made[0], dict):
            return [made[0]]
        return self._missing or Missing("")

    def value(self) -> tuple[Any] | None:
        """A value of any type, in a tuple; None if none can be found.

        Raises:
            TooMuch: the schema is too large.
        """
        found = self._value(self._root, "", Parameter("", True))
        if found is not None and fits(found.value, self._root, self._document):
            return (found.value,)
        return least(self._root, self._document, forced=self._source.forced)

    def _spread(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        calls = [arguments]
        for name, found in self._top.items():
            if found.mention is None or found.schema is None or found.mentions is None:
                continue
            for value in found.mentions.others(found.mention, found.schema, self._document):
                other = {**arguments, name: value}
                if len(calls) < _MOST_CALLS and other not in calls and fits(other, self._root, self._document):
                    calls.append(other)
            if len(calls) > 1:
                break
        return calls

    def _value(self, schema: object, path: str, parameter: Parameter) -> _Found | None:
        """What the message says for a schema: that one of its alternatives of which it says most."""
        before, missing = list(self._mentions.used), self._missing
        best: _Found | None = None
        used = before
        for branch in self._document.branches(schema):
            self._mentions.used = list(before)
            found = self._branch(branch, path, parameter)
            better = best is None or len(self._mentions.used) > len(used)
            if found is not None and better and fits(found.value, schema, self._document):
                best, used = found, self._mentions.used
        self._mentions.used = used
        if best is not None or not parameter.required:
            self._missing = missing
        return best

    def _branch(self, schema: Schema, path: str, parameter: Parameter) -> _Found | None:
        kind = None if "enum" in schema or "const" in schema else kind_of(schema)
        if path.count(".") > _DEPTH or (kind == "object" and parameter.named):
            return None
        if kind == "object":
            found = self._object(schema, path, optional=True)
            return found if found is not None and found.mention is not None else None
        if kind == "array":
            return self._array(schema, path, parameter)
        taken = self._mentions.take(
            schema, parameter, self._document, lambda value: fits(value, schema, self._document)
        )
        return _Found(taken[0], taken[1], schema, self._mentions) if taken else None

    def _object(self, schema: Schema, path: str, optional: bool) -> _Found | None:
        """The object; its mention is that of its first property that the message tells, None if none is told."""
        if kind_of(schema) not in ("object", None):
            return None
        properties = dict(list(properties_of(schema).items())[:_MOST_PROPERTIES])
        listed = {name for name in as_list(schema.get("required")) if isinstance(name, str)}
        # Where everything is required, as in strict mode, null is what leaves a property out.
        required = {name for name in listed if name in properties and not self._may_be_null(properties[name])}
        wanted = [name for name in properties if optional or name in listed]
        order = {name: self._order(properties[name], name in required) for name in wanted}
        found: dict[str, _Found] = {}
        for late in (False, True):
            for named in (True, False):
                for name in sorted(wanted, key=order.__getitem__):
                    if name not in found and (order[name] >= _LATE) is late:
                        parameter = Parameter(name, name in required, named)
                        told = self._property(properties[name], _joined(path, name), parameter)
                        found |= {name: told} if told is not None else {}
            for name in wanted:
                if name in listed and name not in found and (order[name] >= _LATE) is late:
                    made = least(properties[name], self._document, forced=self._source.forced)
                    if made is None:
                        missing = Missing(_joined(path, name), self._description(properties[name]))
                        self._missing = self._missing or missing
                        return None
                    found[name] = _Found(made[0])
        if not path:
            self._top = {name: found[name] for name in wanted if name in found}
        mention = next((one.mention for one in found.values() if one.mention is not None), None)
        return _Found({name: found[name].value for name in wanted if name in found}, mention)

    def _property(self, schema: object, path: str, parameter: Parameter) -> _Found | None:
        if parameter.named and path in (self._source.answers or {}):
            return self._answer(schema, path, parameter)
        if parameter.named or not parameter.required:
            return self._value(schema, path, parameter)
        near = self._value(schema, path, replace(parameter, required=False))
        return near or self._known(schema, parameter) or self._value(schema, path, parameter)

    def _answer(self, schema: object, path: str, parameter: Parameter) -> _Found | None:
        """What was said when this argument was asked for."""
        said = (self._source.answers or {})[path]
        source = replace(self._source, said=said, spans=[(0, len(said.text))], behind=0, answers=None)
        filling = Filling(self._root, source, self._document.work)
        return filling._value(schema, path, replace(parameter, named=False))

    def _known(self, schema: object, parameter: Parameter) -> _Found | None:
        """What an earlier call gave back by this name."""
        stems = parameter.stems
        for known in self._source.known:
            if known.stems and (known.stems <= stems or stems <= known.stems):
                for value in (known.value, plain(known.value)):
                    if fits(value, schema, self._document):
                        return _Found(value, Mention("quoted", "", -1, -1))
        return None

    def _array(self, schema: Schema, path: str, parameter: Parameter) -> _Found | None:
        most = schema.get("maxItems", _MOST_ITEMS)
        most = min(most, _MOST_ITEMS) if isinstance(most, int) else _MOST_ITEMS
        items = schema.get("items", True)
        first = [*as_list(schema.get("prefixItems")), *as_list(items)]
        rest = schema.get("additionalItems", True) if isinstance(items, list) else items
        values: list[Any] = []
        begun: Mention | None = None
        mention: Mention | None = None
        while len(values) < most:
            tupled = len(values) < len(first)
            part = first[len(values)] if tupled else rest
            found = self._value(part, f"{path}.{len(values)}", replace(parameter, alike=None if tupled else mention))
            if found is None or found.mention is None:
                break
            mention = found.mention
            begun = begun or mention
            values += [found.value] if tupled else self._split(found)
            parameter = replace(parameter, required=True, named=False)
        values = list({canonical(value): value for value in values}.values())[:most]
        return _Found(values, begun) if values else None

    def _split(self, found: _Found) -> Iterable[Any]:
        """The items of ``Rome, Paris``, which is one name everywhere else."""
        if found.mention is not None and found.mention.kind == "name" and isinstance(found.value, str):
            return found.value.split(", ")
        return [found.value]

    def _may_be_null(self, schema: object) -> bool:
        return any(branch.get("type") == "null" for branch in self._document.branches(schema))

    def _order(self, schema: object, required: bool) -> tuple[int, int]:
        """What only few mentions can be chooses first; of the others, what must be there."""
        branch = next((one for one in self._document.branches(schema) if one.get("type") != "null"), {})
        if "enum" in branch or "const" in branch:
            return 0, 0
        match kind_of(branch):
            case "boolean" | "number" | "integer":
                return 0, 1
            case "string" if "format" in branch or "pattern" in branch:
                return 0, 2
            case "array" | "object":
                return 1 if required else 2, 0
            case _:
                return 1 if required else 2, 1

    def _description(self, schema: object) -> str:
        described = (self._document.plain(schema) or {}).get("description")
        return described if isinstance(described, str) else ""


def known(name: str, output: Any) -> list[Known]:
    """What a function's output makes known: the members of an object, or the output by the function's name."""
    if isinstance(output, list):
        output = output[0] if output else None
    if isinstance(output, dict):
        found = [Known(name_stems(key), value) for key, value in list(output.items())[:_MOST_PROPERTIES]]
        for inner in [one.value for one in found if isinstance(one.value, dict)][:_MOST_ITEMS]:
            found += [Known(name_stems(key), value) for key, value in list(inner.items())[:_MOST_PROPERTIES]]
        return [one for one in found if isinstance(one.value, str | int | float)]
    return [Known(name_stems(name), output)] if isinstance(output, str | int | float) else []


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
