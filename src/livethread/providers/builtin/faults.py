"""What a scripted fault is called: what a real one is, with ``builtin/script`` for the address."""

from __future__ import annotations

import errno
from typing import Final

from livethread.providers.builtin.pieces import clean
from livethread.providers.builtin.steps import FaultName, ReportedError
from livethread.providers.chunks import ProviderError
from livethread.providers.failures import ModelApi
from livethread.providers.http.answer import Broken
from livethread.providers.http.client import NoSuchHost, NotConnected

MODEL: Final = "scripted-model"
"""Which model a scripted model API was asked for."""

_API: Final = ModelApi("builtin/script", (), MODEL, frozenset({"stream"}))
_REFUSED_HOP: Final = (
    "This request comes from a Livethread server that has been given itself or another one as its upstream. "
    "Set LIVETHREAD_UPSTREAM_URL there to the address of a model API."
)


def reported(error: ReportedError, *, answering: bool) -> ProviderError:
    """The error that the model API reports itself.

    Args:
        error: what it says.
        answering: whether its answer had begun: then HTTP was fine, and a status is the code of the error.
    """
    codes = [error.code, str(error.status) if answering and error.status else None]
    message = clean(error.message or "The script says so")
    body = {"message": message, "code": next((clean(code) for code in codes if code), None)}
    hint = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    return _API.reported({"error": body}, status=None if answering else error.status, headers=hint)


def fault(name: FaultName) -> ProviderError:
    """Trouble before any answer."""
    match name:
        case "refused":
            return _failed(NotConnected(errno.ECONNREFUSED, "Connection refused"))
        case "dns":
            return _failed(NoSuchHost("Name or service not known"))
        case "html":
            return _API.no_answer("an HTML page")
        case "unknown_model":
            body = {"message": f"The model `{MODEL}` does not exist", "code": "model_not_found"}
            return _API.reported({"error": body}, status=404)
        case "ourselves":
            return _API.reported({"error": {"message": _REFUSED_HOP}}, status=400)


def cut(*, answering: bool) -> ProviderError:
    """The connection was lost.

    Args:
        answering: whether the answer had begun.
    """
    return _failed(Broken(), answering=answering)


def silent(seconds: float) -> ProviderError:
    """Nothing came for so long."""
    return _API.failed(TimeoutError(), limit=seconds, answering=True)


def unfinished() -> ProviderError:
    """The stream ended without a finish reason."""
    return _API.unfinished()


def _failed(error: OSError, *, answering: bool = False) -> ProviderError:
    return _API.failed(error, limit=0, answering=answering)
