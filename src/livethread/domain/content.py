"""The content of messages: parts as they are asked for, blocks as they are stored (reference sections 2.3 and 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from livethread.domain.body import MAX_TEXT, Body
from livethread.domain.choice import by_kind, by_type, shape

ContentBlock = dict[str, Any]
"""A stored block: ``text``, ``image_file``, ``image_url`` or ``refusal``."""

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Detail = Literal["auto", "low", "high"]


def text_block(value: str, annotations: Sequence[dict[str, Any]] = ()) -> ContentBlock:
    """``{"type": "text", "text": {"value": …, "annotations": […]}}``."""
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def refusal_block(refusal: str) -> ContentBlock:
    """``{"type": "refusal", "refusal": …}``; only assistants refuse."""
    return {"type": "refusal", "refusal": refusal}


class TextPart(Body):
    """``{"type": "text", "text": "…"}``: in requests the text is a plain string."""

    type: Literal["text"]
    text: Text

    def stored(self) -> ContentBlock:
        """The block that messages carry."""
        return text_block(self.text)


class ImageUrl(Body):
    """An image somewhere on the web, or a ``data:`` address."""

    url: Annotated[str, Field(min_length=1)]
    detail: Detail | None = None


class ImageUrlPart(Body):
    """``{"type": "image_url", "image_url": {"url", "detail"?}}``."""

    type: Literal["image_url"]
    image_url: ImageUrl

    def stored(self) -> ContentBlock:
        """The block that messages carry; a missing ``detail`` is ``auto``."""
        image = self.image_url
        return {"type": "image_url", "image_url": {"url": image.url, "detail": image.detail or "auto"}}


class ImageFile(Body):
    """An uploaded image."""

    file_id: str
    detail: Detail | None = None


class ImageFilePart(Body):
    """``{"type": "image_file", "image_file": {"file_id", "detail"?}}``."""

    type: Literal["image_file"]
    image_file: ImageFile

    def stored(self) -> ContentBlock:
        """The block that messages carry; a missing ``detail`` is ``auto``."""
        image = self.image_file
        return {"type": "image_file", "image_file": {"file_id": image.file_id, "detail": image.detail or "auto"}}


ContentPart = Annotated[
    Annotated[TextPart, shape("text")]
    | Annotated[ImageUrlPart, shape("image_url")]
    | Annotated[ImageFilePart, shape("image_file")],
    by_type,
]

Content = Annotated[
    Annotated[Text, shape("string")] | Annotated[list[ContentPart], Field(min_length=1), shape("array")],
    by_kind,
]


def stored_content(content: str | Sequence[ContentPart]) -> list[ContentBlock]:
    """The blocks that a message carries for what a caller sent."""
    if isinstance(content, str):
        return [text_block(content)]
    return [part.stored() for part in content]
