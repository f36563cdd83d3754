"""What validation found, in the API's own terms and the vendor's words. Pure.

The texts of reference section 1.5 are exact, as clients match on them; the others are in the same style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from livethread.domain.strict_json import UNREADABLE, child
from livethread.errors import ApiError

Problem = Mapping[str, Any]
"""One error dictionary of pydantic: ``type``, ``loc``, ``input``, ``ctx``, ``msg``."""

_SOURCES: Final = frozenset(["body", "query", "path", "header", "cookie"])
"""What FastAPI puts in front of a location."""

_SHAPE: Final = re.compile(r"<\w+>")
"""The tag of a chosen union member (``domain/choice.py``)."""

_UNION_NOISE: Final = re.compile(
    r"(?:str|int|float|bool|none|nullable|json-or-python|lax-or-strict|model|typed-dict|constrained-\w+)"
    r"|[a-z-]+\[.*\]",
    re.DOTALL,
)
"""What pydantic puts into a location for a member of a union that has no tags."""

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a string",
    "bool_type": "a boolean", "bool_parsing": "a boolean",
    "int_type": "an integer", "int_from_float": "an integer",
    "int_parsing": "an integer", "int_parsing_size": "an integer",
    "float_type": "a decimal", "float_parsing": "a decimal", "finite_number": "a decimal",
    "list_type": "an array", "tuple_type": "an array", "set_type": "an array",
    "dict_type": "an object", "model_type": "an object", "model_attributes_type": "an object",
    "mapping_type": "an object", "dataclass_type": "an object",
    "none_required": "null",
}  # fmt: skip

_KIND_NAMES: Final[Mapping[type, str]] = {
    bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", dict: "an object", list: "an array",
}  # fmt: skip

_KINDS: Final[Mapping[str, str]] = {
    "string": "a string",
    "array": "an array of objects",
    "object": "an object",
}
"""How the members of a ``by_kind`` union are called."""


def from_validation(errors: Sequence[Problem]) -> ApiError:
    """The one error that a caller is told of the many that pydantic or FastAPI found.

    Args:
        errors: as from ``ValidationError.errors()``, with ``loc`` as FastAPI prefixes it or bare.
    """
    problem = _most_specific(errors)
    source, steps = _place(problem)
    param = _path(steps)
    explain = _EXPLAIN.get(problem["type"], _explain_unknown)
    return explain(problem, param, source)


def _most_specific(errors: Sequence[Problem]) -> Problem:
    """The deepest error of the first field at fault: what a union's other members say about it is noise.

    A missing field goes before all others, as the vendor told of it first.
    """
    placed = [(error, _place(error)[1]) for error in errors]
    field = placed[0][1][:1]
    for error, steps in placed:
        if error["type"] == "missing" and len(steps) == 1:
            return error
    return max((pair for pair in placed if pair[1][:1] == field), key=lambda pair: len(pair[1]))[0]


def _place(problem: Problem) -> tuple[str, list[str | int]]:
    """Where the value came from, and the steps to it without the names of union members."""
    steps = list(problem["loc"])
    source = "body"
    if steps and steps[0] in _SOURCES:
        source = str(steps.pop(0))
    if steps and steps[-1] == "[key]":
        steps.pop()
    kept: list[str | int] = []
    for index, step in enumerate(steps):
        if step == "metadata":
            # What stands behind it are keys of the caller's, whatever they look like.
            return source, kept + steps[index:]
        if isinstance(step, int) or not _is_noise(step, first=not kept):
            kept.append(step)
    return source, kept


def _is_noise(step: str, *, first: bool) -> bool:
    # No field on the wire begins with a capital: a step that does is one of our classes. A field of the top level
    # may be called anything else, ``model`` for one.
    return bool(_SHAPE.fullmatch(step)) or step[:1].isupper() or (not first and bool(_UNION_NOISE.fullmatch(step)))


def _path(steps: Sequence[str | int]) -> str:
    path = ""
    for step in steps:
        path = child(path, step)
    return path


def _named(param: str) -> str:
    return f" for '{param}'" if param else ""


def _kind(value: Any) -> str:
    """What a JSON value is, as the vendor says it."""
    return "null" if value is None else _KIND_NAMES.get(type(value), "an unknown value")


def _listed(values: Sequence[str]) -> str:
    """``'a'``, ``'a' and 'b'``, ``'a', 'b', and 'c'``."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"


def _wrong_type(param: str, expected: str, value: Any) -> ApiError:
    return ApiError(
        f"Invalid type{_named(param)}: expected {expected}, but got {_kind(value)} instead.",
        param=param or None,
        code="invalid_type",
    )


def _wrong_value(param: str, value: Any, supported: Sequence[str]) -> ApiError:
    return ApiError(
        f"Invalid value: '{_shown(value)}'. Supported values are: {_listed(supported)}.",
        param=param or None,
        code="invalid_value",
    )


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}…"


