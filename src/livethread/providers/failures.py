"""What goes wrong with a model API over HTTP, as a `ProviderError` that says what to do."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from livethread.providers.chunks import ErrorKind, ProviderError

_TOO_LONG: Final = re.compile(
    r"context.?(length|window|size)|maximum context|too many tokens|prompt is too long", re.IGNORECASE
)
_BY_STATUS: Final[Mapping[int, ErrorKind]] = {
    401: "auth", 402: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit",
    503: "overloaded", 529: "overloaded",
}  # fmt: skip
_BY_CODE: Final[Mapping[str, int]] = {
    "invalid_api_key": 401, "authentication_error": 401, "permission_error": 403,
    "insufficient_quota": 429, "rate_limit_exceeded": 429, "rate_limit_error": 429,
    "model_not_found": 404, "not_found_error": 404,
    "context_length_exceeded": 400, "exceed_context_size_error": 400,
    "invalid_request_error": 400, "bad_request": 400, "BadRequestError": 400,
    "overloaded": 503, "overloaded_error": 503, "unavailable_error": 503,
}  # fmt: skip
_NEVER_LATER: Final = frozenset(["insufficient_quota", "billing_not_active"])
_REPORTED: Final[Mapping[ErrorKind, str]] = {
    "auth": "refused access",
    "bad_request": "refused the request",
    "context_length": "says that the conversation is too long for the model",
    "rate_limit": "allows no more requests for now",
    "overloaded": "is overloaded",
    "upstream": "reports an error",
    "timeout": "took too long",
}
_ADVICE: Final[Mapping[ErrorKind, str]] = {
    "auth": "Check LIVETHREAD_UPSTREAM_KEY (or OPENAI_API_KEY) and the account it belongs to.",
    "not_found": "Check the name against GET /v1/models, and the address: it usually ends in /v1.",
    "bad_request": "Check the assistant's settings and tools against what the model supports.",
    "context_length": "Start a new thread, or limit what the run sees (truncation_strategy).",
    "rate_limit": "Wait before trying again, or raise the limit there.",
    "overloaded": "Try again in a moment.",
    "upstream": "Try again; if it stays, look into the log of the engine.",
    "timeout": "Try again; if it stays, look whether the engine is still working.",
}


class ModelApi:
    """A model API as errors speak of it: by address and model, never by key.

    Args:
        url: its address without credentials.
        secrets: what must not stand in any message.
        model: the model that is asked for, where there is one.
    """

    def __init__(self, url: str, secrets: tuple[str, ...], model: str | None) -> None:
        self._url = url
        self._secrets = secrets
        self._model = model

    def __str__(self) -> str:
        return f"The model API at {self._url}"

    def redact(self, text: str) -> str:
        """The text without any secret that an upstream may have echoed."""
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return text

    def reported(
        self,
        body: Any,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        partial: bool = False,
    ) -> ProviderError:
        """The error that the API reported itself, by HTTP status or inside a stream.

        Args:
            body: the parsed JSON, or text where it was none.
            status: the HTTP status; None where HTTP was fine.
            retry_after: seconds it asked to wait.
            partial: a part of the answer was passed on already.
        """
        said, codes = _words(body)
        if status is not None:
            known = status
        else:
            # Numbers are HTTP statuses, as OpenRouter and vLLM send them; "server_error" and all the rest are 500.
            known = next((_BY_CODE[code] for code in codes if code in _BY_CODE), 0)
            known = known or next((int(code) for code in codes if code.isdecimal() and len(code) == 3), 500)
        kind: ErrorKind = _BY_STATUS.get(known) or ("upstream" if known >= 500 else "bad_request")
        too_long = "context_length_exceeded" in codes or "exceed_context_size_error" in codes or _TOO_LONG.search(said)
        if kind == "bad_request" and too_long:
            kind = "context_length"
        later = kind in ("rate_limit", "overloaded", "upstream", "timeout") and _NEVER_LATER.isdisjoint(codes)
        if kind == "not_found":
            what = f"does not know the model '{self._model}'" if self._model else "has no list of models"
        else:
            what = _REPORTED[kind]
        number = f" ({status})" if status else ""
        return ProviderError(
            kind,
            self.redact(f"{self} {what}{number}: {said} {_ADVICE[kind]}"),
            status=status,
            retry_after=retry_after,
            retryable=later and known != 501,
            partial=partial,
        )

    def failed(self, error: BaseException, *, limit: float, answering: bool, partial: bool = False) -> ProviderError:
        """A connection that was not made or has broken.

        Args:
            error: what the HTTP client raised.
            limit: seconds that the API may stay silent.
            answering: whether the answer had begun.
            partial: a part of the answer was passed on already.
        """
        kind: ErrorKind = "connection"
        retryable = True
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            kind, what = "timeout", "did not take the connection in time. Check the address and any firewall."
        elif isinstance(error, TimeoutError):
            kind, what = "timeout", f"sent nothing for {limit:g} s. {_ADVICE['timeout']}"
        elif isinstance(error, aiohttp.ClientConnectorDNSError):
            what = "cannot be found: there is no such host. Check the address."
        elif isinstance(error, aiohttp.ClientSSLError):
            retryable = False
            what = f"has no TLS certificate to trust ({error}). Check the address, or set SSL_CERT_FILE."
        elif isinstance(error, aiohttp.ClientConnectorError):
            why = "nothing listens there" if error.errno == errno.ECONNREFUSED else error.strerror
            what = f"cannot be reached: {why}. Check that it runs and that the address is right."
        elif isinstance(error, aiohttp.ClientResponseError):
            kind, retryable = "bad_stream", False
            what = f"does not speak HTTP ({error.message}). Check the address."
        elif answering:
            what = f"broke the connection in the middle of its answer. {_ADVICE['upstream']}"
        else:
            what = f"closed the connection without an answer. {_ADVICE['upstream']}"
        return ProviderError(kind, self.redact(f"{self} {what}"), retryable=retryable, partial=partial)


def _words(body: Any) -> tuple[str, list[str]]:
    """The sentence of an error body and its codes and types, in the many shapes in which they come."""
    if isinstance(body, list) and body:
        body = body[0]
    found = body
    if isinstance(body, dict):
        found = body.get("error") or body
    if isinstance(found, dict):
        said = found.get("message") or found.get("detail") or found.get("error") or json.dumps(found)
        codes = [str(found[name]) for name in ("code", "type", "status") if found.get(name)]
    else:
        said, codes = found, []
    text = said if isinstance(said, str) else json.dumps(said)
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    if text[:100].lower().startswith(("<!doctype", "<html", "<?xml")):
        text = "it answered with an HTML page, so something else than a model API stands at this address"
    text = text if len(text) <= 500 else text[:499] + "…"
    return (text or "it gave no reason").removesuffix(".") + ".", codes


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds from ``retry-after-ms`` or ``Retry-After`` (a number, or a date against the answer's own)."""
    for name, unit in (("retry-after-ms", 1000.0), ("Retry-After", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        wait = parsedate_to_datetime(headers["Retry-After"]) - parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def parse_leniently(text: str) -> Any:
    """JSON with what `msgspec` refuses: halves of surrogate pairs, NaN, Infinity."""
    return json.loads(text, strict=False)
