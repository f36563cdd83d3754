"""Reasoning that engines leave between tags in the answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livethread.providers.chunks import Finish, Reasoning, Text
from livethread.providers.thinking import Thinking
from tests.providers.turns import played
from tests.providers.upstream import OPEN, delta


def told(pieces: list[str]) -> tuple[str, str]:
    """All the reasoning and all the answer of text that comes in these pieces."""
    thinking = Thinking()
    found = [*map(thinking.add, pieces), thinking.end()]
    return "".join(reasoning for reasoning, _ in found), "".join(answer for _, answer in found)


CASES = [
    ("<think>a b</think>c d", "a b", "c d"),
    ("\n <think>a</think>\n\n c \n", "a", "c \n"),
    ("<think></think>c", "", "c"),
    ("<think>a<b</thin</think></think>", "a<b</thin", "</think>"),
    ("<think>never closed</thi", "never closed</thi", ""),
    ("<think>", "", ""),
    ("<think>a</think>  ", "a", ""),
    ("<thin", "", "<thin"),
    ("<thing>a</thing>", "", "<thing>a</thing>"),
    ("Write <think>a</think>", "", "Write <think>a</think>"),
    ("a</think>b", "", "a</think>b"),
    ("  a", "", "  a"),
    ("  ", "", "  "),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "reasoning", "answer"), CASES)
def test_only_tags_that_begin_the_answer_count(text: str, reasoning: str, answer: str) -> None:
    assert told([text]) == (reasoning, answer)
    assert told(list(text)) == (reasoning, answer)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "/think>", "think>", " ", "a", "\n"]), max_size=12))
def test_the_pieces_in_which_it_comes_change_nothing(pieces: list[str]) -> None:
    assert told(pieces) == told(["".join(pieces)])


async def test_an_engine_that_leaves_its_reasoning_in_the_answer_has_it_kept_apart() -> None:
    script = [delta(content=text) for text in ("<th", "ink>Hm", ".</", "think>", "\n\n", "Yes", ", <think>.")]
    assert await played(OPEN, *script, delta("stop")) == [
        Reasoning("Hm"),
        Reasoning("."),
        Text("Yes"),
        Text(", <think>."),
        Finish("stop"),
    ]


async def test_what_looked_like_a_tag_and_is_none_is_not_lost() -> None:
    assert await played(OPEN, delta(content="<thi"), delta("stop")) == [Text("<thi"), Finish("stop")]