def _missing_at(param: str) -> ApiError:
    return ApiError(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def _explain_missing(problem: Problem, param: str, source: str) -> ApiError:
    if not param:
        return ApiError("Missing request body.", code="missing_required_parameter")
    return _missing_at(param)


def _explain_type(problem: Problem, param: str, source: str) -> ApiError:
    expected = _EXPECTED[problem["type"]]
    value = problem.get("input")
    if source != "body" and isinstance(value, str):
        # Queries and paths are strings by nature: only their value can be wrong.
        return ApiError(
            f"Invalid value for '{param}': expected {expected}, but got '{_shown(value)}' instead.",
            param=param,
            code="invalid_value",
        )
    return _wrong_type(param, expected, value)


def _explain_literal(problem: Problem, param: str, source: str) -> ApiError:
    supported = re.findall(r"'((?:[^'\\]|\\.)*)'", problem["ctx"]["expected"])
    value = problem.get("input")
    if supported and not isinstance(value, str):
        return _wrong_type(param, f"one of {_listed(supported).replace(' and ', ' or ')}", value)
    return _wrong_value(param, value, supported or [str(problem["ctx"]["expected"])])


def _explain_tag(problem: Problem, param: str, source: str) -> ApiError:
    """A union whose member could not be told: the kind is wrong, or the field that tells it is missing or unknown."""
    tags = re.findall(r"'<?([^'<>]*)>?'", problem["ctx"].get("expected_tags", ""))
    value = problem.get("input")
    if tags and all(tag in _KINDS for tag in tags):
        kinds = " or ".join(_KINDS[tag] for tag in tags)
        return _wrong_type(param, f"one of {kinds}", value)
    if not isinstance(value, Mapping):
        return _wrong_type(param, "an object", value)
    key = problem["ctx"].get("discriminator", "").strip("_()") or "type"  # `choice.by_type`, `choice.by_role`
    named = child(param, key)
    if key not in value:
        return _missing_at(named)
    if not isinstance(value[key], str):
        return _wrong_type(named, f"one of {_listed(tags).replace(' and ', ' or ')}", value[key])
    return _wrong_value(named, value[key], tags)


def _explain_long(problem: Problem, param: str, source: str) -> ApiError:
    limit, value = problem["ctx"]["max_length"], problem.get("input")
    if problem["loc"][-1] == "[key]":
        parent = _path(_place(problem)[1][:-1])
        return ApiError(
            f"Invalid property name in '{parent}': '{_shown(value)}' is too long. "
            f"Expected a string with maximum length {limit}, but got a string with length {_length(value)} instead.",
            param=param,
            code="string_above_max_length",
        )
    if isinstance(value, Mapping):
        return ApiError(
            f"Invalid '{param}': too many properties. Expected an object with at most {limit} properties, "
            f"but got an object with {len(value)} properties instead.",
            param=param,
            code="object_above_max_properties",
        )
    noun = "string" if isinstance(value, str) else "array"
    article = "a" if noun == "string" else "an"
    return ApiError(
        f"Invalid '{param}': {noun} too long. Expected {article} {noun} with maximum length {limit}, "
        f"but got {article} {noun} with length {_length(value)} instead.",
        param=param,
        code=f"{noun}_above_max_length",
    )


def _explain_short(problem: Problem, param: str, source: str) -> ApiError:
    limit, value = problem["ctx"]["min_length"], problem.get("input")
    noun = "string" if isinstance(value, str) else "array"
    article = "a" if noun == "string" else "an"
    expected = f"Expected {article} {noun} with minimum length {limit}"
    if not value:
        return ApiError(
            f"Invalid '{param}': empty {noun}. {expected}, but got an empty {noun} instead.",
            param=param,
            code=f"empty_{noun}",
        )
    return ApiError(
        f"Invalid '{param}': {noun} too short. {expected}, but got {article} {noun} with length "
        f"{_length(value)} instead.",
        param=param,
        code=f"{noun}_below_min_length",
    )


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 0


def _explain_pattern(problem: Problem, param: str, source: str) -> ApiError:
    pattern = problem["ctx"]["pattern"]
    return ApiError(
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.",
        param=param,
        code="invalid_value",
    )


def _explain_range(problem: Problem, param: str, source: str) -> ApiError:
    key, sign, side, end = {
        "greater_than_equal": ("ge", ">=", "below minimum", "below_min"),
        "greater_than": ("gt", ">", "below minimum", "below_min"),
        "less_than_equal": ("le", "<=", "above maximum", "above_max"),
        "less_than": ("lt", "<", "above maximum", "above_max"),
    }[problem["type"]]
    limit, value = problem["ctx"][key], problem.get("input")
    noun = "decimal" if isinstance(limit, float) else "integer"
    bound = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
    return ApiError(
        f"Invalid '{param}': {noun} {side} value. Expected a value {sign} {bound}, but got {_shown(value)} instead.",
        param=param,
        code=f"{noun}_{end}_value",
    )


def _explain_unreadable(problem: Problem, param: str, source: str) -> ApiError:
    return ApiError(UNREADABLE)


def _explain_unknown(problem: Problem, param: str, source: str) -> ApiError:
    """A rule of ours or of another validator: its own sentence, and where it was broken."""
    text = str(problem["msg"])
    error = (problem.get("ctx") or {}).get("error")
    if problem["type"] == "value_error" and error is not None:
        text = str(error)
    sentence = text if text.endswith(".") else f"{text}."
    code = problem["type"] if problem["type"] in _OWN_CODES else "invalid_value"
    return ApiError(f"Invalid '{param}': {sentence}" if param else sentence, param=param or None, code=code)


_OWN_CODES: Final = frozenset(["invalid_value", "mutually_exclusive_parameters"])
"""Codes that the rules of ``domain`` carry as the type of their error."""

_EXPLAIN: Final[Mapping[str, Callable[[Problem, str, str], ApiError]]] = {
    **dict.fromkeys(_EXPECTED, _explain_type),
    "missing": _explain_missing,
    "literal_error": _explain_literal,
    "enum": _explain_literal,
    "union_tag_invalid": _explain_tag,
    "union_tag_not_found": _explain_tag,
    "too_long": _explain_long,
    "string_too_long": _explain_long,
    "too_short": _explain_short,
    "string_too_short": _explain_short,
    "string_pattern_mismatch": _explain_pattern,
    "greater_than_equal": _explain_range,
    "greater_than": _explain_range,
    "less_than_equal": _explain_range,
    "less_than": _explain_range,
    "json_invalid": _explain_unreadable,
}
