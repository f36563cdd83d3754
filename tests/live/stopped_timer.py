"""Time that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable


class StoppedAlarm:
    """One call that was asked for; see `livethread.live.presence.Alarm`."""

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """It is not wanted any more."""
        self.cancelled = True


class StoppedTimer:
    """See `livethread.live.presence.Timer`; what is due now is called by `ring`, never by itself."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._alarms: list[StoppedAlarm] = []

    def time(self) -> float:
        """Seconds, since whenever."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> StoppedAlarm:
        """Note it down."""
        alarm = StoppedAlarm(when, callback)
        self._alarms.append(alarm)
        return alarm

    @property
    def waiting(self) -> list[float]:
        """In how many seconds something is called."""
        return sorted(round(alarm.when - self.now, 6) for alarm in self._alarms if not alarm.cancelled)

    def ring(self, seconds: float = 0) -> None:
        """Let time pass, and call what is due on the way, each at its time."""
        until = self.now + seconds
        while due := [alarm for alarm in self._alarms if not alarm.cancelled and alarm.when <= until]:
            alarm = min(due, key=lambda alarm: alarm.when)
            self._alarms.remove(alarm)
            self.now = max(self.now, alarm.when)
            alarm.callback()
        self.now = until
