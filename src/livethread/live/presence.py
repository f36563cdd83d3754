"""Presence: tells the viewers of one thread who else is there, joined so that it never costs much.

What it writes has no id and is in no log. A viewer is told only while it is level with the tip, so never before its
first frame; one that was behind gets the whole set once it is level again, and nothing of it is kept for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, Protocol

from livethread.domain.people import Present, presence_data, typing_data
from livethread.live.people import People
from livethread.live.viewer import Viewer
from livethread.sse import encode

EVERY: Final = 0.25
"""At least so many seconds lie between two tellings; the first after a pause goes out at once."""

BYTES_A_SECOND: Final = 16_000_000
"""A large set for many viewers is told more seldom: it may cost a thread no more than this."""

COUNTED_AFTER: Final = 1.0
"""Seconds after which viewers hear that others without a name have come or gone."""

SLICE: Final = 100
"""So many viewers are written to before the loop may do other work."""


class Alarm(Protocol):
    """What was asked for at a time, and may be called off."""

    def cancel(self) -> None:
        """It is not wanted any more."""
        ...


class Timer(Protocol):
    """The part of an event loop that time comes from."""

    def time(self) -> float:
        """Seconds, since whenever."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Alarm:
        """Call back at that time, at once if it has passed, but never from inside this call."""
        ...


class Presence:
    """See the module.

    Args:
        timer: the time.
        due: called when there is something to tell; then `tell` is to be run to its end, as soon as may be.
    """

    def __init__(self, timer: Timer, due: Callable[[], None]) -> None:
        self.people = People()
        self.due = False
        self._timer = timer
        self._call = due
        self._alarm: Alarm | None = None
        self._alarm_at = 0.0
        self._told = 1  # the number of what all have been told
        self._missing = False  # somebody is level that was not told that
        self._count_at: float | None = None  # when the count is to be told
        self._not_before = 0.0

    def enter(self, viewer: Viewer) -> None:
        """A viewer has come: told once it is level, or with the count. Those of a run take no part."""
        if viewer.view.run_id is None:
            self.people.enter(viewer.person)
            self._recount()

    def leave(self, viewer: Viewer) -> None:
        """A viewer has gone."""
        if viewer.view.run_id is None:
            self.people.leave(viewer.person, self._timer.time())
            self._recount()
            self._stir()

    def reached(self, viewer: Viewer) -> None:
        """A viewer has become level with the tip."""
        if viewer.view.run_id is None:
            number, count = viewer.told
            self._missing = self._missing or number != self._told
            if count != self.people.viewers:
                self._recount()
            self._stir()

    def type(self, user_id: str, typing: bool) -> Present | None:
        """Somebody types, or has ceased to; None if nobody of that id is there."""
        person = self.people.type(user_id, typing, self._timer.time())
        self._stir()
        return person

    def close(self) -> None:
        """Nobody is there any more."""
        self.due = False
        if self._alarm is not None:
            self._alarm.cancel()

    def tell(self, viewers: Collection[Viewer], hand: Callable[[Viewer, bytes], None]) -> Iterator[None]:
        """Write to every viewer what it has not been told; a step is some of them.

        Args:
            viewers: of the thread; those that are not level are told when they are.
            hand: writes to one.
        """
        self.due = self._missing = False
        now, before = self._timer.time(), self._told
        self.people.pass_time(now)
        counted = self._count_at is not None and self._count_at <= now
        if counted:
            self._count_at = None
        news, count = self.people.news(), self.people.viewers
        if news.moved or news.typing:
            self._told += 1
        told = (self._told, count)

        def is_behind(viewer: Viewer) -> bool:
            return news.moved or viewer.told[0] != before or (counted and viewer.told[1] != count)

        level = [viewer for viewer in viewers if viewer.level and viewer.view.run_id is None]
        late = [viewer for viewer in level if is_behind(viewer)]
        typing = b"".join(encode("thread.typing", typing_data(person)) for person in news.typing)
        whole = typing
        if late:
            data = presence_data(self.people.listed(), count, news.joined, news.left)
            whole = encode("thread.presence", data) + typing
        told_now = level if typing else late
        if told_now:
            size = len(whole) * len(late) + len(typing) * (len(told_now) - len(late))
            self._not_before = now + max(EVERY, size / BYTES_A_SECOND)
        self._stir()
        for place, viewer in enumerate(told_now, 1):
            if viewer.level:  # else it fell behind meanwhile
                behind = is_behind(viewer)
                viewer.told = told if behind else (told[0], viewer.told[1])
                hand(viewer, whole if behind else typing)
            if place % SLICE == 0:
                yield

    def _recount(self) -> None:
        """Tell all of the count, if it is another one by then."""
        if self._count_at is None:
            self._count_at = self._timer.time() + COUNTED_AFTER
        self._wake_at(self._count_at)

    def _stir(self) -> None:
        """Something has changed, or will: be called when it is to be told."""
        times = [time for time in (self._count_at, self.people.next_change) if time is not None]
        if self._missing or self.people.changed:
            times.append(self._timer.time())
        if times:
            self._wake_at(min(times))

    def _wake_at(self, when: float) -> None:
        when = max(when, self._not_before)
        if self.due:
            return
        if self._alarm is not None:
            if self._alarm_at <= when:
                return
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = self._timer.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.due = True
        self._call()
