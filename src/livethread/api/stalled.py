"""Clients that take nothing of what they are sent: they are cut off, and resume by their cursors.

The kernel's own timeout, ``TCP_USER_TIMEOUT``, cannot do it: it also ends a client that reads, but so slowly that its
window is too small for the next packet whenever it is looked at.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Collection
from typing import Final, Protocol

PATIENCE: Final = 45.0
"""Seconds."""

LOOK_EVERY: Final = 5.0
"""Seconds."""

AT_ONCE: Final = 64
"""Connections that are looked at in one turn of the loop."""

_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
_UNACKNOWLEDGED, _ACKNOWLEDGED, _NOT_SENT, _END = 24, 120, 144, 148  # places in Linux's struct tcp_info


class Connected(Protocol):
    """A connection of uvicorn's."""

    @property
    def transport(self) -> asyncio.Transport:
        """Where its bytes go."""
        ...


def taken(transport: asyncio.Transport) -> tuple[bool, int]:
    """Whether there is something that a client has not taken, and a number that changes when it takes some."""
    left = transport.get_write_buffer_size()
    if _TCP_INFO is not None:
        info = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _END)
        if len(info) == _END:
            waits = left or _number(info, _UNACKNOWLEDGED, 4) or _number(info, _NOT_SENT, 4)
            return bool(waits), _number(info, _ACKNOWLEDGED, 8)
    return left > 0, left


def _number(info: bytes, at: int, size: int) -> int:
    return int.from_bytes(info[at : at + size], sys.byteorder)


class Stalled:
    """Cuts them off.

    Args:
        taken: see `taken`.
    """

    def __init__(self, taken: Callable[[asyncio.Transport], tuple[bool, int]] = taken) -> None:
        self._taken = taken
        self._due = 0.0
        self._left: list[Connected] = []
        self._since: dict[Connected, tuple[int, float]] = {}  # the number of each, and since when it has been that
        self._before: dict[Connected, tuple[int, float]] = {}

    def look(self, connections: Collection[Connected], now: float) -> None:
        """Look at some of the connections; to be called every now and then.

        Args:
            connections: all that there are.
            now: seconds of a clock that does not jump.
        """
        if not self._left and now >= self._due:
            self._due = now + LOOK_EVERY
            self._left = list(connections)
            self._before, self._since = self._since, {}
        for _ in range(min(AT_ONCE, len(self._left))):
            connection = self._left.pop()
            if connection in connections:  # still
                self._judge(connection, now)

    def _judge(self, connection: Connected, now: float) -> None:
        waits, number = self._taken(connection.transport)
        if not waits:
            return
        known, since = self._before.get(connection, (number, now))
        if known != number:
            since = now
        if now - since < PATIENCE:
            self._since[connection] = number, since
        else:
            connection.transport.abort()
