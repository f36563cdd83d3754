from __future__ import annotations

from livethread.live.pace import WINDOWS, Pace


def test_the_window_grows_while_the_loop_is_behind_and_shrinks_again() -> None:
    pace, windows = Pace(), [0.0]
    for late in [0.1, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0]:
        pace.note(late)
        windows.append(pace.window)
    assert windows == [WINDOWS[step] for step in (0, 1, 2, 3, 3, 2, 1, 0, 0)]


def test_a_loop_that_is_not_measurably_behind_never_waits_for_a_timer() -> None:
    pace = Pace()
    for _ in range(100):
        pace.note(0.004)
        assert pace.window == 0.0
