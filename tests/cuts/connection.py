"""One streaming GET over a bare socket, so that it can be cut at any byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    """A response whose body is read piece by piece.

    Args:
        status: of HTTP.
        reader: where the rest of the body comes from.
    """

    status: int
    reader: asyncio.StreamReader
    _left: int = 0

    async def read(self, limit: int) -> bytes:
        """Some more of the body, at most ``limit`` bytes; empty at its end or when the connection is gone."""
        try:
            if self._left == 0:
                # The line end of the chunk before is read here: whoever is cancelled meanwhile has lost nothing.
                line = (await self.reader.readline()).strip() or (await self.reader.readline()).strip()
                size = int(line or b"0", 16)
                if size == 0:
                    return b""
                self._left = size
            data = await self.reader.read(min(self._left, limit))
            if not data:
                return b""
            self._left -= len(data)
            return data
        except OSError:
            return b""


@asynccontextmanager
async def get(url: str, last_event_id: str | None, *, reset: bool, buffer: int | None = None) -> AsyncIterator[Answer]:
    """Open a stream; leaving the block cuts it where it stands.

    Args:
        url: of the stream.
        last_event_id: the cursor, if there is one.
        reset: whether the cut is a TCP reset rather than an orderly close.
        buffer: the kernel's receive buffer in bytes, for a reader that is to be slow.
    """
    parts = urlsplit(url)
    raw = socket.socket()
    if buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=buffer or 65536)
    if reset:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Accept: text/event-stream"]
        if last_event_id:
            lines.append(f"Last-Event-ID: {last_event_id}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        head = await reader.readuntil(b"\r\n\r\n")
        yield Answer(int(head.split(b" ", 2)[1]), reader)
    finally:
        writer.close()
