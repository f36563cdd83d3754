"""Answers that are kept while they grow and for a while after, so that any number of readers may watch and come back.

This is what ``EventSource`` needs: it can only GET, it connects again by itself, and neither must ask a model anew. So
a POST starts an answer, and each GET reads it from the position that ``Last-Event-ID`` tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
import secrets
import threading
import time
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Final

from livethread.sse.frames import SORRY, Failure, ending
from livethread.sse.sources import adrain, ashut, drain, keep, shut
from livethread.sse.wire import KEEP_ALIVE, encode

_END: Final = "end"
_POSITION: Final = re.compile("[0-9]{1,9}")
_TOO_LONG: Final = "The answer has grown longer than this server keeps, and breaks off here."
_FULL: Final = "Too many answers are being written here. Please ask again in a moment."


class Answer:
    """A text that grows; what stands at a position of it never changes.

    Args:
        id: by which it is found; whoever knows it may read.
        longest: characters that are kept.
    """

    def __init__(self, id: str, longest: int) -> None:
        self.id = id
        self.ended: float | None = None
        """When it has ended, by the clock of its `Answers`."""
        self._longest = longest
        self._said = io.StringIO()
        self._length = 0
        self._ending = b""
        self._grown = threading.Condition()
        self._wakers: set[Callable[[], None]] = set()

    @property
    def text(self) -> str:
        """What has been said so far."""
        with self._grown:
            return self._since(0)

    def read(self, last_event_id: str | None = None) -> Reader:
        """Where one reader reads, for `stream` and `astream`.

        Args:
            last_event_id: what the request's header ``Last-Event-ID`` says; any other text than an id of this answer
                means from the beginning.
        """
        return Reader(self, last_event_id or "")

    def _say(self, delta: str) -> bool:
        if self._length + len(delta) > self._longest:
            raise Failure(_TOO_LONG)
        with self._grown:
            self._length += self._said.write(delta)
            self._wake()
        return True

    def _end(self, sentence: str | None, now: float) -> None:
        with self._grown:
            self._ending, self.ended = ending(sentence, _END), now
            self._wake()

    def _since(self, position: int) -> str:
        self._said.seek(position)
        return self._said.read()

    def _wake(self) -> None:
        self._grown.notify_all()
        for wake in self._wakers:
            with contextlib.suppress(RuntimeError):  # its loop has ended meanwhile
                wake()


class Reader:
    """Where one reader of an `Answer` is; the id of each event is the number of characters up to its end."""

    def __init__(self, answer: Answer, last_event_id: str) -> None:
        self._answer = answer
        self.over = last_event_id == _END and answer.ended is not None
        """Whether all has been read. A GET that finds it so answers 204, and an EventSource then comes no more."""
        position = int(last_event_id) if _POSITION.fullmatch(last_event_id) else 0
        self._at = position if position <= answer._length else 0

    def take(self, seconds: float) -> bytes | None:
        """All that was said since, as one event; a keep-alive if that is nothing for so long; None behind the end."""
        with self._answer._grown:
            self._answer._grown.wait_for(self._ready, seconds)
            return self._next()

    async def atake(self, seconds: float) -> bytes | None:
        """The same, where waiting is awaited."""
        loop, grown = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(grown.set)

        with self._answer._grown:
            self._answer._wakers.add(wake)
            if self._ready():
                grown.set()
        try:
            async with asyncio.timeout(seconds):
                await grown.wait()
        except TimeoutError:
            pass
        finally:
            with self._answer._grown:
                self._answer._wakers.discard(wake)
        with self._answer._grown:
            return self._next()

    def close(self) -> None:
        """Does nothing: the answer goes on, for whoever comes back."""

    def _ready(self) -> bool:
        return self.over or self._at < self._answer._length or self._answer.ended is not None

    def _next(self) -> bytes | None:
        if self.over:
            return None
        data = KEEP_ALIVE
        if self._at < self._answer._length:
            text, self._at = self._answer._since(self._at), self._answer._length
            data = encode(None, json.dumps(text), str(self._at))
        if self._answer.ended is not None:
            data = data.removeprefix(KEEP_ALIVE) + self._answer._ending
            self.over = True
        return data


class Answers:
    """The answers of one process.

    Args:
        seconds: for which an answer is kept when it has ended.
        most: answers that are kept; the one that ended first makes room, and where none has ended a new one is refused.
        longest: characters of one answer.
        clock: tells the time.
        new_id: makes an id that nobody can guess.
    """

    def __init__(
        self,
        *,
        seconds: float = 600.0,
        most: int = 250,
        longest: int = 400_000,
        clock: Callable[[], float] = time.monotonic,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(12),
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._longest = longest
        self._clock = clock
        self._new_id = new_id
        self._kept: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def start(self, deltas: Iterable[str] | AsyncIterable[str]) -> Answer:
        """Begin an answer, which then grows to its end whether it is read or not.

        Args:
            deltas: its text; are read on a thread, or, if they are asynchronous, in a task of this loop.

        Raises:
            Failure: too many are being written; the deltas are closed.
        """
        answer = self._admit()
        if isinstance(deltas, AsyncIterable):
            keep(self._awrite(answer, deltas) if answer else ashut(deltas))
        elif answer:
            threading.Thread(target=self._write, args=(answer, deltas), name="livethread-answer", daemon=True).start()
        else:
            shut(deltas)
        if answer is None:
            raise Failure(_FULL)
        return answer

    def get(self, id: str) -> Answer | None:
        """The answer with this id, unless there is none, or none any more."""
        with self._lock:
            self._forget(self._most)
            return self._kept.get(id)

    def _admit(self) -> Answer | None:
        with self._lock:
            self._forget(self._most - 1)
            if len(self._kept) >= self._most:
                return None
            answer = Answer(self._new_id(), self._longest)
            self._kept[answer.id] = answer
            return answer

    def _forget(self, most: int) -> None:
        """Let go of answers that ended long ago, and of those that ended first while there are more than so many."""
        ended = sorted((answer.ended, answer.id) for answer in self._kept.values() if answer.ended is not None)
        too_many = len(self._kept) - most
        for place, (when, id) in enumerate(ended):
            if place < too_many or when + self._seconds <= self._clock():
                del self._kept[id]

    def _write(self, answer: Answer, deltas: Iterable[str]) -> None:
        answer._end(drain(deltas, answer._say), self._clock())

    async def _awrite(self, answer: Answer, deltas: AsyncIterable[str]) -> None:
        async def say(delta: str) -> None:
            answer._say(delta)

        sentence: str | None = SORRY  # of a task that is cancelled
        try:
            sentence = await adrain(deltas, say)
        finally:
            answer._end(sentence, self._clock())
