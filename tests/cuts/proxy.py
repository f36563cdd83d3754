"""A TCP proxy that cuts connections at random bytes, for clients that nobody can cut from inside."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Proxy:
    """Hands bytes on, and cuts.

    A head is handed on whole or not at all: a browser takes half a head for a whole one when the connection is closed
    behind it, and what has no content type is no stream. No more than two answers to POSTs are cut in a row: clients
    ask four times.

    Args:
        target: the address of the server; may be changed while it runs.
        dice: where connections are cut.
        hasten: ask each reader to come back at once; a browser waits for three seconds otherwise.
    """

    def __init__(self, target: str, dice: random.Random, *, hasten: bool = False) -> None:
        self.target = target
        self.url = ""
        self.cutting = True
        """Whether new connections are cut."""
        self.cuts = 0
        self.connections = 0
        self.first_answer = b""
        """What the next connection is answered instead of asking the server; then it is closed."""
        self._dice = dice
        self._hasten = hasten
        self._posts_cut = 0
        self._going: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        """Listening on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:  # a task that is cancelled would be complained about by asyncio's streams
                writer.transport.abort()
            await asyncio.gather(*self._going)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._going.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            if self.first_answer:
                await reader.readuntil(b"\r\n\r\n")
                answer, self.first_answer = self.first_answer, b""
                writer.write(answer)
                await writer.drain()
                return
            await self._between(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two has gone, and so the other is let go
        finally:
            self._going.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        post = head.startswith(b"POST ")
        address = urlsplit(self.target)
        from_server, to_server = await asyncio.open_connection(address.hostname, address.port)
        self._writers.add(to_server)
        # One request, for a connection that is kept would be cut in a later head; a WebSocket has no other.
        alone = b"" if b"\r\nupgrade: websocket\r\n" in head.lower() else b"Connection: close\r\n"
        to_server.write(head.removesuffix(b"\r\n") + alone + b"\r\n")
        asking = asyncio.create_task(self._ask(reader, to_server))
        try:
            whole = await self._answer(from_server, writer, self.cutting and not (post and self._posts_cut == 2))
            if post:
                self._posts_cut = 0 if whole else self._posts_cut + 1
            if not whole and self._dice.random() < 0.5:
                raw: socket.socket = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        finally:
            asking.cancel()
            self._writers.discard(to_server)
            to_server.close()

    async def _ask(self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        """Hand on what the reader says."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                to_server.write(data)
                await to_server.drain()
        to_server.close()  # the reader has gone

    async def _answer(self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter, cutting: bool) -> bool:
        """Hand on what the server says, up to a random byte if it is to be cut; whether that was its end."""
        left = self._dice.randint(0, self._dice.choice([2000, 8000, 40_000])) if cutting else -1
        head = await from_server.readuntil(b"\r\n\r\n")
        if left == 0:
            self.cuts += 1
            return False
        writer.write(head)
        if self._hasten and b"text/event-stream" in head and b"chunked" in head:
            writer.write(b"b\r\nretry: 10\n\n\r\n")
        while data := await from_server.read(65536):
            if self._hasten:
                data = data.replace(b"retry: 15000", b"retry: 00010")
            data = data if left < 0 else data[:left]
            writer.write(data)
            await writer.drain()
            if left >= 0:
                left -= len(data)
                if left == 0:
                    self.cuts += 1
                    return False
        return True
