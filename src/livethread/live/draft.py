"""A draft: the text of a message that still grows, addressed by (content part, UTF-8 byte offset).

What stands at a position never changes, so a lost piece shows as a gap and a repeated one as an overlap.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final, Literal

import msgspec

from livethread.domain.content import refusal_block, text_block

Kind = Literal["text", "refusal"]

PARTS: Final = 255
"""At most so many parts; behind them the last part goes on, since a record counts in a byte."""

_SHORT: Final = 1024
"""Bytes of text that are not cut out again when they are asked for twice in a row."""


class Piece(msgspec.Struct, frozen=True):
    """Some text of one part: where it stands, and what it says."""

    part: int
    offset: int
    kind: Kind
    text: bytes


class Draft:
    """The growing text of one message; only its last part grows."""

    __slots__ = (
        "_answered", "key", "kind", "kinds", "message_id", "parts", "stored", "stored_at", "tail", "thread_id", "waits",
    )  # fmt: skip

    def __init__(self, thread_id: str, message_id: str) -> None:
        self.thread_id = thread_id
        self.message_id = message_id
        self.key = message_id.encode()  # in records
        self.kinds: list[Kind] = []
        self.parts: list[bytearray] = []
        self.kind: Kind | None = None  # of the last part
        self.tail = bytearray()  # the last part
        self.stored = (0, 0)  # how far the store holds it: nobody is shown more
        self.stored_at = -inf  # when it last took some, on the loop's clock, which may have begun a moment ago
        self.waits = False  # there is more that the store is to take
        self._answered: tuple[tuple[int, int, tuple[int, int]], list[Piece]] | None = None

    @property
    def end(self) -> tuple[int, int]:
        """The position behind the last byte: content part, UTF-8 byte offset."""
        return (len(self.parts) - 1, len(self.tail)) if self.parts else (0, 0)

    def grow(self, kind: Kind, text: bytes) -> None:
        """Add text at the end; text of another kind begins a new part."""
        if kind != self.kind and len(self.parts) < PARTS:
            self._begin(kind)
        self.tail += text

    def say(self, kind: Kind, text: bytes) -> None:
        """The same, with a token that is about to be asked for: to be written, then to be shown."""
        self.grow(kind, text)
        kind = self.kinds[-1]
        if len(text) < _SHORT:
            part, end = len(self.parts) - 1, len(self.tail)
            offset = end - len(text)
            self._answered = (part, offset, (part, end)), [Piece(part, offset, kind, text)]

    def _begin(self, kind: Kind) -> None:
        self.kind, self.tail = kind, bytearray()
        self.kinds.append(kind)
        self.parts.append(self.tail)

    def put(self, piece: Piece) -> bool:
        """Take a stored piece; False if it does not continue what is here."""
        if piece.part == len(self.parts) and piece.offset == 0:
            self._begin(piece.kind)
        if self.end != (piece.part, piece.offset) or self.kind != piece.kind:
            return False
        self.tail += piece.text
        return True

    def since(self, part: int, offset: int, until: tuple[int, int]) -> list[Piece]:
        """What stands between two positions, a piece a part."""
        asked = (part, offset, until)
        if self._answered is not None and self._answered[0] == asked:
            return self._answered[1]
        last, end = until
        if part == last < len(self.parts) and 0 < end - offset < _SHORT and end <= len(self.parts[part]):
            pieces = [Piece(part, offset, self.kinds[part], bytes(self.parts[part][offset:end]))]
            self._answered = (asked, pieces)
            return pieces
        pieces = []
        for index in range(part, min(len(self.parts), last + 1)):
            start = offset if index == part else 0
            text = bytes(self.parts[index][start : end if index == last else None])
            if text:
                pieces.append(Piece(index, start, self.kinds[index], text))
        return pieces

    def holds(self, part: int, offset: int) -> bool:
        """Whether this position is one of the text's, on a code point; its very end is one."""
        if (part, offset) == (0, 0):
            return True
        if part >= len(self.parts) or offset > len(self.parts[part]):
            return False
        text = self.parts[part]
        return offset == len(text) or (text[offset] & 0xC0) != 0x80

    def content(self, until: tuple[int, int] | None = None) -> list[dict[str, Any]]:
        """The text up to a position, or all of it, as content blocks of the message (reference section 3.3)."""
        blocks: list[dict[str, Any]] = []
        for piece in self.since(0, 0, until or self.end):
            text = piece.text.decode()
            if piece.kind == "text":
                blocks.append(text_block(text))
            else:
                blocks.append(refusal_block(text))
        return blocks

    @classmethod
    def of(cls, thread_id: str, message_id: str, content: list[dict[str, Any]]) -> Draft:
        """The text of a message that has ended: the finished message is the log of its own text."""
        draft = cls(thread_id, message_id)
        for block in content:
            if block["type"] == "refusal":
                draft.grow("refusal", block["refusal"].encode())
            elif block["type"] == "text":
                draft.grow("text", block["text"]["value"].encode())
        draft.stored = draft.end
        return draft
