"""What a later release brings (wire.md, Not yet)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from livethread.api.problems import response
from livethread.errors import ApiError

METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def not_yet(request: Request) -> Response:
    """A 404 that says so, whatever was sent."""
    noun = request.url.path.split("/v1/", 1)[-1].split("/", 1)[0]
    return response(ApiError(f"Livethread has no /v1/{noun} yet; a later release brings it.", status=404))
