"""What an answer that is no success means: an error in the API's terms, and whether to try again; pure."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from livethread.errors import ApiError, LivethreadError, NotFound

PASSING: Final = frozenset([408, 425, 429, 500, 502, 503, 504, 507])
"""Statuses that may be different a moment later; every other refusal is final."""

_NOT_FOUND: Final = re.compile(r"No (.+) found with id '(.*)'\.")


class Unreachable(LivethreadError):
    """No Livethread server is where one was looked for, or it has not answered any more."""


class Interrupted(Exception):
    """Something that another attempt may mend.

    Args:
        error: what to say of it if there is none.
        after: seconds that the server asks to wait.
    """

    def __init__(self, error: LivethreadError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


def refusal(status: int, body: bytes, url: str) -> ApiError:
    """The error of an answer that is not 2xx; `NotFound` where it names an object that does not exist.

    Args:
        status: of HTTP.
        body: the API's envelope, or whatever something between has put there.
        url: what was asked, for a sentence where the body has none.
    """
    try:
        told: Any = json.loads(body)["error"]
        message = str(told["message"])
    except (ValueError, LookupError, TypeError):
        sentence = f"{url} answers {status} and gives no reason; check that a Livethread server is there."
        return ApiError(sentence, status=status)
    if status == 404 and (found := _NOT_FOUND.fullmatch(message)):
        return NotFound(found[1], found[2])
    error = ApiError(message, status=status, param=told.get("param"), code=told.get("code"))
    error.type = str(told.get("type") or error.type)
    return error


def retry_after(header: str | None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for; None where it has none, or a date."""
    return float(header) if header is not None and header.isascii() and header.isdecimal() and len(header) < 9 else None
