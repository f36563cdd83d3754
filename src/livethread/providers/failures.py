"""What goes wrong with a model API over HTTP, as a `ProviderError` that says what to do."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from livethread.providers.chunks import ErrorKind, ProviderError
from livethread.providers.http.client import ConnectionTimeout, NoSuchHost, NotConnected, NotTrusted
from livethread.providers.http.incoming import NotHttp
from livethread.providers.unable import Ability, advice
from livethread.providers.waits import in_words, seconds_to_wait

_TOO_LONG: Final = re.compile(
    r"context.?(length|window|size)|maximum context|too many tokens|prompt is too long", re.IGNORECASE
)
_GONE: Final = re.compile(
    r"model\b.{0,120}\b(not found|not exist|decommissioned|been deprecated|no longer)|"
    r"(invalid|not a valid) model\b",
    re.IGNORECASE,
)
_LIVETHREAD: Final = "comes from a Livethread server"
"""What another Livethread answers to a request that bears ``x-livethread-hop``."""
_BY_STATUS: Final[Mapping[int, ErrorKind]] = {
    401: "auth", 402: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit",
    503: "overloaded", 529: "overloaded",
}  # fmt: skip
_BY_CODE: Final[Mapping[str, int]] = {
    "invalid_api_key": 401, "authentication_error": 401, "permission_error": 403,
    "insufficient_quota": 429, "rate_limit_exceeded": 429, "rate_limit_error": 429,
    "model_not_found": 404, "model_decommissioned": 404, "not_found_error": 404,
    "context_length_exceeded": 400, "exceed_context_size_error": 400,
    "invalid_request_error": 400, "bad_request": 400, "BadRequestError": 400,
    "overloaded": 503, "overloaded_error": 503, "unavailable_error": 503,
}  # fmt: skip
_TOO_LONG_CODES: Final = frozenset(["context_length_exceeded", "exceed_context_size_error"])
_GONE_CODES: Final = frozenset(["model_not_found", "model_decommissioned"])
_NO_QUOTA: Final = frozenset(["insufficient_quota", "billing_not_active"])
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
    "auth": "Check its key (LIVETHREAD_UPSTREAM_KEY, or the variable that key_env names in livethread.toml) and its "
    "account.",
    "bad_request": "Check the settings and tools against what the model supports.",
    "context_length": "Start a new conversation, or send less of this one (truncation_strategy, for a run).",
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
        needed: what else the request needs, which this one may not have.
    """

    def __init__(
        self, url: str, secrets: tuple[str, ...], model: str | None, needed: frozenset[Ability] = frozenset()
    ) -> None:
        self._url = url
        self._secrets = secrets
        self._model = model
        self._needed = needed

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
        headers: Mapping[str, str] | None = None,
        partial: bool = False,
    ) -> ProviderError:
        """The error that the API reported itself, by HTTP status or inside a stream.

        Args:
            body: the parsed JSON, or text where it was none.
            status: the HTTP status; None where HTTP was fine.
            headers: of the answer, where it had an error's status.
            partial: a part of the answer was passed on already.
        """
        told = _told(body)
        known = status if status is not None else told.status
        wait = seconds_to_wait(headers or {}, body)
        if _LIVETHREAD in told.said:
            kind, what, todo = self._livethread()
        else:
            kind, what, todo = self._judged(known, told, wait)
        later = kind in ("rate_limit", "overloaded", "upstream", "timeout") and _NO_QUOTA.isdisjoint(told.codes)
        number = f" ({status})" if status else ""
        return ProviderError(
            kind,
            self.redact(f"{self} {what}{number}: {told.said} {todo}"),
            status=status,
            retry_after=wait if later else None,
            retryable=later and known != 501,
            partial=partial,
            param=told.param or None,
        )

    def _judged(self, status: int, told: _Told, wait: float | None) -> tuple[ErrorKind, str, str]:
        """The kind of a reported error, what has happened, and what to do."""
        kind: ErrorKind = _BY_STATUS.get(status) or ("upstream" if status >= 500 else "bad_request")
        if kind == "bad_request" and (not _TOO_LONG_CODES.isdisjoint(told.codes) or _TOO_LONG.search(told.said)):
            return "context_length", _REPORTED["context_length"], _ADVICE["context_length"]
        unable = advice(self._needed, status, told.said, told.param)
        if unable is not None:
            return "bad_request", _REPORTED["bad_request"], unable
        if kind == "bad_request" and (not _GONE_CODES.isdisjoint(told.codes) or _GONE.search(told.said)):
            kind = "not_found"
        if kind == "not_found":
            return kind, *self._no_model()
        if kind == "bad_request" and not told.reason and self._model:
            todo = f"Some engines say no more when they do not serve the model '{self._model}': `livethread models` "
            return kind, _REPORTED[kind], f"{todo}lists what there is. {_ADVICE[kind]}"
        if not _NO_QUOTA.isdisjoint(told.codes):
            return kind, "has no quota left for this account", "Check its plan and billing there."
        if wait and kind in ("rate_limit", "overloaded"):
            more = ", or raise the limit there" if kind == "rate_limit" else ""
            return kind, _REPORTED[kind], f"Try again in {in_words(wait)}{more}."
        return kind, _REPORTED[kind], _ADVICE[kind]

    def _no_model(self) -> tuple[str, str]:
        address = "the address: it usually ends in /v1."
        if self._model is None:
            return "has no list of models", f"Check {address}"
        return (
            f"does not know the model '{self._model}'",
            f'Give the name an alias in livethread.toml ([aliases] "{self._model}" = "…"; with its prefix, if it was '
            f"asked for with one), or choose one that `livethread models` lists. If it knows no model at all, check "
            f"{address}",
        )

    def _livethread(self) -> tuple[ErrorKind, str, str]:
        what = "is a Livethread server, which passes nothing on"
        return "not_found", what, "Set LIVETHREAD_UPSTREAM_URL (or the url in livethread.toml) to a model API itself."

    def no_answer(self, what: str, *, retryable: bool = False) -> ProviderError:
        """An answer with 200 that is none.

        Args:
            what: what came instead.
            retryable: it may have been broken on its way.
        """
        todo = "Try again; if it stays, check" if retryable else "Check"
        sentence = f"{self} answered with {what}. {todo} the address: it must be a Chat Completions API, often …/v1."
        return ProviderError("bad_stream", self.redact(sentence), status=200, retryable=retryable)

    def unfinished(self, *, partial: bool = False) -> ProviderError:
        """A stream that ended without a finish reason.

        Args:
            partial: a part of the answer was passed on already.
        """
        sentence = (
            f"{self} ended its answer without a finish reason, so the end of it may be missing. "
            "Try again; if it happens often, look into the log of the engine or of a proxy before it."
        )
        return ProviderError("bad_stream", sentence, retryable=True, partial=partial)

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
        if isinstance(error, ConnectionTimeout):
            kind, what = "timeout", "did not take the connection in time. Check the address and any firewall."
        elif isinstance(error, TimeoutError):
            kind, what = "timeout", f"sent nothing for {limit:g} s. {_ADVICE['timeout']}"
            if self._model is not None and "stream" not in self._needed:
                what += " As it does not stream (stream = false), a long answer may need more: raise stall_seconds."
        elif isinstance(error, NoSuchHost):
            what = "cannot be found: there is no such host. Check the address."
        elif isinstance(error, NotTrusted):
            retryable = False
            what = f"has no TLS certificate to trust ({error}). Check the address, or set SSL_CERT_FILE."
        elif isinstance(error, NotConnected):
            why = "nothing listens there" if error.errno == errno.ECONNREFUSED else error.strerror
            what = f"cannot be reached: {why}. Check that it runs and that the address is right."
        elif isinstance(error, NotHttp):
            kind, retryable = "bad_stream", False
            what = f"does not speak HTTP ({error}). Check the address."
        elif answering:
            what = f"broke the connection in the middle of its answer. {_ADVICE['upstream']}"
            if not partial and {"stream", "tools"} <= self._needed:  # llama-cpp-python does so
                what += " If only answers with tools break, its engine may not stream them: set stream = false for it"
                what += " in livethread.toml."
        else:
            what = f"closed the connection without an answer. {_ADVICE['upstream']}"
        return ProviderError(kind, self.redact(f"{self} {what}"), retryable=retryable, partial=partial)


