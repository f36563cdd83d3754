from __future__ import annotations

import pytest

from livethread.providers.builtin.tools.mentions import READ, Said


def mentioned(text: str, verbs: str = "") -> list[tuple[str, str | int | float]]:
    return [(one.kind, one.value) for one in Said(text, frozenset(verbs.split())).mentions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("What is it?", []),
        ("Is New York in the USA?", [("name", "New York"), ("name", "USA")]),
        ("Rome is old. Paris too", [("name", "Rome"), ("word", "Paris")]),
        ("Find the price in rio grande, oslo and bern!", [("word", "rio grande"), ("word", "oslo"), ("word", "bern")]),
        ("go to the harbour and bring an umbrella", [("word", "harbour")]),
        ("20 miles or −3.5 C", [("number", 20), ("unit", "miles"), ("number", -3.5), ("unit", "C")]),
        ("1,000 and two", [("number", 1000), ("number", 2)]),
        ("from 5-10", [("number", 5), ("number", 10)]),
        ("2026-11-21, 10:30 and 2026-11-21T10:30:00Z",
         [("date", "2026-11-21"), ("time", "10:30"), ("date", "2026-11-21T10:30:00Z")]),
        ("say 'it is late' and \"Rome and then\" or don't",
         [("quoted", "it is late"), ("quoted", "Rome and then")]),
        ("ask a.b+c@example.co.uk at https://example.com/x?y=1.",
         [("email", "a.b+c@example.co.uk"), ("url", "https://example.com/x?y=1")]),
        ("order ab12 or 12345678901234567890", [("code", "ab12"), ("code", "12345678901234567890")]),
        ("today and on Monday", [("when", "today"), ("when", "Monday")]),
        ("Ada's cat", [("word", "Ada")]),
        ("with Ada's cat", [("name", "Ada")]),
        ("Boston, MA and Bern, BE", [("name", "Boston, MA"), ("name", "Bern, BE")]),
        ("see Paris, France", [("name", "Paris, France")]),
        ("see Rome, Paris and Oslo", [("name", "Rome"), ("name", "Paris"), ("name", "Oslo")]),
        ("über Köln und Łódź", [("name", "Köln"), ("name", "Łódź")]),
    ],
)  # fmt: skip
def test_what_an_argument_could_be_is_found(text: str, expected: list[tuple[str, str | int | float]]) -> None:
    assert mentioned(text) == expected


def test_the_words_that_ask_for_a_function_are_no_names() -> None:
    assert mentioned("THE WEATHER IN ROME", "weather") == [("name", "ROME")]


def test_those_of_one_list_are_chained_and_share_the_word_before_them() -> None:
    one, two, three, other = Said("weather in Rome, Paris and in Oslo for Ada").mentions
    assert one.chain == two.chain == three.chain != other.chain
    assert [mention.before[0] for mention in (one, two, three, other)] == ["in", "in", "in", "for"]


def test_a_value_is_found_in_each_form_of_its_word() -> None:
    said = Said("Miles and MILE, dark  green, in C or c")
    assert [(one.start, one.value) for one in said.places("mile")] == [(0, "mile"), (10, "mile")]
    assert [one.start for one in said.places("dark_green")] == [16]
    assert [one.start for one in said.places("C")] == [32]
    assert list(said.places("red")) == []


def test_only_the_beginning_of_a_long_message_is_read() -> None:
    assert mentioned("x" * READ + " Rome") == []
