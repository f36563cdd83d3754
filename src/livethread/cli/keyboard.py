"""What is typed, or comes through a pipe, without holding up the loop."""

from __future__ import annotations

import asyncio
import codecs
import os
import threading
from collections.abc import AsyncIterator
from typing import Final

_PIECE: Final = 4096


class Keyboard:
    """Bytes of a file descriptor as text; no more than two pieces are read ahead.

    Args:
        fd: which one.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(1)  # for one piece; another is in the reader's hand
        self._loop = asyncio.get_running_loop()
        # By os.read, since a daemon in the midst of a read of sys.stdin makes the interpreter's end fail.
        threading.Thread(target=self._read, name="livethread-keyboard", daemon=True).start()

    async def pieces(self) -> AsyncIterator[str]:
        """The text as it comes, to its end."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        while piece := await self._pieces.get():
            self._room.release()
            if text := decoder.decode(piece):
                yield text
        self._pieces.put_nowait(b"")  # whoever asks again is told the same

    async def lines(self) -> AsyncIterator[str]:
        """The text by lines, to its end; the last one need not be whole."""
        rest = ""
        async for text in self.pieces():
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                yield line
        if rest:
            yield rest

    def _read(self) -> None:
        piece = b"-"
        while piece:
            try:
                piece = os.read(self._fd, _PIECE)
            except OSError:  # the terminal has gone
                piece = b""
            self._room.acquire()
            try:
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
            except RuntimeError:  # the loop has ended
                return
