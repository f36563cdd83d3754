"""The browser client at ``/client.js``: a page imports it from the server that it talks to, without a build step.

What it loads on demand lies beside it, such as ``/client-tools.js``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from livethread.errors import ApiError

BUILT: Final = Path(__file__).parent / "built" / "client.js"
"""Where ``scripts/setup`` puts the build of ``clients/js``; wheels bring it along."""


def add_client_script(app: FastAPI, file: Path) -> None:
    """Serve the client and its parts; nobody needs a key for that.

    Browsers keep them, and ask each time whether they are still the same.

    Args:
        app: where to.
        file: the build, read once, as its parts are; where there is none, callers are told.
    """
    for built in (file, *sorted(file.parent.glob(f"{file.stem}-*.js"))):
        app.add_route(f"/{built.name}", _script(built), include_in_schema=False)


def _script(file: Path) -> Callable[[Request], Awaitable[Response]]:
    try:
        script = file.read_bytes()
    except FileNotFoundError:
        return _not_built
    headers = {"etag": f'"{hashlib.sha256(script).hexdigest()[:32]}"', "cache-control": "no-cache"}

    async def answer(request: Request) -> Response:
        held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if held & {headers["etag"], "*"}:
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    return answer


async def _not_built(request: Request) -> Response:
    raise ApiError(
        "The browser client is not built in this checkout; stop the server, and start it with make run, "
        "which builds it.",
        status=404,
    )
