"""Patience with a stream that says nothing, at no cost per piece.

aiohttp sets a timer anew for each piece that comes. Here one timer looks now and then whether anything has come.
"""

from __future__ import annotations

import asyncio
from typing import Final

import aiohttp

LOOKS: Final = 4
"""Looks without a new byte, one after another, after which it is over: the silence is at most a quarter too long."""


class Patience:
    """Ends an answer whose upstream has sent nothing for so long: whoever reads it gets aiohttp's own time-out.

    Args:
        response: an answer that has begun; aiohttp's timer for each of its pieces is switched off.
        seconds: of silence.
    """

    def __init__(self, response: aiohttp.ClientResponse, seconds: float) -> None:
        if response.connection is not None and response.connection.protocol is not None:
            response.connection.protocol.read_timeout = None
        self._content = response.content
        self._seen = response.content.total_bytes
        self._silent = 0
        self._every = seconds / LOOKS
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._every, self._look)

    def end(self) -> None:
        """It has said all there is."""
        self._timer.cancel()

    def _look(self) -> None:
        seen, self._seen = self._seen, self._content.total_bytes
        self._silent = self._silent + 1 if seen == self._seen else 0
        if self._silent < LOOKS:
            self._timer = self._loop.call_later(self._every, self._look)
        else:
            self._content.set_exception(aiohttp.SocketTimeoutError("nothing came for too long"))
