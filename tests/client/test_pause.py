from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from livethread.client.pause import LONGEST, Pause


class Loaded(random.Random):
    """Dice that always show the most."""

    def random(self) -> float:
        return 1.0


def test_each_pause_is_twice_as_long_up_to_half_a_minute() -> None:
    pause = Pause(Loaded())
    assert [pause.next() for _ in range(9)] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_what_works_makes_the_pauses_short_again() -> None:
    pause = Pause(Loaded())
    assert [pause.next(), pause.next()] == [0.25, 0.5]
    pause.worked()
    assert pause.next() == 0.25


@given(seed=st.integers(0, 1000))
def test_no_two_clients_come_back_at_once(seed: int) -> None:
    one, other = Pause(random.Random(seed)), Pause(random.Random(seed + 1))
    for _ in range(10):
        assert one.next() != other.next()


@given(seed=st.integers(), attempts=st.integers(1, 2000))
def test_a_pause_is_at_least_half_of_what_it_may_be(seed: int, attempts: int) -> None:
    pause = Pause(random.Random(seed))
    last = [pause.next() for _ in range(attempts)][-1]
    assert min(0.25 * 2 ** (min(attempts, 50) - 1), LONGEST) / 2 <= last <= LONGEST


def test_a_server_that_asks_for_time_gets_it_but_not_for_ever() -> None:
    pause = Pause(Loaded())
    assert [pause.next(15), pause.next(1e9), pause.next(0)] == [15 * 1.25, 300 * 1.25, 1]
