"""The pace at which a whole answer is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.providers.chunks import Chunk, Finish, Refusal, Text, Usage
from livethread.providers.word_by_word import LONGEST, word_by_word

PACES = st.one_of(st.just(0.0), st.floats(min_value=0.01, max_value=10_000))


@given(st.lists(st.text(alphabet="ab \n\té世🦊\0", max_size=200), max_size=4), PACES)
def test_no_character_is_lost_and_nobody_waits_long(texts: list[str], pace: float) -> None:
    told = list(word_by_word([*map(Text, texts), Usage(1, 2), Finish("stop")], pace))
    said = [chunk.text for _, chunk in told if isinstance(chunk, Text)]
    assert "".join(said) == "".join(texts)
    assert [chunk for _, chunk in told if not isinstance(chunk, Text)] == [Usage(1, 2), Finish("stop")]
    assert sum(pause for pause, _ in told) <= LONGEST


def test_a_short_answer_comes_at_a_human_pace() -> None:
    assert list(word_by_word([Text("one two"), Refusal("three"), Finish("stop")], 20)) == [
        (0.0, Text("one")),
        (0.05, Text(" two")),
        (0.05, Refusal("three")),
        (0.0, Finish("stop")),
    ]


def test_a_long_answer_comes_by_several_words_at_a_time() -> None:
    told = list(word_by_word([Text("word " * 1000)], 40))
    assert len(told) <= LONGEST * 40
    assert {len(chunk.text.split()) for _, chunk in told[:-1] if isinstance(chunk, Text)} == {6}


@pytest.mark.parametrize("chunks", [[Text("one two"), Finish("stop")], []])
def test_a_pace_of_nought_tells_all_at_once(chunks: list[Chunk]) -> None:
    assert list(word_by_word(chunks, 0)) == [(0.0, chunk) for chunk in chunks]
