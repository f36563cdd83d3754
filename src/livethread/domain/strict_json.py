"""Bytes of a request body to a JSON value that the rest of the server can keep: stored, sent and read back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from livethread.errors import ApiError

MAX_DEPTH: Final = 100
"""Levels of nesting; what is stored deeper could not be read back by the JSON decoder of the records."""

UNREADABLE: Final = "We could not parse the JSON body of your request. Expected one JSON value in UTF-8."
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


def decode(raw: bytes) -> Any:
    """The value of a JSON body; an empty one counts as ``{}`` (reference section 1.1).

    Raises:
        ApiError: 400, if it is not JSON in UTF-8 (``NaN`` and numbers beyond a double are not JSON), nests deeper than
            ``MAX_DEPTH``, or holds half of a surrogate pair, which is not text (ARCHITECTURE section 5, Text is text).
    """
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        # ValueError is bad UTF-8, bad JSON and an integer of more digits than Python converts.
        raise ApiError(UNREADABLE) from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    if _SURROGATE_ESCAPE.search(raw):
        check_text(value)
    return value


def child(path: str, step: str | int) -> str:
    """The path of a field one level down: ``child("tools[0]", "type")`` -> ``tools[0].type``."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _check_depth(value: Any) -> None:
    level = _inner([value])
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ApiError(f"The JSON body of your request is nested too deeply. Expected at most {MAX_DEPTH} levels.")
        level = [inner for outer in level for inner in _inner(outer.values() if isinstance(outer, dict) else outer)]


def _inner(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (dict, list))]


def check_text(value: Any, path: str = "") -> None:
    """Refuse what is not text: half of a surrogate pair, in a string or a key.

    Args:
        value: JSON, decoded.
        path: where it stands.

    Raises:
        ApiError: it names the place.
    """
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise _not_text(path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_text(item, child(path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if _SURROGATE.search(key):
                raise _not_text(path)
            check_text(item, child(path, key))


def _not_text(path: str) -> ApiError:
    where = f"'{path}'" if path else "body"
    return ApiError(
        f"Invalid {where}: not valid text. Expected a string without half of a surrogate pair.",
        param=path or None,
        code="invalid_value",
    )
