"""The server process: a socket, uvicorn on it, signals, and what is printed for the person who started it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, TextIO, cast

import structlog
import uvicorn
from rich.console import Console

from livethread.api.connection import Connection
from livethread.api.stalled import Stalled
from livethread.app import Livethread
from livethread.errors import SetupError
from livethread.page.start import curl, python
from livethread.settings import Settings
from livethread.sockets.connection import WebSocketConnection
from livethread.sockets.engine import MOST_AT_ONCE

GRACE: Final = 3
"""Seconds that open connections get at a stop; streams are sent away at once."""

NOT_SENT: Final = 64 * 1024
"""Bytes the kernel takes for a connection beyond what is under way: a slow reader is noticed, and costs no more."""


def serve(settings: Settings) -> None:
    """Run a server until SIGTERM or SIGINT.

    Raises:
        SetupError: the port is taken, or the data folder cannot be used.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _LogFile(sys.stderr))),
    )
    listener = _listen(settings.host, settings.port)
    with contextlib.closing(listener):
        loop_factory = uvicorn.Config("livethread").get_loop_factory()  # uvloop, where it is to be had
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(_serve(settings, listener))


class _LogFile:
    """May lie on the very disk that is full: a line that it does not take is lost, and nothing else with it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file.flush()


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with running(settings, listener) as server:
        gc.collect()
        gc.freeze()  # what is there now stays: the collector need not look through it in the midst of a stream
        _greet(server, await server.app.guide())
        await server.until_stopped()


class Server(uvicorn.Server):
    """uvicorn, which sends the viewers away first when it is told to stop."""

    def __init__(self, app: Livethread, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
                ws=WebSocketConnection,
                ws_max_size=2 * MOST_AT_ONCE,  # Engine.IO ends a connection that sends more than it takes
                ws_ping_interval=None,  # it has pings of its own, which polls have, too
                ws_per_message_deflate=False,
                timeout_keep_alive=60,
            )
        )
        self.app = app
        self.listener = listener
        self.stalled = Stalled()
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        host, port = self.listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{port}"

    async def open(self) -> None:
        """Begin to accept connections."""
        self._serving = asyncio.create_task(self.serve(sockets=[self.listener]))
        while not self.started and not self._serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.001)

    async def until_stopped(self) -> None:
        """Come back when a signal, or `stop`, has ended it."""
        if self._serving is not None:
            await self._serving

    async def stop(self) -> None:
        """End it as a signal would."""
        self.should_exit = True
        await self.until_stopped()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: look for clients that take nothing."""
        self.stalled.look(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send the viewers away, then wait for the rest."""
        self.app.hubs.close()
        self.app.thread_list.close()
        self.app.chat.close()
        await self.app.sockets.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and do not raise it again: what follows the serving has to be done, too."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread
                loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


@asynccontextmanager
async def running(settings: Settings, listener: socket.socket | None = None) -> AsyncIterator[Server]:
    """A server that accepts connections in here.

    Args:
        settings: everything that can be set.
        listener: a bound socket; one is made if there is none.
    """
    listener = listener or _listen(settings.host, settings.port)
    settings = replace(settings, port=listener.getsockname()[1])  # by which the app knows itself among upstreams
    async with Livethread(settings).running() as app:
        server = Server(app, listener)
        await server.open()
        try:
            yield server
        finally:
            await server.stop()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SetupError(f"Cannot listen on {host} ({error.strerror}); name another address with --host.") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"Port {port} on {host} is taken by another program; stop that, or name another port with --port."
            ) from error
        raise SetupError(
            f"Cannot listen on {host}:{port} ({error.strerror}); name another with --host and --port."
        ) from error
    return listener


def _greet(server: Server, guide: str | None) -> None:
    url, settings = server.url, server.app.settings
    key = "$LIVETHREAD_API_KEY" if settings.api_keys else None
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"\nLivethread is at {url}   API docs {url}/docs   data in {settings.data}")
    if settings.file is not None:
        console.print(f"Settings from {settings.file}.")
    for sentence in server.app.upstreams.sentences():
        console.print(sentence)
    if guide is None:
        console.print(f"Base URL for the official SDKs: {url}/v1\n")
        return
    console.print(f"""
Base URL for the official SDKs: {url}/v1   (API key: {"one of LIVETHREAD_API_KEYS" if key else "any"})

With curl:
{curl(url, guide, key)}

With the Python SDK (pip install openai):
{python(url, guide, key)}
""")
