"""What services answer, as HTTP has it; and how the documentation describes lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from livethread.api.sink import disconnected
from livethread.services.answers import Answer, Listing

T = TypeVar("T")


class ListOf(BaseModel, Generic[T]):
    """A page of a list, for the documentation only (reference section 1.4)."""

    object: Literal["list"]
    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool


def answered(answer: Answer | Listing) -> Response:
    """The stored text as it is, with its cursor where it has one."""
    headers = {"x-thread-cursor": answer.cursor} if answer.cursor is not None else None
    if isinstance(answer, Answer) and answer.written is not None:
        return _Watched(answer.text, headers, answer.written)
    return Response(answer.text, headers=headers, media_type="application/json")


class _Watched(Response):
    """An answer of which it matters whether it was written to its end."""

    media_type = "application/json"

    def __init__(self, text: str, headers: dict[str, str] | None, written: Callable[[], None]) -> None:
        super().__init__(text, headers=headers)
        self._written = written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and look before its end whether the client is there: behind it servers say that all have gone."""
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": True})  # waits if the connection does
            await asyncio.sleep(0)  # the look begins
            if not gone.done():
                self._written()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
