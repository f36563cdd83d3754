from __future__ import annotations

import pytest

from livethread.domain.people import name_of, user_id_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann", "Ann"),
        ("  Ann Lee\t\n", "Ann Lee"),
        ("漢字かな", "漢字かな"),
        ("👩‍🚀", "👩‍🚀"),
        ("e\u0301", "e\u0301"),
        ("\u05d0\u05d1", "\u05d0\u05d1"),
        ("🙂" * 64, "🙂" * 64),
        (" " * 100 + "x" * 64, "x" * 64),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_a_name_is_any_line_of_text_without_the_blanks_around_it(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["", " ", "\u3000", "x" * 65, "a\nb", "a\0", "\x7fa", "a\u2029b", "a\ud800"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 64 characters on one line"):
        name_of(text)


@pytest.mark.parametrize("text", ["u", "7", "ann@example.com", "漢", "🙂", "x" * 64, "a/b?c=d&e"])
def test_a_user_id_is_any_visible_text(text: str) -> None:
    assert user_id_of(text) == text


@pytest.mark.parametrize("text", ["", " u", "u ", "a b", "a\u00a0b", "a\u200bb", "\0", "a\ud800", "x" * 65])
def test_what_is_no_user_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 64 visible characters"):
        user_id_of(text)
