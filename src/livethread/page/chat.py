"""The chat page at ``/``: the build of ``web/``, which is read once.

All its addresses are relative, so that it works wherever the app is mounted.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from livethread.errors import ApiError

BUILT: Final = Path(__file__).parent / "built" / "web"
"""Where ``scripts/setup`` puts the build of ``web/``; wheels bring it along."""

_POLICY: Final = (
    "default-src 'self'; img-src 'self' https: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_GUARDED: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_TEXT: Final = frozenset([".css", ".html", ".js", ".svg"])

Handler = Callable[[Request], Awaitable[Response]]


class _File:
    """One file of the build."""

    def __init__(self, path: Path, kept: str) -> None:
        self._body = path.read_bytes()
        self._text = path.suffix in _TEXT
        self._headers = {
            **_GUARDED,
            "content-type": _TYPES.get(path.suffix, "application/octet-stream"),
            "cache-control": kept,
            "etag": f'"{hashlib.sha256(self._body).hexdigest()[:32]}"',
        }
        if self._text:
            self._headers["vary"] = "Accept-Encoding"

    @cached_property
    def _small(self) -> bytes:
        return gzip.compress(self._body, 9, mtime=0)

    def answer(self, request: Request) -> Response:
        """The file, unless the browser holds it."""
        held = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if held & {self._headers["etag"], "*"}:
            return Response(status_code=304, headers=self._headers)
        if self._text and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self._small, headers={**self._headers, "content-encoding": "gzip"})
        return Response(self._body, headers=self._headers)


def add_chat_page(app: FastAPI, folder: Path, otherwise: Handler) -> None:
    """Serve the page at ``/`` and what it consists of at ``/assets``; nobody needs a key for that.

    Browsers ask each time whether the page has changed, and keep its parts for good: one that changes is renamed.

    Args:
        app: where to.
        folder: of the build.
        otherwise: answers ``/`` where there is no build.
    """
    try:
        page = _File(folder / "index.html", "no-cache")
    except FileNotFoundError:
        app.add_route("/", otherwise, include_in_schema=False)
        return
    parts = {
        path.name: _File(path, "public, max-age=31536000, immutable")
        for path in (folder / "assets").iterdir()
        if path.is_file()
    }

    async def answer(request: Request) -> Response:
        return page.answer(request)

    async def part(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in parts:
            raise ApiError(
                "The chat page has no such part; it may have changed since you opened it. Load the page again.",
                status=404,
            )
        return parts[name].answer(request)

    app.add_route("/", answer, include_in_schema=False)
    app.add_route("/assets/{name}", part, include_in_schema=False)
