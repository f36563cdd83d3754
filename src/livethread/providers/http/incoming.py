"""The bytes of one HTTP/1.1 answer: its head, and what its body holds. Pure (RFC 9112)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

MOST_HEAD: Final = 64 * 1024
"""Bytes of a head, or of the lines between and behind chunks."""

MOST_INFLATED: Final = 16 * 1024 * 1024
"""Bytes that one piece of a compressed body may turn into."""

_STATUS: Final = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: .*)?")
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class NotHttp(Exception):
    """What came is no answer of HTTP/1.1, or none that we can read; says why."""


class Head(NamedTuple):
    """What stands before the body.

    Args:
        status: its number.
        headers: by their names in small letters; repeated ones are joined by commas.
    """

    status: int
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        """Without its parameters; where there is none, bytes that nobody knows."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() or "application/octet-stream"


class _At(Enum):
    STATUS = auto()
    HEADER = auto()
    SIZE = auto()  # the line before a chunk
    CHUNK = auto()
    BEHIND = auto()  # the end of its line
    TRAILER = auto()
    LENGTH = auto()  # a body whose length was told
    REST = auto()  # a body that ends with its connection
    END = auto()


class Incoming:
    """Reads one answer, in whatever pieces it comes."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.whole = False
        """Nothing of it is to come."""
        self._at = _At.STATUS
        self._line = b""  # one that has no end yet
        self._lines = 0  # bytes of lines since there was a body
        self._left = 0  # bytes of the body, or of a chunk
        self._status = 0
        self._keeps = False
        self._fields: dict[str, str] = {}
        self._inflate: Any = None
        self._whole_chunks = False  # the next byte begins a chunk that needs no unpacking: it may take the short way

    @property
    def keeps(self) -> bool:
        """It has come to its end, and the connection may serve another request."""
        return self._keeps and self.whole

    def feed(self, data: bytes) -> bytes:
        """What these bytes add to the body.

        Raises:
            NotHttp: they cannot be understood, and neither can what follows.
        """
        if self._whole_chunks:  # one chunk that came alone, as a token does
            at = data.find(b"\r\n", 1, 8)
            if at > 0 and data.endswith(b"\r\n"):
                try:
                    size = int(data[:at], 16)
                except ValueError:
                    size = 0
                if size == len(data) - at - 4 and size >> 4 * (at - 1):  # int() takes more than digits: 0x5, 1_0
                    return data[at + 2 : -2]
        return self._read(data)

    def end(self) -> bool:
        """The connection has ended: whether it did so in good order."""
        if self._at is _At.REST:
            self._at, self.whole = _At.END, True
        return self.whole

    def _read(self, data: bytes) -> bytes:
        data, self._line = self._line + data, b""
        body: list[bytes] = []
        at = 0
        while at < len(data):
            if self._at is _At.CHUNK or self._at is _At.LENGTH:
                piece = data[at : at + self._left]
                body.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._at = _At.BEHIND if self._at is _At.CHUNK else _At.END
                    self._lines = 0
            elif self._at is _At.REST:
                body.append(data[at:])
                break
            elif self._at is _At.END:  # nothing was asked for that could be answered so
                self._keeps = False
                break
            else:
                end = data.find(b"\n", at)
                self._lines += (end + 1 or len(data)) - at
                if self._lines > MOST_HEAD:
                    raise NotHttp("the head of its answer does not end")
                if end < 0:
                    self._line = data[at:]
                    self._lines -= len(self._line)  # it is counted when it is whole
                    if self._at is _At.STATUS and not self._line.startswith(b"HTTP/"[: len(self._line)]):
                        raise NotHttp(f"its answer begins with {self._line[:20]!r}")
                    break
                self._take(data[at:end].removesuffix(b"\r"))
                at = end + 1
        self.whole = self._at is _At.END
        self._whole_chunks = self._at is _At.SIZE and not self._line and self._inflate is None
        found = b"".join(body)
        return self._inflated(found) if found and self._inflate is not None else found

    def _take(self, line: bytes) -> None:
        """A line of the head, or of those around chunks."""
        match self._at:
            case _At.STATUS:
                status = _STATUS.fullmatch(line)
                if status is None:
                    raise NotHttp(f"its answer begins with {line[:20]!r}")
                self._keeps, self._status = status[1] == b"1", int(status[2])
                self._at = _At.HEADER
            case _At.HEADER if line:
                self._field(line)
            case _At.HEADER:
                self._begin()
            case _At.SIZE:
                size = _SIZE.fullmatch(line)
                if size is None:
                    raise NotHttp(f"a chunk of its answer begins with {line[:20]!r}")
                self._left = int(size[1], 16)
                self._at = _At.CHUNK if self._left else _At.TRAILER
            case _At.BEHIND:
                if line:
                    raise NotHttp("a chunk of its answer is longer than it says")
                self._at = _At.SIZE
            case _At.TRAILER if not line:
                self._at = _At.END

    def _field(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise NotHttp(f"there is no header in {line[:20]!r}")
        known, said = name.decode().lower(), value.strip(b" \t").decode(errors="replace")
        self._fields[known] = f"{self._fields[known]}, {said}" if known in self._fields else said

    def _begin(self) -> None:
        """The head is whole: see how the body is told from what follows it."""
        status, fields, self._fields = self._status, self._fields, {}
        if 100 <= status < 200 and status != 101:  # the answer itself is still to come
            self._at = _At.STATUS
            return
        coding, lengths = fields.get("transfer-encoding"), _words(fields.get("content-length", ""))
        keeps = "close" not in (said := _words(fields.get("connection", ""))) and (self._keeps or "keep-alive" in said)
        if status in (204, 304):
            self._at = _At.END
        elif coding is not None:
            self._at = _At.SIZE if _words(coding)[-1:] == ["chunked"] else _At.REST
            keeps = keeps and not lengths  # both is how requests and answers are mixed up on purpose
        elif lengths:
            if len(set(lengths)) > 1 or not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
                raise NotHttp(f"its answer has the length {lengths[0][:20]!r}")
            self._left = int(lengths[0])
            self._at = _At.LENGTH if self._left else _At.END
        else:
            self._at = _At.REST
        self._keeps = keeps and self._at is not _At.REST and status != 101
        self._lines = 0
        self._inflate = _inflater(fields.get("content-encoding", ""))
        self.head = Head(status, fields)

    def _inflated(self, data: bytes) -> bytes:
        try:
            found: bytes = self._inflate.decompress(data, MOST_INFLATED)
        except zlib.error as error:
            raise NotHttp(f"its compression is broken: {error}") from None
        if self._inflate.unconsumed_tail:
            raise NotHttp("a piece of its answer is longer than 16 MB")
        return found


class _Deflated:
    """What is called deflate: with the head and sum of zlib as it should be, or without, as some send it."""

    def __init__(self) -> None:
        self._inflate: Any = None

    @property
    def unconsumed_tail(self) -> bytes:
        return bytes(self._inflate.unconsumed_tail)

    def decompress(self, data: bytes, most: int) -> bytes:
        if self._inflate is None:
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0xF == 8 else -zlib.MAX_WBITS)
        return bytes(self._inflate.decompress(data, most))


def _inflater(encoding: str) -> Any:
    """What unpacks a body that is compressed though nobody asked for it; None for one that is not."""
    match _words(encoding):
        case [] | ["identity"]:
            return None
        case ["gzip" | "x-gzip"]:
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case ["deflate"]:
            return _Deflated()
    raise NotHttp(f"its answer is compressed by {encoding[:20]!r}, which was not asked for")


def _words(value: str) -> list[str]:
    return [word for part in value.lower().split(",") if (word := part.strip())]
