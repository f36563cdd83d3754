"""Viewers of one thread over bare sockets, in one process: most read what there is, some are slow."""

from __future__ import annotations

import re
import select
import socket
import time
from array import array

from benchmarks.slow_viewers.slow import Slow, stream

_STAMP = re.compile(rb"@(\d+);")


class Audience:
    """Viewers who all have their snapshot.

    Args:
        url: of the server.
        thread_id: what they look at.
        fast: how many read at once.
        slow: the kind of those who are slow.
        count: how many of them there are.
    """

    def __init__(self, url: str, thread_id: str, fast: int, slow: Slow, count: int) -> None:
        self.ages = array("q")
        """Microseconds from the writing of a token by the model API to its arrival, at a viewer that reads at once."""
        self.read_slowly = 0
        """Bytes that the slow ones have read."""
        self._rate = slow.rate
        self._fast = [stream(url, thread_id, None) for _ in range(fast)]
        self._slow = [viewer for viewer in (slow.attach(url, thread_id) for _ in range(count)) if viewer is not None]
        for viewer in [*self._fast, *self._slow]:
            viewer.setblocking(False)
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
            while self._rate and turn < passed * len(self._slow):
                self.read_slowly += _take(self._slow[turn % len(self._slow)], self._rate)
                turn += 1
        return (time.process_time() - busy) / seconds

    def close(self) -> None:
        """Everybody goes."""
        self._poll.close()
        for viewer in [*self._fast, *self._slow]:
            viewer.close()


def _take(viewer: socket.socket, limit: int) -> int:
    try:
        return len(viewer.recv(limit))
    except BlockingIOError:
        return 0
