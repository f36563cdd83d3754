"""How JSON bodies come in: read up to a limit, taken only as JSON, decoded by `strict_json.decode`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from livethread.domain.strict_json import decode
from livethread.errors import ApiError
from livethread.services.remembered import Remembered

MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes of a request body, unless the settings say otherwise."""

_LONGEST: Final = 18
"""Digits of a length that is worth reading."""

SPILL: Final = 32 * 1024 * 1024
"""Bytes read and thrown away beyond that: some clients hear no answer while they still send."""

_BODILESS: Final = frozenset(["GET", "HEAD", "OPTIONS"])


def json_route(max_body: int, remembered: Remembered) -> type[APIRoute]:
    """The kind of route whose body is JSON, so that FastAPI validates and documents it as any other.

    Args:
        max_body: bytes; a longer one is refused without reading on.
        remembered: where what is sent again finds its answer.
    """

    class JsonRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def read_then_handle(request: Request) -> Response:
                if request.method in _BODILESS:
                    return await handle(request)
                decoded = _Decoded(request, await read_json(request, max_body))
                decoded.state.remembered = remembered
                return await handle(decoded)

            return read_then_handle

    return JsonRoute


async def read_json(request: Request, max_body: int = MAX_BODY) -> Any:
    """The value of a request's body; ``{}`` where it has none (reference section 1.1).

    Raises:
        ApiError: it is too long, not called JSON, or no JSON that can be kept.
    """
    raw = await _read(request, max_body)
    if raw and not _is_json(request.headers.get("content-type", "")):
        # Any web page may post text to a server on this machine; for JSON its browser asks first.
        raise ApiError("Unsupported content type. Send the body as JSON, with 'Content-Type: application/json'.")
    return decode(raw)


async def _read(request: Request, max_body: int) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and (len(length) > _LONGEST or int(length) > max_body + SPILL):
        raise _too_large(max_body)
    raw = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_body + SPILL:
            break
        if size <= max_body:
            raw += chunk
    if size > max_body:
        raise _too_large(max_body)
    return bytes(raw)


def _too_large(max_body: int) -> ApiError:
    return ApiError(f"Request body too large. Expected at most {max_body} bytes.", status=413)


def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    return message.get_content_type() == "application/json"


class _Decoded(Request):
    """A request whose body was read; to FastAPI it always is JSON, also where there was none."""

    def __init__(self, request: Request, value: Any) -> None:
        others = [header for header in request.scope["headers"] if header[0] != b"content-type"]
        super().__init__({**request.scope, "headers": [(b"content-type", b"application/json"), *others]})
        self._value = value

    async def body(self) -> bytes:
        """Something that is not empty: FastAPI asks for nothing else."""
        return b"{}"

    async def json(self) -> Any:
        """The value of the body."""
        return self._value
