"""Requests to one model API, and the connections that they go over."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from aiohappyeyeballs import start_connection
from yarl import URL

from livethread.providers.http.answer import Answer, Unanswered

KEPT: Final = 15.0
"""Seconds that a connection is kept for the next request."""

_NEXT_ADDRESS: Final = 0.25
"""Seconds after which the next address of a host is tried beside the last one (RFC 8305)."""

_UNSENDABLE: Final = re.compile(r"[\r\n\0]")


class NotConnected(OSError):
    """No connection could be made; says why."""


class ConnectionTimeout(NotConnected):
    """It was not taken in time."""


class NoSuchHost(NotConnected):
    """The host's name has no address."""


class NotTrusted(NotConnected):
    """TLS has failed."""


class Client:
    """Sends requests to one host; see the module.

    Args:
        origin: its scheme, host and port.
        connect_timeout: seconds until a connection must stand.
        stall_timeout: seconds without a byte after which an answer is over, before it has begun and in it.
        trusted: whose certificates are good; the system's own list, if None.
    """

    def __init__(
        self, origin: URL, *, connect_timeout: float, stall_timeout: float, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._origin = origin
        self._connect_timeout = connect_timeout
        self._stall_timeout = stall_timeout
        self._trusted = trusted
        self._kept: list[_Kept] = []
        self._open: set[Answer] = set()

    async def send(self, url: URL, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """A POST, or a GET where there is no body. Comes back with the head of the answer.

        A connection that was kept may have died meanwhile (llama.cpp promises to keep that of a stream, and closes it):
        a request that it leaves without a byte is sent anew, as browsers and curl do.

        Raises:
            NotConnected: there is no connection to be had.
            Broken: it has ended before the head did.
            TimeoutError: nothing came for too long.
            NotHttp: the answer is none.
            ValueError: a header cannot be sent.
        """
        request = _request(url, headers, body)
        while self._kept:
            transport = self._kept.pop().taken()
            if not transport.is_closing():
                try:
                    return await self._ask(transport, request)
                except Unanswered:
                    break
        return await self._ask(await self._connect(), request)

    def close(self) -> None:
        """End all answers, and let go of all connections."""
        for answer in tuple(self._open):
            answer.close()
        while self._kept:
            self._kept.pop().taken().abort()

    async def _ask(self, transport: asyncio.Transport, request: bytes) -> Answer:
        answer = Answer(transport, self._stall_timeout, self._over)
        self._open.add(answer)
        transport.set_protocol(answer)
        transport.write(request)
        try:
            await answer.begun()
        except BaseException:
            answer.close()
            raise
        return answer

    def _over(self, answer: Answer, transport: asyncio.Transport | None) -> None:
        self._open.discard(answer)
        if transport is not None:
            self._kept.append(_Kept(transport, self._kept))

    async def _connect(self) -> asyncio.Transport:
        host, port = self._origin.raw_host or "", self._origin.port or 0
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                made = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS, interleave=1)
                made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                transport = await self._transport(made, host)
        except TimeoutError:
            raise ConnectionTimeout("it was not taken in time") from None
        except (socket.gaierror, UnicodeError) as error:
            raise NoSuchHost(str(error)) from None
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise NotTrusted(str(error)) from None
        except OSError as error:
            raise NotConnected(error.errno, error.strerror or "it closed the connection") from None
        return transport

    async def _transport(self, made: socket.socket, host: str) -> asyncio.Transport:
        """The socket's transport. Its making is not to be cancelled: with uvloop the socket would have two owners."""
        tls, loop = self._tls(), asyncio.get_running_loop()
        making = loop.create_task(
            loop.create_connection(asyncio.Protocol, sock=made, ssl=tls, server_hostname=host if tls else None)
        )
        try:
            return (await asyncio.shield(making))[0]
        except asyncio.CancelledError:
            making.add_done_callback(_unwanted)
            raise

    def _tls(self) -> ssl.SSLContext | None:
        if self._origin.scheme == "http":
            return None
        self._trusted = self._trusted or ssl.create_default_context()
        return self._trusted


class _Kept(asyncio.Protocol):
    """A connection without a request; whatever its other end says now, it ends."""

    def __init__(self, transport: asyncio.Transport, kept: list[_Kept]) -> None:
        self._transport = transport
        self._all = kept
        self._timer = asyncio.get_running_loop().call_later(KEPT, transport.abort)
        transport.set_protocol(self)

    def taken(self) -> asyncio.Transport:
        """Its transport, for the next request."""
        self._timer.cancel()
        return self._transport

    def data_received(self, data: bytes) -> None:
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        if self in self._all:
            self._all.remove(self)


def _unwanted(making: asyncio.Task[tuple[asyncio.Transport, asyncio.Protocol]]) -> None:
    """Whoever wanted the connection has gone."""
    if not making.cancelled() and making.exception() is None:
        making.result()[0].abort()


def _request(url: URL, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The request on the wire; of headers that differ only in their case the last one counts."""
    fields = {"host": ("Host", url.host_port_subcomponent or "")}
    if body is not None:
        fields["content-length"] = ("Content-Length", str(len(body)))
    fields |= {name.lower(): (name, value) for name, value in headers.items()}
    lines = [f"{'GET' if body is None else 'POST'} {url.raw_path_qs} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.values()]
    if any(map(_UNSENDABLE.search, lines)):
        raise ValueError("a header must not contain CR, LF or NUL")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
