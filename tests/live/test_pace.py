from __future__ import annotations

import pytest

from livethread.live.pace import WINDOWS, Pace


@pytest.fixture
def behind() -> Pace:
    """Of a loop that was so late, for so long, that the last window was tried."""
    pace = Pace()
    for now in (10.0, 10.1, 10.2):
        pace.note(0.1, now)
    assert pace.window == WINDOWS[-1]
    return pace


def test_the_window_grows_while_the_loop_is_behind_once_for_each_window() -> None:
    pace, windows = Pace(), [0.0]
    for now in [10.0, 10.03, 10.04, 10.08, 10.1, 10.2]:
        pace.note(0.1, now)
        windows.append(pace.window)
    assert windows == [WINDOWS[step] for step in (0, 1, 1, 2, 2, 3, 3)]


def test_the_window_shrinks_when_two_of_it_have_passed_on_time(behind: Pace) -> None:
    windows = []
    for now in [10.3, 10.37, 10.4, 10.48, 10.5, 10.55, 10.6]:
        behind.note(0.0, now)
        windows.append(behind.window)
    assert windows == [WINDOWS[step] for step in (3, 2, 2, 1, 1, 0, 0)]


def test_whoever_is_late_again_begins_to_wait_anew(behind: Pace) -> None:
    behind.note(0.1, 10.35)
    behind.note(0.0, 10.45)
    assert behind.window == WINDOWS[3]
    behind.note(0.0, 10.52)
    assert behind.window == WINDOWS[2]


def test_a_loop_that_is_not_measurably_behind_never_waits_for_a_timer() -> None:
    pace = Pace()
    for now in range(100):
        pace.note(0.004, now)
        assert pace.window == 0.0


def test_after_a_quiet_second_nothing_is_joined_any_more(behind: Pace) -> None:
    behind.note(0.0, 11.3)
    assert behind.window == 0.0
