"""What goes wrong with a model, as whoever asked for it is told."""

from __future__ import annotations

import math

from livethread.errors import ApiError
from livethread.providers.chunks import ErrorKind, ProviderError


class UpstreamError(ApiError):
    """A model API has failed, or has refused.

    Args:
        retry_after: seconds until it is worth asking again, if that is known.
        again: whether it ever is; the official SDKs ask again after 408, 409, 429 and 5xx unless they are told.
    """

    def __init__(
        self,
        message: str,
        status: int,
        type: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        again: bool = True,
    ) -> None:
        super().__init__(message, status=status, param=param, code=code)
        self.type = type
        self._retry_after = retry_after
        self._again = again

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of asking again."""
        headers = {} if self._retry_after is None else {"retry-after": str(math.ceil(self._retry_after))}
        return headers if self._again else {**headers, "x-should-retry": "false"}


_BY_KIND: dict[ErrorKind, tuple[int, str, str | None]] = {
    "bad_request": (400, "invalid_request_error", None),
    "context_length": (400, "invalid_request_error", "context_length_exceeded"),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "rate_limit": (429, "rate_limit_error", "rate_limit_exceeded"),
    # The caller's own key is good, so this is no 401: it is ours that the model API has refused.
    "auth": (502, "server_error", "upstream_refused_access"),
    "overloaded": (503, "server_error", "upstream_overloaded"),
    "upstream": (502, "server_error", "upstream_error"),
    "connection": (502, "server_error", "upstream_unreachable"),
    "timeout": (504, "server_error", "upstream_timeout"),
    "bad_stream": (502, "server_error", "upstream_broke_off"),
}


def upstream_error(error: ProviderError) -> UpstreamError:
    """A provider's error in the API's terms."""
    status, type, code = _BY_KIND[error.kind]
    param = {"not_found": "model", "context_length": "messages"}.get(error.kind, error.param)
    if status == 429 and not error.retryable:
        code = "insufficient_quota"
    return UpstreamError(
        error.message, status, type,
        param=param, code=code, retry_after=error.retry_after, again=error.retryable or status < 429,
    )  # fmt: skip


class Stopping(UpstreamError):
    """The server stops in the midst of an answer."""

    def __init__(self) -> None:
        super().__init__(
            "The server is stopping, and this answer with it. Send the request again in a moment.",
            503, "server_error", code="server_stopping", retry_after=1,
        )  # fmt: skip
