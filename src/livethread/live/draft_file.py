"""The file of drafts: records that are only ever appended, and what can be read of them after a kill.

Records carry the message's id, their own position, length and checksum, so a torn last record is ignored and a
restored database never meets foreign text. There is no fsync.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import structlog

from livethread.live.draft import Draft, Kind, Piece

COMPACT_AT: Final = 64 * 1024 * 1024
"""Bytes after which the open texts move to a new file."""

_KINDS: Final[tuple[Kind, ...]] = ("text", "refusal")
_HEAD: Final = struct.Struct("<IIIBBB")  # crc of the rest, length of the text, offset, part, kind, length of the id
_BODY: Final = struct.Struct("<IIBBB")  # the same without the crc

log = structlog.get_logger()


class DraftFile:
    """Such a file, open for one process.

    Args:
        path: the file; its text is read when it is opened.
        compact_at: bytes after which it asks to be written anew.
    """

    def __init__(self, path: Path, compact_at: int) -> None:
        self.path = path
        self.left_behind, whole = _read(path)  # by message id: what the last process had shown
        self._least = self._compact_at = compact_at
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, whole)  # a torn record would hide all that follow
        self._size = whole

    @property
    def large(self) -> bool:
        """Whether it is time to write it anew."""
        return self._size > self._compact_at

    def append(self, records: Iterable[bytes]) -> None:
        """Write records.

        Raises:
            OSError: the file took nothing, and is as before.
        """
        data = b"".join(records)
        try:
            _write(self._file, data)
        except OSError:
            os.ftruncate(self._file, self._size)  # a torn record would hide all that follow
            raise
        self._size += len(data)

    def empty(self) -> None:
        """Begin anew: nothing of it counts any more."""
        os.ftruncate(self._file, 0)
        self._size = 0
        self._compact_at = self._least

    def rewrite(self, records: Iterable[bytes]) -> None:
        """Move to a new file that holds these records; if that cannot be, the old one goes on."""
        fresh = self.path.with_name(self.path.name + ".new")
        data = b"".join(records)
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

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)


def left_in(path: Path) -> dict[str, Draft]:
    """The texts of a draft file by message id, whoever is writing it; nothing of it is changed."""
    return _read(path)[0]


def _write(file: int, data: bytes) -> None:
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, memoryview(data)[written:])


def record(key: bytes, piece: Piece) -> bytes:
    """A piece as it stands in the file.

    Args:
        key: the message's id.
        piece: of its text.
    """
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
