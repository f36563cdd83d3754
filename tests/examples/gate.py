"""A proxy that lets an answer through up to a text in it, and the rest when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Gate:
    """What stands between an example and a server.

    Args:
        before: from here on an answer is held back.
    """

    def __init__(self, before: bytes) -> None:
        self.url = ""
        self.asked = b""
        """All that was sent to the server."""
        self._before = before
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let everything through from now on."""
        self._opened.set()

    async def upwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what the example asks."""
        try:
            while data := await reader.read(65536):
                self.asked += data
                writer.write(data)
        except ConnectionError:  # it has all it wants, and does not read what follows `done`
            pass
        finally:
            writer.close()

    async def downwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what the server answers."""
        held = b""
        while data := await reader.read(65536):
            held += data
            at = held.find(self._before)
            if at < 0:
                at = len(held) - self._beginning(held)
            writer.write(held[:at])
            held = held[at:]
            if held.startswith(self._before):
                await self._opened.wait()
                writer.write(held)
                held = b""
        writer.write(held)
        writer.close()

    def _beginning(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of what is held back."""
        return next((size for size in range(len(self._before), 0, -1) if data.endswith(self._before[:size])), 0)


@asynccontextmanager
async def gated(url: str, *, before: bytes) -> AsyncIterator[Gate]:
    """A gate before the server at this address."""
    gate, server = Gate(before), urlsplit(url)
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(server.hostname, server.port)
        await asyncio.gather(gate.upwards(reader, up_writer), gate.downwards(up_reader, writer))
        await up_writer.wait_closed()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        gate.url = f"http://{host}:{port}"
        yield gate
        await asyncio.gather(*serving)  # whoever was served has left
