"""How long a model API asks to wait, in all the ways in which they say so."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

_UNITS: Final[Mapping[str, float]] = {
    "ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_SPAN: Final = r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+"
"""A duration as Go prints it: ``6m0s``, ``7.66s``, ``120ms``."""
_PARTS: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_TOLD: Final = re.compile(
    rf"(?:try again in|retry (?:again )?(?:in|after)|retryDelay\W+)\s*"
    rf"(?:(?P<span>{_SPAN})(?![a-z0-9])|(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>milli|s|m|h)[a-z]*)",
    re.IGNORECASE,
)
_RESET: Final = "x-ratelimit-reset"
_SINCE_1970: Final = 1e9
"""A reset beyond so many seconds is a moment, not a duration."""


def seconds_to_wait(headers: Mapping[str, str], body: Any = None) -> float | None:
    """The wait that an answer asks for, in seconds; None where it says nothing.

    ``retry-after-ms`` and ``Retry-After`` (a number, or a date against the answer's own) come before the words of the
    body, and those before ``x-ratelimit-reset-…``.

    Args:
        headers: of the answer, whatever the case of their names.
        body: its parsed JSON, or text.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return seconds / unit
    date, asked = _date(headers.get("date")), _date(headers.get("retry-after"))
    if date is not None and asked is not None:
        return max(0.0, asked - date)
    told = _told(body)
    return told if told is not None else _until_reset(headers, date)


def in_words(seconds: float) -> str:
    """A wait for people, never too short: ``20 s``, ``6 min``, ``24 h``."""
    if seconds <= 120:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{math.ceil(seconds / 60)} min" if seconds <= 7200 else f"{math.ceil(seconds / 3600)} h"


def _told(body: Any) -> float | None:
    """What the words of an error say, as OpenAI, Groq and Azure do, or Gemini's ``retryDelay``."""
    found = _TOLD.search(body if isinstance(body, str) else json.dumps(body))
    if found is None:
        return None
    if found["span"]:
        return _span(found["span"])
    return float(found["number"]) * _UNITS[found["unit"].lower()]


def _until_reset(headers: Mapping[str, str], date: float | None) -> float | None:
    """The time until a used-up limit is there again; the nearest one where it is not said which limit was hit."""
    resets = dict(_resets(headers, date))
    used_up = [seconds for limit, seconds in resets.items() if _number(headers.get(_remaining(limit))) == 0]
    return max(used_up) if used_up else min(resets.values(), default=None)


def _resets(headers: Mapping[str, str], date: float | None) -> Iterator[tuple[str, float]]:
    for name, value in headers.items():
        if not name.startswith(_RESET):
            continue
        seconds = _number(value)
        if seconds is None and re.fullmatch(_SPAN, value.strip()):
            seconds = _span(value)
        if seconds is not None and seconds >= _SINCE_1970:  # OpenRouter names the moment, in milliseconds
            moment = seconds / 1000 if seconds >= 1000 * _SINCE_1970 else seconds
            seconds = None if date is None else max(0.0, moment - date)
        if seconds is not None:
            yield name, seconds


def _remaining(reset: str) -> str:
    return reset.replace("reset", "remaining", 1)


def _span(text: str) -> float:
    return sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text.lower()))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _date(text: str | None) -> float | None:
    try:
        date: datetime = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return None if date.tzinfo is None else date.timestamp()
