"""Listens in on a server: hands every byte on as it is, keeps a copy, and reads the copies afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

import h11

from tests.sdk.contract import Exchange

PIECE: Final = 65536
"""Bytes that are read before they are handed on; as many again may wait for a slow reader."""


@dataclass
class _Connection:
    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)


class Tap(threading.Thread):
    """A port in front of a server's port, as long as the block lasts.

    Whoever ends a direction ends it for both sides at once, and a reader that is slow slows its writer down.

    Args:
        url: the server's, such as ``http://127.0.0.1:40123``.
    """

    def __init__(self, url: str) -> None:
        super().__init__(name="livethread-tap", daemon=True)
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._connections: list[_Connection] = []
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        assert self._ready.wait(10), "the tap did not open"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self.join(10)
        assert not self.is_alive(), "the tap did not close"

    def run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        handlers: set[asyncio.Task[None]] = set()

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._tee(reader, writer))
            handlers.add(task)
            task.add_done_callback(handlers.discard)

        listener = await asyncio.start_server(accepted, "127.0.0.1", 0, limit=PIECE)
        self.url = "http://{}:{}".format(*listener.sockets[0].getsockname())
        self._ready.set()
        await self._end.wait()
        listener.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _tee(self, caller: asyncio.StreamReader, to_caller: asyncio.StreamWriter) -> None:
        connection = _Connection()
        self._connections.append(connection)
        try:
            server, to_server = await asyncio.open_connection(*self._server, limit=PIECE)
        except OSError:
            to_caller.transport.abort()  # as a port that nobody listens on would
            return
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(caller, to_server, connection.asked))
                pumps.create_task(_pump(server, to_caller, connection.answered))
            for writer in (to_server, to_caller):
                writer.close()
                await writer.wait_closed()
        except* ConnectionError:
            pass  # one side has gone without a word: so shall the other
        finally:
            for writer in (to_server, to_caller):
                writer.transport.abort()

    def requests(self) -> list[str]:
        """Method and path of every request, answered or not, connection by connection."""
        return [request for request, _ in self._read()]

    def exchanges(self) -> list[Exchange]:
        """Every request that got an answer; of the answers that were cut off only the streams, up to the cut."""
        answers = [exchange for _, exchange in self._read() if exchange is not None]
        return [exchange for exchange in answers if exchange.is_stream or not exchange.cut]

    @property
    def left_out(self) -> int:
        """How many requests are not among the exchanges."""
        return len(self.requests()) - len(self.exchanges())

    def _read(self) -> list[tuple[str, Exchange | None]]:
        return [
            read
            for connection in list(self._connections)
            for read in _exchanges(bytes(connection.asked), bytes(connection.answered))
        ]


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, copy: bytearray) -> None:
    while data := await source.read(PIECE):
        copy += data
        target.write(data)
        await target.drain()
    with suppress(OSError):  # the other side has gone already
        target.write_eof()


def _exchanges(asked: bytes, answered: bytes) -> Iterator[tuple[str, Exchange | None]]:
    """Each request of a connection, and its answer if one has begun."""
    while asked:
        asking = h11.Connection(h11.SERVER)
        asking.receive_data(asked)
        request = asking.next_event()
        if not isinstance(request, h11.Request):
            return
        method, path = request.method.decode(), urlsplit(request.target.decode()).path.removeprefix("/v1")
        asked = asking.trailing_data[0] if _read_body(asking, bytearray()) else b""

        answering = h11.Connection(h11.CLIENT)
        answering.send(h11.Request(method=method, target="/", headers=[("Host", "tapped")]))
        answering.send(h11.EndOfMessage())
        if answered:  # to h11 no bytes mean the end of the connection
            answering.receive_data(answered)
        answer = answering.next_event()
        if not isinstance(answer, h11.Response):
            yield f"{method} {path}", None
            return
        headers = dict(answer.headers)
        assert b"content-encoding" not in headers, f"{method} {path}: an answer that is packed cannot be read"
        exchange = Exchange(method, path, answer.status_code, headers.get(b"content-type", b"").decode())
        exchange.cut = not _read_body(answering, exchange.body)
        answered = b"" if exchange.cut else answering.trailing_data[0]
        yield f"{method} {path}", exchange


def _read_body(connection: h11.Connection, body: bytearray) -> bool:
    """Whether the message came to its end."""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    return isinstance(event, h11.EndOfMessage)