@dataclass(frozen=True, slots=True)
class _Told:
    """What an error body says.

    Args:
        reason: its words; "" where it has none.
        codes: its codes and types.
        param: the field that it blames, or "".
    """

    reason: str
    codes: tuple[str, ...]
    param: str

    @property
    def said(self) -> str:
        """Its words as a sentence."""
        return (self.reason or "it gave no reason").removesuffix(".") + "."

    @property
    def status(self) -> int:
        """The HTTP status that its codes stand for.

        Numbers are HTTP statuses, as OpenRouter and vLLM send them; "server_error" and all the rest are 500.
        """
        known = next((_BY_CODE[code] for code in self.codes if code in _BY_CODE), 0)
        return known or next((int(code) for code in self.codes if code.isdecimal() and len(code) == 3), 500)


def _told(body: Any) -> _Told:
    """The words of an error body, its codes and its param, in the many shapes in which they come."""
    if isinstance(body, list) and body:
        body = body[0]
    said = body
    if isinstance(body, dict):
        said = body.get("error") or body
    codes: tuple[str, ...] = ()
    param = ""
    if isinstance(said, dict):
        found = said
        said = found.get("message") or found.get("detail") or found.get("error") or json.dumps(found)
        codes = tuple(str(found[name]) for name in ("code", "type", "status") if found.get(name))
        param = str(found.get("param") or "")
    text = said if isinstance(said, str) else json.dumps(said)
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    if text[:100].lower().startswith(("<!doctype", "<html", "<?xml")):
        text = "it answered with an HTML page, so something else than a model API stands at this address"
    return _Told(text if len(text) <= 500 else text[:499] + "…", codes, param)


def parse_leniently(text: str) -> Any:
    """JSON with what `msgspec` refuses: halves of surrogate pairs, NaN, Infinity."""
    return json.loads(text, strict=False)
