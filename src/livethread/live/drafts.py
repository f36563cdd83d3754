"""The draft store of one process: a piece is in it before any viewer sees it.

So a killed process does not erase what people have read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Final

import structlog

from livethread.live.draft import Draft, Kind
from livethread.live.draft_file import COMPACT_AT, DraftFile, record
from livethread.live.pace import Pace

TURN: Final = 0.002
"""Seconds of storing and showing after which the loop may do other work."""

FEW: Final = 16
"""So many drafts are stored and shown at a time, while pieces are joined."""

log = structlog.get_logger()


class FileDrafts:
    """The draft store of one process: an append-only file beside the database.

    All pieces of one turn of the event loop are one ``write()``. While the loop is behind, pieces wait here,
    where joining them costs nothing, each draft for its own window.

    Args:
        path: the file; what it holds is `left_behind`, and its ends are for the caller to write.
        grown: called with the ids of the threads whose drafts grew, once their text is in the file.
        pace: is told how late the loop is, and says how long pieces are joined.
        compact_at: bytes after which the open texts move to a new file.
    """

    def __init__(
        self,
        path: Path,
        grown: Callable[[set[str]], None] = lambda threads: None,
        pace: Pace | None = None,
        *,
        compact_at: int = COMPACT_AT,
    ) -> None:
        self.grown = grown
        self._pace = pace or Pace()
        self._file = DraftFile(path, compact_at)
        self._open: dict[str, Draft] = {}
        self._soon: list[Draft] = []  # what goes out with the next turn
        self._later: list[tuple[float, int, Draft]] = []  # a heap: when its window is over, in which order it came
        self._came = count()
        self._turn: asyncio.Handle | None = None  # of the loop, that we have asked for
        self._turn_at = 0.0
        self._failing = False  # the file took nothing, and the log knows

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def left_behind(self) -> dict[str, Draft]:
        """By message id, what the last process had shown."""
        return self._file.left_behind

    def get(self, message_id: str) -> Draft | None:
        """The draft of a message, if it is open. What it holds may be shown once `flush` has run."""
        return self._open.get(message_id)

    def grow(self, thread_id: str, message_id: str, text: str, kind: Kind = "text") -> None:
        """Add text to a draft; the first piece opens it. Viewers see it in this turn of the loop."""
        draft = self._open.get(message_id)
        if draft is None:
            draft = self._open[message_id] = Draft(thread_id, message_id)
        said = text.encode()
        if draft.waits:
            draft.grow(kind, said)
        else:
            draft.waits = True
            if self._pace.window:
                draft.grow(kind, said)
                self._join(draft, draft.stored_at + self._pace.window)
                return
            draft.say(kind, said)
            self._soon.append(draft)
        if self._turn is None or (self._later and not self._pace.window):
            loop = asyncio.get_running_loop()
            self._ask(loop, loop.time())

    def _join(self, draft: Draft, due: float) -> None:
        """The loop is behind: what comes within the draft's window goes out in one piece."""
        loop = asyncio.get_running_loop()
        due = max(due, loop.time())
        heappush(self._later, (due, next(self._came), draft))
        if self._turn is None or due < self._turn_at:
            self._ask(loop, due)

    def _ask(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Ask for a turn of the loop when something is due; for the next one if it is by now."""
        if self._turn is not None:
            self._turn.cancel()
        self._turn_at = due
        if due > loop.time():
            self._turn = loop.call_at(due, self._take_turn, loop)
        else:
            self._turn = loop.call_soon(self._take_turn, loop)

    def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is due goes out before the loop waits again, joined with all that this turn has brought (rule 9)."""
        self._turn = None
        began = now = loop.time()
        if not self._failing:
            self._pace.note(now - self._turn_at, now)
        try:
            while now - began < TURN and (due := self._due(now)):
                self._store(due, now)
                now = loop.time()
            self._failing = False
        except OSError as error:
            if not self._failing:  # once while it lasts, not for every piece
                log.error("the draft file cannot be written; its text waits", path=str(self.path), error=str(error))
            self._failing = True
            return
        if self._later:
            self._ask(loop, self._later[0][0])

    def _due(self, now: float) -> list[Draft]:
        """All that waits or, while pieces are joined, a few of those whose window is over."""
        if not self._pace.window:
            return self._all()
        for draft in self._soon:  # the loop has just been found to be behind
            heappush(self._later, (self._turn_at, next(self._came), draft))
        self._soon.clear()
        due: list[Draft] = []
        while self._later and self._later[0][0] <= now and len(due) < FEW:
            due.append(heappop(self._later)[2])
        return due

    def _all(self) -> list[Draft]:
        drafts, self._soon = self._soon, []
        if self._later:
            drafts += [draft for _, _, draft in self._later]
            self._later.clear()
        return drafts

    @property
    def _waiting(self) -> bool:
        return bool(self._soon or self._later)

    def flush(self) -> None:
        """Write all that waits, then tell the hubs.

        Raises:
            OSError: the file took nothing; what waits goes with the next flush, and nobody was shown it.
        """
        self._store(self._all(), 0.0)

    def _store(self, drafts: list[Draft], now: float) -> None:
        if not drafts:
            return
        records, ends = [], []
        for draft in drafts:
            part, offset = draft.stored
            end = draft.end
            ends.append(end)
            for piece in draft.since(part, offset, end):
                records.append(record(draft.key, piece))  # noqa: PERF401 - a comprehension is a call for each token
        try:
            self._file.append(records)
        except OSError:
            self._soon[:0] = drafts
            raise
        threads = set()
        for draft, end in zip(drafts, ends, strict=True):
            draft.stored, draft.stored_at, draft.waits = end, now, False
            threads.add(draft.thread_id)
        if not self._open and not self._waiting:
            self._file.empty()
        elif self._file.large and not self.left_behind:
            self._file.rewrite(
                record(draft.key, piece) for draft in self._open.values() for piece in draft.since(0, 0, draft.stored)
            )
        self.grown(threads)

    def end(self, message_id: str) -> None:
        """Close a draft whose end is committed; the file is emptied when none is open."""
        if self._open.pop(message_id, None) is not None and not self._open and not self._waiting:
            self._file.empty()

    def forget_left_behind(self) -> None:
        """Empty the file: every message it speaks of has been ended and committed."""
        self.left_behind.clear()
        if not self._open and not self._waiting:
            self._file.empty()

    def close(self) -> None:
        """Write what waits and let go of the file."""
        try:
            self.flush()
        finally:
            if self._turn is not None:
                self._turn.cancel()  # the number of the file may be another's by then
            self._file.close()
