"""What a scripted fault is called, and whether asking again may help."""

from __future__ import annotations

from livethread.providers.builtin.pieces import clean
from livethread.providers.builtin.steps import Fault
from livethread.providers.chunks import ErrorKind, ProviderError

_KINDS: dict[int, ErrorKind] = {
    401: "auth", 402: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit",
    503: "overloaded", 529: "overloaded",
}  # fmt: skip

_RETRYABLE: frozenset[ErrorKind] = frozenset(
    ("rate_limit", "overloaded", "upstream", "connection", "timeout", "bad_stream")
)


def fault(fault: Fault) -> ProviderError:
    """The error that a step describes; without a kind and a status it is ``upstream``."""
    kind = fault.kind or _kind(fault.status)
    message = clean(fault.message or "") or f"The script answered with an error ({fault.status or kind})."
    return _error(kind, message, status=fault.status, retry_after=fault.retry_after)


def cut() -> ProviderError:
    """The connection was lost."""
    return _error("connection", "The script cut the connection before the answer was finished.")


def unfinished() -> ProviderError:
    """The stream ended without a finish reason."""
    return _error("bad_stream", "The script's stream ended without a finish reason, so the answer may not be whole.")


def _kind(status: int | None) -> ErrorKind:
    if status is None or status >= 500:
        return _KINDS.get(status or 0, "upstream")
    return _KINDS.get(status, "bad_request")


def _error(
    kind: ErrorKind, message: str, *, status: int | None = None, retry_after: float | None = None
) -> ProviderError:
    retryable = kind in _RETRYABLE and status != 501  # what is not implemented will not be so later
    return ProviderError(kind, message, status=status, retry_after=retry_after, retryable=retryable)
