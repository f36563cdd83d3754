"""Drafts: the text of messages that still grow, addressed by (content part, UTF-8 byte offset).

What stands at a position never changes, so a lost piece shows as a gap and a repeated one as an
overlap. A piece is in the store before any viewer sees it: a killed process does not erase what
people have read.
"""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import structlog

from livethread.domain.content import refusal_block, text_block
from livethread.live.pace import Pace

Kind = Literal["text", "refusal"]

COMPACT_AT: Final = 64 * 1024 * 1024
"""Bytes after which the open texts move to a new file."""

TURN: Final = 0.002
"""Seconds of storing and showing after which the loop may do other work."""

FEW: Final = 16
"""So many drafts are stored and shown at a time, while pieces are joined."""

_SHORT: Final = 1024
"""Bytes of text that are not cut out again when they are asked for twice in a row."""

_KINDS: Final[tuple[Kind, ...]] = ("text", "refusal")
_HEAD: Final = struct.Struct("<IIIBBB")  # crc of the rest, length of the text, offset, part, kind, length of the id
_BODY: Final = struct.Struct("<IIBBB")  # the same without the crc

log = structlog.get_logger()


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
        self.stored_at = 0.0  # when it last took some, on the loop's clock
        self.waits = False  # there is more that the store is to take
        self._answered: tuple[tuple[int, int, tuple[int, int]], list[Piece]] | None = None

    @property
    def end(self) -> tuple[int, int]:
        """The position behind the last byte: content part, UTF-8 byte offset."""
        return (len(self.parts) - 1, len(self.tail)) if self.parts else (0, 0)

    def grow(self, kind: Kind, text: bytes) -> None:
        """Add text at the end; text of another kind begins a new part."""
        if kind != self.kind:
            self._begin(kind)
        self.tail += text

    def say(self, kind: Kind, text: bytes) -> None:
        """The same, with a token that is about to be asked for: to be written, then to be shown."""
        self.grow(kind, text)
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


