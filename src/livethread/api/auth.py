"""API keys: where the settings name any, a caller of the API sends one of them."""

from __future__ import annotations

import hmac
from collections.abc import Collection

from livethread.errors import ApiError


def refusal(authorization: bytes, keys: Collection[str]) -> ApiError | None:
    """The documented 401 (reference section 1.5), unless the header bears one of the keys or there are none.

    Args:
        authorization: the value of the header; empty where it is not there.
        keys: those that are good.
    """
    if not keys:
        return None
    scheme, _, given = authorization.partition(b" ")
    given = given.strip()
    if scheme.lower() != b"bearer" or not given:
        return ApiError(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using "
            "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            status=401,
        )
    # Every key is compared, so that the time does not tell which was close.
    if sum(hmac.compare_digest(given, key.encode()) for key in keys):
        return None
    shown = given[:3].decode("latin-1")
    return ApiError(
        f"Incorrect API key provided: {shown}***. Use one of those that this server was given.",
        status=401,
        code="invalid_api_key",
    )
