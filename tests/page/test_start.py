"""The page of a checkout without a build."""

from __future__ import annotations

from livethread.page.start import start_page


def test_it_says_where_the_server_is_and_how_to_ask_an_assistant() -> None:
    page = start_page("http://host/<live>", "asst_1")
    assert "http://host/&lt;live&gt;/v1" in page
    assert page.count("asst_1") == 2


def test_without_an_assistant_it_leaves_a_gap() -> None:
    assert start_page("http://host", None).count("asst_…") == 2
