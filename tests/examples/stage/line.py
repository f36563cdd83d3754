"""What lies between one browser and the server, and can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Line:
    """A TCP line; while it is cut, whoever comes is sent away.

    Args:
        server: the address of the server.
    """

    def __init__(self, server: str) -> None:
        self.url = ""
        self.is_cut = False
        self._there, self._back = asyncio.Event(), asyncio.Event()
        self.mend()
        self._server = urlsplit(server)
        self._going: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break every connection, and let none through from now on."""
        self.is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections, and what is held back, through again."""
        self.is_cut = False
        self._there.set()
        self._back.set()

    def lead_to(self, server: str) -> None:
        """Let whoever comes from now on through to another server."""
        self._server = urlsplit(server)

    def hold(self, *, back: bool = False) -> None:
        """Hold back what the browser says, or what it is told; a cut loses it."""
        (self._back if back else self._there).clear()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Line]:
        """Listening on a free port."""
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            listening.close()
            self.mend()  # nobody waits for what is held back
            self.cut()
            await asyncio.gather(*self._going)
            await listening.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._going.add(task)
        self._writers.add(writer)
        try:
            if not self.is_cut:
                from_server, to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
                self._writers.add(to_server)
                await asyncio.gather(
                    _pass_on(reader, to_server, self._there), _pass_on(from_server, writer, self._back)
                )
                self._writers.discard(to_server)
        except OSError:
            pass  # the server is not there, or one of the two has gone
        finally:
            writer.close()
            self._writers.discard(writer)
            self._going.discard(task)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, free: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            await free.wait()
            writer.write(data)
            await writer.drain()
    writer.close()
