"""Viewers of one thread over bare sockets, in one process: most read what there is, some a little every second."""

from __future__ import annotations

import re
import select
import socket
import time
from array import array
from urllib.parse import urlsplit

_STAMP = re.compile(rb"@(\d+);")
_READY = b"\nevent: thread.snapshot\n"
_SLOW_BUFFER = 4096
"""Bytes of a slow viewer's receive buffer, as the kernel is asked for: so little is kept out of the server's sight."""


class Audience:
    """Viewers who have all read their snapshot.

    Args:
        url: of the stream.
        fast: how many read at once.
        slow: how many read slowly.
        rate: bytes that a slow one reads in a second.
    """

    def __init__(self, url: str, fast: int, slow: int, rate: int) -> None:
        self.ages = array("q")
        """Microseconds from the writing of a token by the model API to its arrival, at a viewer that reads at once."""
        self.read_slowly = 0
        """Bytes that the slow ones have read."""
        self._rate = rate
        self._fast = [_viewer(url) for _ in range(fast)]
        self._slow = [_viewer(url, _SLOW_BUFFER) for _ in range(slow)]
        self._poll = select.epoll()
        self._by_number = {viewer.fileno(): viewer for viewer in self._fast}
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)

    @property
    def slow_ports(self) -> set[int]:
        """By which the kernel knows the connections of the slow ones."""
        return {viewer.getsockname()[1] for viewer in self._slow}

    def read(self, seconds: float, *, note: bool) -> float:
        """Read for so long.

        Args:
            seconds: how long.
            note: whether ages are taken down.

        Returns:
            The share of the time that this process was busy.
        """
        began, busy = time.monotonic(), time.process_time()
        turn = 0  # of a slow viewer: they are spread over each second
        while (passed := time.monotonic() - began) < seconds:
            for number, _ in self._poll.poll(0.005):
                data = self._by_number[number].recv(65536)
                if not data:
                    raise RuntimeError("a viewer was sent away")
                if note:
                    now = time.monotonic_ns() // 1000
                    for stamp in _STAMP.findall(data):
                        self.ages.append(now - int(stamp))
            while self._slow and turn < passed * len(self._slow):
                self.read_slowly += _take(self._slow[turn % len(self._slow)], self._rate)
                turn += 1
        return (time.process_time() - busy) / seconds

    def close(self) -> None:
        """Everybody goes."""
        self._poll.close()
        for viewer in [*self._fast, *self._slow]:
            viewer.close()


def _viewer(url: str, buffer: int | None = None) -> socket.socket:
    parts = urlsplit(url)
    viewer = socket.socket()
    if buffer is not None:
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    viewer.connect((parts.hostname, parts.port))
    viewer.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    viewer.settimeout(30)
    answer = b""
    while _READY not in answer or not answer.endswith(b"\n\n\r\n"):
        more = viewer.recv(65536)
        if not more:
            raise RuntimeError(f"a viewer was not let in: {answer!r}")
        answer += more
    viewer.setblocking(False)
    return viewer


def _take(viewer: socket.socket, limit: int) -> int:
    try:
        return len(viewer.recv(limit))
    except BlockingIOError:
        return 0
