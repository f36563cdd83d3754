"""What a POST says of having been sent before (wire.md, Headers)."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any, Final

from fastapi import Depends, Header
from starlette.requests import Request

from livethread.api.paths import route_of
from livethread.errors import ApiError
from livethread.services.remembered import Remembered, Sent

_KEY: Final = re.compile("[ -~]{1,255}")

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 printable ASCII characters. Makes it safe to send this request again for 24 hours: "
        "equal requests with the same key change something once, and get the same answer.",
    ),
]


async def _sent(request: Request, key: _Key = None) -> Sent:
    if key is not None and not _KEY.fullmatch(key):
        raise ApiError(
            "Invalid 'Idempotency-Key' header: expected 1 to 255 printable ASCII characters.", code="invalid_value"
        )
    remembered: Remembered = request.state.remembered
    caller = request.headers.get("authorization", "")
    query = request.scope["query_string"].decode("latin-1")
    asked = [caller, request.method, route_of(request.scope), query, await request.json()]
    count = request.headers.get("x-stainless-retry-count")
    return Sent(
        remembered,
        request=_digest(asked),
        key=None if key is None else _digest([caller, key]),
        again=_is_positive(count or ""),
        uncounted=count is None and "x-stainless-lang" in request.headers,
    )


AsSent = Annotated[Sent, Depends(_sent)]
"""How a handler takes it."""


def _digest(value: Any) -> str:
    """The same for equal JSON, however it was written."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _is_positive(count: str) -> bool:
    """Whether this is a number above 0; what is no number says nothing."""
    return count.isascii() and count.isdecimal() and count.strip("0") != ""
