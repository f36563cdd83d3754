"""What services answer, as HTTP has it; and how the documentation describes lists."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel
from starlette.responses import Response

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
    return Response(answer.text, headers=headers, media_type="application/json")
