from __future__ import annotations

import json

import pytest

from livethread.domain.listed import excerpt, listed, opening, title
from livethread.domain.messages import Message, MessageCreate
from livethread.ids import Ids

UNNAMED = '{"id":"thread_1","metadata":{}}'


def said(text: str, **more: object) -> Message:
    body = MessageCreate.model_validate({"role": "user", "content": text, **more})
    return Message.create(body, "thread_1", Ids(1), 7)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello", "Hello"),
        ("\n \n  Two   words\there \nand more", "Two words here"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 200_000, "x" * 59 + "…"),
        ("What is the airspeed velocity of an unladen swallow in the rain?",
         "What is the airspeed velocity of an unladen swallow in the…"),
        (f"{'word ' * 11}sixty words", f"{'word ' * 11}".strip() + "…"),
        (f"ab {'x' * 100}", f"ab {'x' * 56}…"),
        ("漢" * 100, "漢" * 59 + "…"),
        (" \n\t ", None),
        (" " * 5000 + "late", "late"),
    ],
)  # fmt: skip
def test_a_title_is_the_first_line_of_the_first_message_cut_behind_a_word(text: str, shown: str | None) -> None:
    assert title(UNNAMED, opening(said(text).text)) == shown


@pytest.mark.parametrize("text", ["\nHello,  you\nthere", "x" * 80])
def test_an_opening_that_was_kept_as_it_was_written_gives_the_same_title(text: str) -> None:
    assert title(UNNAMED, text) == title(UNNAMED, opening(said(text).text))


@pytest.mark.parametrize(
    ("given", "shown"), [("Mine", "Mine"), (" y" * 200, " y" * 200), ("", "Hello"), ("  ", "Hello")]
)
def test_a_title_that_the_caller_gives_stands_as_it_is_and_a_blank_one_is_none(given: str, shown: str) -> None:
    assert title(json.dumps({"metadata": {"title": given}}), "Hello") == shown


def test_a_message_without_text_gives_no_words() -> None:
    image = said("x").model_copy(update={"content": [{"type": "image_url", "image_url": {"url": "https://a.test/b"}}]})
    assert (opening(image.text), json.loads(excerpt(image))["text"]) == ("", "")


def test_an_item_is_the_thread_with_what_the_list_knows_of_it() -> None:
    last = excerpt(said("é" * 300, metadata={"name": "Ada", "user_id": "u1"}))
    item = listed('{"id":"thread_1","metadata":{"a":"é"}}', "Hello", last, 1_700_000_000_999_999)
    assert json.loads(item) == {
        "id": "thread_1",
        "metadata": {"a": "é"},
        "title": "Hello",
        "last_message": {
            "text": "é" * 200,
            "author": {"role": "user", "assistant_id": None, "name": "Ada", "user_id": "u1"},
            "created_at": 7,
        },
        "active_at": 1_700_000_000,
    }
