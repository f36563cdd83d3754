"""The file of an import, however it is packed and written: its objects one by one, each with its line.

Lines of JSON, a JSON list, list pages as the API answers them, or any of these one behind the other; UTF-8 or, with its
byte order mark, UTF-16; plain or gzip. No more of it is in memory than a piece, or one object.
"""

from __future__ import annotations

import codecs
import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from livethread.errors import SetupError

MAX_OBJECT: Final = 16 * 1024 * 1024
"""Characters of one object; a longer one is refused."""

MAX_DEPTH: Final = 100
"""Levels of nesting, as in a request."""

PIECE: Final = 256 * 1024
"""Characters read at a time, unless an object is longer."""

_HEADER: Final = 4096
"""Characters in which a page says that it is one, and in which it ends."""

_CHUNK: Final = 64 * 1024
_OVERLAP: Final = 256
"""Characters that are looked at twice, because what is looked for may begin in one piece and end in the next."""

_SCALAR: Final = r'(?:"[^"]{0,200}"|null|true|false|-?\d{1,20})'
_PAGE: Final = re.compile(
    rf'\{{\s*(?:"(?:object|first_id|last_id|has_more)"\s*:\s*{_SCALAR}\s*,\s*)*"data"\s*:\s*(\[)', re.ASCII
)
_PAGE_END: Final = re.compile(rf'(?:\s*,\s*"[^"]{{0,64}}"\s*:\s*{_SCALAR})*\s*\}}', re.ASCII)
_BETWEEN: Final = re.compile(r"[\s,]*")
_INDENT: Final = re.compile(r"[ \t]*")
_HALF_PAIR: Final = re.compile(r"\\u[dD][89a-fA-F]")
_NAMED_THREAD: Final = re.compile(r'"(?:thread_id|id)"\s*:\s*"(thread[A-Za-z0-9_-]*)"', re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """One object of the file, on the line it begins on."""

    line: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in the file that is no object.

    Args:
        line: where it begins.
        reason: a sentence.
        threads: the threads that its text names.
        last: nothing behind it could be read.
    """

    line: int
    reason: str
    threads: frozenset[str] = frozenset()
    last: bool = False


def read(path: Path, passed: Callable[[int], None] = lambda bytes: None) -> Iterator[Found | Unreadable]:
    """The objects of a file, in its order.

    Args:
        path: the file.
        passed: is told now and then how many bytes of it have been read.

    Raises:
        SetupError: there is no such file, or it may not be read.
    """
    try:
        with path.open("rb") as raw:
            unpacked: Readable = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
            yield from _Scanner(unpacked, (lambda: passed(raw.tell())) if raw.seekable() else _nobody).objects()
    except OSError as error:
        raise SetupError(f"The file {path} cannot be read ({error.strerror}); name another one.") from error


class Readable(Protocol):
    """A file that gives what it has."""

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes; none at its end."""
        ...


class _Malformed(Exception):
    """What stands here is no object that could be kept."""


class _Scanner:
    """Finds where objects begin and end; the decoding itself is the standard library's.

    Args:
        file: the file, unpacked.
        passed: called with each piece that is read.
    """

    def __init__(self, file: Readable, passed: Callable[[], None]) -> None:
        self._file = file
        self._passed = passed
        self._text: codecs.IncrementalDecoder | None = None  # once the first bytes are there
        self._buffer = ""
        self._at = 0
        self._line, self._counted = 1, 0  # the line at a place of the buffer
        self._more = True
        self._damage: str | None = None  # why there is no more, if that is not the file's end
        self._decode = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite).raw_decode

    def objects(self) -> Iterator[Found | Unreadable]:
        """All of them, in order."""
        inside: list[str] = []  # the lists and pages that are open
        while self._come_to_something():
            line = self._line_here()
            if self._buffer[self._at] == "[" and "list" not in inside:
                inside.append("list")
                self._at += 1
            elif page := self._page():
                inside.append("page")
                self._at = page.end()
            elif self._buffer[self._at] == "]" and inside:
                self._at += 1
                if inside.pop() == "page" and not self._leave_page():
                    yield Unreadable(line, "A page of a list does not end as one.", self._skip())
            else:
                try:
                    yield Found(line, self._object())
                except _Malformed as error:
                    named = self._skip()
                    last = not self._come_to_something()
                    yield Unreadable(line, str(error), named, last)
                    if last:
                        return
        if self._damage or inside:
            reason = self._damage or "The file ends in the middle of a list: it was cut off."
            yield Unreadable(self._line_here(), reason, last=True)

    def _come_to_something(self) -> bool:
        """Move to the next thing that is neither blank nor a comma; whether there is one."""
        while True:
            between = _BETWEEN.match(self._buffer, self._at)
            assert between is not None
            self._at = between.end()
            if self._at < len(self._buffer):
                return True
            if not self._fill():
                return False

    def _page(self) -> re.Match[str] | None:
        if self._buffer[self._at] != "{":
            return None
        while len(self._buffer) - self._at < _HEADER and self._fill():
            pass
        return _PAGE.match(self._buffer, self._at, self._at + _HEADER)

    def _leave_page(self) -> bool:
        while len(self._buffer) - self._at < _HEADER and self._fill():
            pass
        end = _PAGE_END.match(self._buffer, self._at, self._at + _HEADER)
        if end is not None:
            self._at = end.end()
        return end is not None

    def _object(self) -> dict[str, Any]:
        while True:
            try:
                value, end = self._decode(self._buffer, self._at)
                break
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 16
                if cut and len(self._buffer) - self._at > MAX_OBJECT:
                    raise _Malformed(_TOO_LONG) from None
                if cut and self._fill():
                    continue
                raise _Malformed(self._damage or (_CUT if cut else "This is not JSON.")) from None
            except (ValueError, RecursionError):  # a number that is none, or more digits or levels than anybody needs
                raise _Malformed("This is not JSON that could be kept.") from None
        if end - self._at > MAX_OBJECT:
            raise _Malformed(_TOO_LONG)
        if not isinstance(value, dict):
            raise _Malformed("Here stands no object of the API.")
        text = self._buffer[self._at : end]
        _check_text(text, value)
        if text.count("{") + text.count("[") > MAX_DEPTH and _deep(value):
            raise _Malformed(f"This is nested deeper than {MAX_DEPTH} levels.")
        self._at = end
        return value

    def _skip(self) -> frozenset[str]:
        """Leave what is malformed: for the next line that begins as this one does. The threads that its text names."""
        begin = self._buffer.rfind("\n", 0, self._at) + 1
        indent = _INDENT.match(self._buffer, begin)
        assert indent is not None
        next_one = re.compile(rf"\n{indent[0]}(?=[^\s,}}\]])")
        named: set[str] = set()
        while True:
            match = next_one.search(self._buffer, self._at)
            end = match.start() if match else len(self._buffer)
            named.update(_NAMED_THREAD.findall(self._buffer, self._at, end))
            if match:
                self._at = end
                return frozenset(named)
            self._at = max(self._at, len(self._buffer) - _OVERLAP)
            if not self._fill():
                self._at = len(self._buffer)
                return frozenset(named)

    def _fill(self) -> bool:
        """Read on; whether there was more. What is done with leaves the memory."""
        if not self._more:
            return False
        self._line_here()
        line_start = self._buffer.rfind("\n", 0, self._at) + 1
        keep = max(line_start, self._at - _OVERLAP)  # how the line begins, for `_skip`
        self._buffer, self._at = self._buffer[keep:], self._at - keep
        self._counted = self._at
        pieces, wanted = [self._buffer], max(PIECE, len(self._buffer))
        while self._more and wanted > 0:
            data = b""
            try:
                data = self._file.read1(_CHUNK)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                self._damage = "The gzip file is cut off or damaged here."
            if self._text is None:
                self._text = _decoder(data)
            self._more = bool(data)
            pieces.append(self._text.decode(data, final=not data))
            wanted -= len(pieces[-1])
        self._passed()
        self._buffer = "".join(pieces)
        return len(self._buffer) > len(pieces[0])

    def _line_here(self) -> int:
        self._line += self._buffer.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _decoder(start: bytes) -> codecs.IncrementalDecoder:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace")
    # What is not UTF-8 becomes surrogates, which no text has: so the line is known that holds it.
    return codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")


_TOO_LONG: Final = f"This is longer than {MAX_OBJECT // 1024 // 1024} MB, which no object of the API is."
_CUT: Final = "The file ends in the middle of this: it was cut off."


def _check_text(text: str, value: dict[str, Any]) -> None:
    try:
        if not text.isascii():
            text.encode()
        if _HALF_PAIR.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        foreign = 0xDC80 <= ord(error.object[error.start]) <= 0xDCFF and not text.isascii()
        raise _Malformed(
            "This is not UTF-8; save the file in that encoding."
            if foreign
            else "This holds half of a surrogate pair, which is not text."
        ) from None


def _deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _nobody() -> None:
    """A pipe does not say how far it is."""