class FileDrafts:
    """The draft store of one process: an append-only file beside the database.

    All pieces of one turn of the event loop are one ``write()``; there is no fsync. While the loop is behind,
    pieces wait here, where joining them costs nothing, each draft for its own window. Records carry the
    message's id, their own position, length and checksum, so a torn last record is ignored and a
    restored database never meets foreign text.

    Args:
        path: the file; its text is read when the store is made, and ends are for the caller to write.
        grown: called with the ids of the threads whose drafts grew, once their text is in the file.
        pace: is told how late the loop is, and says how long pieces are joined.
        compact_at: bytes after which the open texts move to a new file.
    """

    def __init__(
        self,
        path: Path,
        grown: Callable[[set[str]], None] = lambda threads: None,
        pace: Pace | None = None,
        *,
        compact_at: int = COMPACT_AT,
    ) -> None:
        self.grown = grown
        self._pace = pace or Pace()
        self.path = path
        self.left_behind, whole = _read(path)  # by message id: what the last process had shown
        self._least = self._compact_at = compact_at
        self._open: dict[str, Draft] = {}
        self._soon: list[Draft] = []  # what goes out with the next turn
        self._later: list[tuple[float, int, Draft]] = []  # a heap: when its window is over, in which order it came
        self._came = count()
        self._turn: asyncio.Handle | None = None  # of the loop, that we have asked for
        self._turn_at = 0.0
        self._failing = False  # the file took nothing, and the log knows
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, whole)  # a torn record would hide all that follow
        self._size = whole

    def get(self, message_id: str) -> Draft | None:
        """The draft of a message, if it is open. What it holds may be shown once `flush` has run."""
        return self._open.get(message_id)

    def grow(self, thread_id: str, message_id: str, text: str, kind: Kind = "text") -> None:
        """Add text to a draft; the first piece opens it. Viewers see it in this turn of the loop."""
        draft = self._open.get(message_id)
        if draft is None:
            draft = self._open[message_id] = Draft(thread_id, message_id)
        if draft.waits:
            draft.grow(kind, text.encode())
        else:
            draft.waits = True
            if self._pace.window:
                draft.grow(kind, text.encode())
                self._join(draft, draft.stored_at + self._pace.window)
                return
            draft.say(kind, text.encode())
            self._soon.append(draft)
        if self._turn is None or self._later:
            loop = asyncio.get_running_loop()
            self._ask(loop, loop.time())

    def _join(self, draft: Draft, due: float) -> None:
        """The loop is behind: what comes within the draft's window goes out in one piece."""
        loop = asyncio.get_running_loop()
        due = max(due, loop.time())
        heappush(self._later, (due, next(self._came), draft))
        if self._turn is None or due < self._turn_at:
            self._ask(loop, due)

    def _ask(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Ask for a turn of the loop when something is due; for the next one if it is by now."""
        if self._turn is not None:
            self._turn.cancel()
        self._turn_at = due
        if due > loop.time():
            self._turn = loop.call_at(due, self._take_turn, loop)
        else:
            self._turn = loop.call_soon(self._take_turn, loop)

    def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is due goes out before the loop waits again, joined with all that this turn has brought (rule 9)."""
        self._turn = None
        began = now = loop.time()
        if not self._failing:
            self._pace.note(now - self._turn_at, now)
        try:
            while now - began < TURN and (due := self._due(now)):
                self._store(due, now)
                now = loop.time()
            self._failing = False
        except OSError as error:
            if not self._failing:  # once while it lasts, not for every piece
                log.error("the draft file cannot be written; its text waits", path=str(self.path), error=str(error))
            self._failing = True
            return
        if self._later:
            self._ask(loop, self._later[0][0])

    def _due(self, now: float) -> list[Draft]:
        """All that waits or, while pieces are joined, a few of those whose window is over."""
        if not self._pace.window:
            return self._all()
        for draft in self._soon:  # the loop has just been found to be behind
            heappush(self._later, (self._turn_at, next(self._came), draft))
        self._soon.clear()
        due: list[Draft] = []
        while self._later and self._later[0][0] <= now and len(due) < FEW:
            due.append(heappop(self._later)[2])
        return due

    def _all(self) -> list[Draft]:
        drafts, self._soon = self._soon, []
        if self._later:
            drafts += [draft for _, _, draft in self._later]
            self._later.clear()
        return drafts

    @property
    def _waiting(self) -> bool:
        return bool(self._soon or self._later)

    def flush(self) -> None:
        """Write all that waits, then tell the hubs.

        Raises:
            OSError: the file took nothing; what waits goes with the next flush, and nobody was shown it.
        """
        self._store(self._all(), 0.0)

    def _store(self, drafts: list[Draft], now: float) -> None:
        if not drafts:
            return
        records, ends = [], []
        for draft in drafts:
            part, offset = draft.stored
            end = draft.end
            ends.append(end)
            for piece in draft.since(part, offset, end):
                records.append(_record(draft.key, piece))  # noqa: PERF401 - a comprehension is a call for each token
        data = b"".join(records)
        try:
            _write(self._file, data)
        except OSError:
            self._soon[:0] = drafts
            os.ftruncate(self._file, self._size)  # a torn record would hide all that follow
            raise
        self._size += len(data)
        threads = set()
        for draft, end in zip(drafts, ends, strict=True):
            draft.stored, draft.stored_at, draft.waits = end, now, False
            threads.add(draft.thread_id)
        if not self._open and not self._waiting:
            self._empty()
        elif self._size > self._compact_at and not self.left_behind:
            self._compact()
        self.grown(threads)

    def end(self, message_id: str) -> None:
        """Close a draft whose end is committed; the file is emptied when none is open."""
        if self._open.pop(message_id, None) is not None and not self._open and not self._waiting:
            self._empty()

    def forget_left_behind(self) -> None:
        """Empty the file: every message it speaks of has been ended and committed."""
        self.left_behind.clear()
        if not self._open and not self._waiting:
            self._empty()

    def close(self) -> None:
        """Write what waits and let go of the file."""
        try:
            self.flush()
        finally:
            os.close(self._file)

    def _empty(self) -> None:
        os.ftruncate(self._file, 0)
        self._size = 0
        self._compact_at = self._least

    def _compact(self) -> None:
        """Move the open texts to a new file; if that cannot be, the old one goes on."""
        fresh = self.path.with_name(self.path.name + ".new")
        data = b"".join(
            _record(draft.key, piece) for draft in self._open.values() for piece in draft.since(0, 0, draft.end)
        )
        try:
            file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            try:
                _write(file, data)
                os.rename(fresh, self.path)
            except OSError:
                os.close(file)
                fresh.unlink(missing_ok=True)
                raise
        except OSError as error:
            log.warning("draft file not compacted", path=str(self.path), error=str(error))
            self._compact_at = 2 * self._size
            return
        os.close(self._file)
        self._file, self._size = file, len(data)
        self._compact_at = max(self._least, 2 * self._size)  # what is open may be more than the limit by itself


def left_in(path: Path) -> dict[str, Draft]:
    """The texts of a draft file by message id, whoever is writing it; nothing of it is changed."""
    return _read(path)[0]


def _write(file: int, data: bytes) -> None:
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, memoryview(data)[written:])


def _record(key: bytes, piece: Piece) -> bytes:
    text = piece.text
    rest = _BODY.pack(len(text), piece.offset, piece.part, _KINDS.index(piece.kind), len(key)) + key + text
    return zlib.crc32(rest).to_bytes(4, "little") + rest


def _read(path: Path) -> tuple[dict[str, Draft], int]:
    """The texts of a draft file up to the first record that is not whole, and where that is."""
    drafts: dict[str, Draft] = {}
    data = path.read_bytes() if path.exists() else b""
    at = 0
    while at + _HEAD.size <= len(data):
        crc, length, offset, part, kind, id_length = _HEAD.unpack_from(data, at)
        text_at = at + _HEAD.size + id_length
        end = text_at + length
        if end > len(data) or kind >= len(_KINDS) or zlib.crc32(data[at + 4 : end]) != crc:
            break
        message_id = data[at + _HEAD.size : text_at].decode()
        draft = drafts.setdefault(message_id, Draft("", message_id))
        if draft.put(Piece(part, offset, _KINDS[kind], data[text_at:end])):
            draft.stored = draft.end
        at = end
    return drafts, at
