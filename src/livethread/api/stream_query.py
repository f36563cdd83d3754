"""What the caller of a stream asks for, in its query and its ``Last-Event-ID`` (wire.md, Streams and People)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Scope

from livethread.domain import cursor
from livethread.domain.cursor import Cursor
from livethread.domain.people import Person, name_of, person_of, user_id_of
from livethread.errors import ApiError
from livethread.live.snapshot import DEFAULT_LIMIT

_ESCAPED_BYTE: Final = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8, as ``surrogateescape`` keeps it."""


class StreamQuery:
    """See the module; of a parameter that is given twice the last counts, and unknown ones are ignored.

    Args:
        scope: of the request.

    Raises:
        ApiError: a parameter that makes no sense; a malformed header never does, since a native
            ``EventSource`` would die of it.
    """

    def __init__(self, scope: Scope) -> None:
        try:
            text = scope["query_string"].decode("ascii")
            given = parse_qs(text, keep_blank_values=True, errors="surrogateescape")
        except ValueError as error:
            raise ApiError("The query is not valid: it must be ASCII, percent-encoded.") from error
        query = {name: values[-1] for name, values in given.items()}
        header = next((value for name, value in scope["headers"] if name == b"last-event-id"), None)
        self.resumes = header is not None or "cursor" in query
        """Whether the caller has looked on before, as far as it says."""
        self.cursor = _last_event_id(header) if header is not None else _cursor(query)
        """What it holds; None if nothing that is good for anything."""
        self.limit = _limit(query)
        """How many of the newest messages and runs a snapshot shows."""
        self.snapshot = _snapshot(query)
        """Whether it begins with one."""
        self.person = _person(query)
        """Who it is, if it has said so."""


def _last_event_id(header: bytes) -> Cursor | None:
    try:
        return cursor.parse(header.decode("latin-1"))
    except ValueError:
        return None


def _cursor(query: Mapping[str, str]) -> Cursor | None:
    if "cursor" not in query:
        return None
    try:
        return cursor.parse(query["cursor"])
    except ValueError as error:
        raise ApiError(
            "Invalid 'cursor': it must be one that this server has given out, as an event's id or in x-thread-cursor.",
            param="cursor",
        ) from error


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= 100:
        raise ApiError("Invalid 'limit': expected a whole number from 1 to 100.", param="limit")
    return int(text)


def _snapshot(query: Mapping[str, str]) -> bool:
    text = query.get("snapshot", "full")
    if text not in ("full", "none"):
        raise ApiError("Invalid 'snapshot': expected 'full' or 'none'.", param="snapshot")
    return text == "full"


def _person(query: Mapping[str, str]) -> Person | None:
    return person_of(_text(query, "name", name_of), _text(query, "user_id", user_id_of))


def _text(query: Mapping[str, str], param: str, checked: Callable[[str], str]) -> str | None:
    text = query.get(param)
    if text is None:
        return None
    try:
        if _ESCAPED_BYTE.search(text):
            raise ValueError("not valid text. Expected UTF-8, percent-encoded.")
        return checked(text)
    except ValueError as error:
        raise ApiError(f"Invalid '{param}': {error}", param=param, code="invalid_value") from error
