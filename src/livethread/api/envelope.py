"""Every error in the envelope, whoever raised it."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livethread.api import problems
from livethread.domain.explained import from_validation
from livethread.errors import ApiError

log = structlog.get_logger()


class ServerError(ApiError):
    """A mistake of ours; the vendor's own words, as clients show them."""

    status = 500
    type = "server_error"

    def __init__(self) -> None:
        super().__init__(
            "The server had an error processing your request. Sorry about that! "
            "You can retry your request; if it fails again, the server's log says why."
        )


def install(app: FastAPI) -> None:
    """Answer every error that an app expects in the envelope; the others are for `Unexpected`, which goes around it."""
    app.router.redirect_slashes = False
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(Exception, _let_through)


class Unexpected:
    """Answers what nobody expected with a 500, and logs it; a stream that has begun breaks off.

    `Headers` goes around this, so that such answers have them too.

    Args:
        app: what may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        def watch(message: Message) -> Awaitable[None]:
            nonlocal begun
            begun = True
            return send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            return  # it went away while it sent its body
        except Exception:
            log.exception(
                "request failed", method=scope["method"], path=scope["path"], request_id=scope.get("request_id")
            )
            if begun:
                raise
            await problems.response(ServerError())(scope, receive, send)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return problems.response(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problems.response(from_validation(error.errors()))


async def _let_through(request: Request, error: Exception) -> Response:
    """Without it the framework would answer, in plain text, before `Unexpected` hears of the error."""
    raise error


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    place = f"{request.method} {request.scope['path']}"
    match error.status_code:
        case 404:
            message = f"Invalid URL ({place})"
        case 405:
            message = f"Invalid method for URL ({place})"
        case _:
            message = str(error.detail)
    answer = problems.response(ApiError(message, status=error.status_code))
    answer.headers.update(error.headers or {})
    return answer
