from __future__ import annotations

import json

import pytest

from livethread.domain.lists import ListQuery
from livethread.services.answers import Listing


def test_a_list_is_the_stored_texts_in_the_envelope_of_the_reference() -> None:
    listing = Listing(['{"id":"a"}', '{"id":"b"}'], ["a", "b"], has_more=True)
    assert json.loads(listing.text) == {
        "object": "list",
        "data": [{"id": "a"}, {"id": "b"}],
        "first_id": "a",
        "last_id": "b",
        "has_more": True,
    }


def test_an_empty_list_has_null_for_both_ids() -> None:
    assert json.loads(Listing([], [], has_more=False).text) == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "newest"),
    [
        (ListQuery(), True),
        (ListQuery(limit=1), True),
        (ListQuery(order="asc"), False),
        (ListQuery(after="msg_1"), False),
        (ListQuery(before="msg_1"), False),
    ],
)
def test_only_a_newest_first_first_page_asks_for_the_newest(query: ListQuery, newest: bool) -> None:
    assert query.newest is newest
