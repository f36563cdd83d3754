from __future__ import annotations

from contextlib import ExitStack

import pytest

from livethread.live.places import NoPlace, Places


def test_there_is_room_up_to_the_limits_of_a_thread_and_of_all_and_again_once_somebody_has_gone() -> None:
    places = Places(in_thread=2, in_all=3)
    with ExitStack() as others:
        for thread in ("a", "a", "b"):
            others.enter_context(places.taken(thread))
        with pytest.raises(NoPlace, match="This server has its 3 viewers already"), places.taken("c"):
            pass
    full = pytest.raises(NoPlace, match="This thread has its 2 viewers already")
    with places.taken("a"), places.taken("a"), full, places.taken("a"):
        pass
    with places.taken("a"), places.taken("a"), places.taken("b"):
        pass


def test_who_fails_in_its_place_leaves_it_and_nothing_is_kept_of_a_thread_that_nobody_watches() -> None:
    places = Places(in_thread=1, in_all=1)
    with pytest.raises(RuntimeError), places.taken("a"):
        raise RuntimeError
    with places.taken("a"):
        pass
    assert places._taken == {}
