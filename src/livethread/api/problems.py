"""A refusal as an answer: the envelope that every error has (reference section 1.5)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from livethread.errors import ApiError


def body(error: ApiError) -> dict[str, Any]:
    """The envelope of every answer that is not 2xx; all four keys are always there."""
    return {"error": error.described}


def response(error: ApiError) -> Response:
    """The answer that a refusal is. After a 413 the connection ends, as the rest of the body is not read."""
    headers = {"connection": "close"} if error.status == 413 else None
    return Response(json.dumps(body(error)), error.status, headers, media_type="application/json")
