from __future__ import annotations

import pytest

from livethread.sockets.window import AHEAD, Window


def test_who_never_acknowledges_is_told_everything() -> None:
    window = Window()
    for seq in range(1, 100):
        window.tell(AHEAD, f"{seq}.abcd")
    assert window.open


def test_who_acknowledges_is_told_no_more_than_so_much_ahead() -> None:
    window = Window()
    window.tell(10, "1.abcd")
    window.acknowledge("1.abcd")
    window.tell(AHEAD - 1, "2.abcd")
    assert window.open
    window.tell(1, "3.abcd")
    assert not window.open
    window.acknowledge("2.abcd")
    assert window.open


def test_the_newest_cursor_acknowledges_all_of_it() -> None:
    window = Window()
    window.tell(1, "1.abcd")
    window.acknowledge("1.abcd")
    for offset in range(1, 40):
        window.tell(AHEAD, f"2.abcd~2.0.{offset}")
    window.acknowledge("2.abcd~2.0.39")
    assert window.open


def test_text_is_acknowledged_by_its_place() -> None:
    window = Window()
    window.tell(1, "1.abcd")
    window.acknowledge("1.abcd")
    window.tell(AHEAD // 2, "2.abcd~2.0.a")
    window.tell(AHEAD // 2, "2.abcd~2.0.k")
    assert not window.open
    window.acknowledge("2.abcd~2.0.9")
    assert not window.open
    window.acknowledge("2.abcd~2.0.b")
    assert window.open


def test_a_message_that_has_ended_was_held_to_its_end() -> None:
    window = Window()
    window.tell(1, "1.abcd")
    window.acknowledge("1.abcd")
    window.tell(AHEAD, "2.abcd~2.0.a")
    window.tell(1, "4.abcd")
    window.acknowledge("3.abcd")
    assert window.open


def test_after_the_log_was_made_anew_the_newest_cursor_still_counts() -> None:
    window = Window()
    window.tell(1, "zz.abcd")
    window.acknowledge("zz.abcd")
    window.tell(AHEAD, "zz.abcd~1.0.a")
    window.tell(AHEAD, "1.efgh")
    assert not window.open
    window.acknowledge("1.efgh")
    assert window.open


def test_what_is_no_cursor_is_refused_and_changes_nothing() -> None:
    window = Window()
    window.tell(AHEAD, "1.abcd")
    with pytest.raises(ValueError, match="cursor"):
        window.acknowledge("yesterday")
    window.tell(AHEAD, "2.abcd")
    assert window.open


def test_what_cannot_be_acknowledged_is_not_counted() -> None:
    window = Window()
    window.tell(1, "1.abcd")
    window.acknowledge("1.abcd")
    window.tell(2 * AHEAD, None)
    assert window.open
