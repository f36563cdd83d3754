"""Polls whose answer was lost.

Browsers, and HTTP clients in general, send a GET again whose connection broke off, and tell nobody: what stood in the
answer to the first one would be missing from then on. A client of Engine.IO gives each poll a mark of its own, so that
nothing caches it; one that comes twice is told by that.
"""

from __future__ import annotations

from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from engineio.async_socket import AsyncSocket


class Polls:
    """The last poll of each session."""

    def __init__(self) -> None:
        self._last: WeakKeyDictionary[AsyncSocket, str] = WeakKeyDictionary()

    def repeats(self, socket: AsyncSocket, query: bytes) -> bool:
        """Whether a session's poll is the one before, once more; a client that marks none is believed.

        Args:
            socket: the session's.
            query: of the poll.
        """
        mark = parse_qs(query.decode("ascii", "replace")).get("t", [""])[0]
        before, self._last[socket] = self._last.get(socket), mark
        return mark != "" and mark == before
