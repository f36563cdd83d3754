"""A screen that sweeps may write to past its sink, in a form that can be told from what a sink is handed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, cast

from livethread.live.viewer import StraightSink
from tests.live.screen import Screen
from tests.live.stage import Stage


class StraightScreen(Screen, StraightSink):
    """See the module, and `Screen`.

    Args:
        stage: where it looks.
        run_id: the run it looks at; the whole thread with None.
    """

    def __init__(self, stage: Stage, run_id: str | None = None) -> None:
        super().__init__(stage, run_id)
        self.line = Line(self)

    def write(self, data: bytes) -> Awaitable[None] | None:
        """See `livethread.live.viewer.Sink`."""
        self.line.rest = super().write(data)
        return self.line.rest

    @staticmethod
    def form(thread_id: str, data: bytes) -> bytes:
        """Events behind the id of their thread."""
        return b"%b<%b>" % (thread_id.encode("ascii"), data)

    @property
    def transport(self) -> asyncio.Transport | None:
        """Its line, once that is there."""
        return cast(asyncio.Transport, self.line) if self.line.there else None

    def __await__(self) -> Generator[Any, Any, None]:
        assert self.line.rest is not None
        return self.line.rest.__await__()


class OtherScreen(StraightScreen):
    """One whose line wants another form."""

    @staticmethod
    def form(thread_id: str, data: bytes) -> bytes:
        """Events in brackets."""
        return b"%b[%b]" % (thread_id.encode("ascii"), data)


class Line:
    """A transport that shows its screen what it is handed.

    Args:
        screen: whose it is.
    """

    def __init__(self, screen: StraightScreen) -> None:
        self.there = True
        self.closing = False
        self.broken = False
        self.written: list[bytes] = []
        self.rest: Awaitable[None] | None = None
        self._screen = screen

    def write(self, formed: bytes) -> None:
        """Take all, or keep a rest."""
        assert not self.closing
        if self.broken:
            raise RuntimeError("broken")
        self.written.append(formed)
        data = formed[len(self._screen.stage.thread_id) + 1 : -1]
        assert formed == self._screen.form(self._screen.stage.thread_id, data)
        self._screen.write(data)

    def is_closing(self) -> bool:
        """Whether it is to be written to no more."""
        return self.closing

    def get_write_buffer_size(self) -> int:
        """What it could not write yet."""
        return 0 if self.rest is None else 1
