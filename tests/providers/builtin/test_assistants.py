from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator

from livethread.providers.builtin.assistants import first_assistants
from livethread.providers.builtin.schema import schema_text
from livethread.providers.builtin.words import words
from livethread.providers.chunks import Finish, Text
from tests.providers.builtin.stopped_clock import StoppedClock, play

GUIDE, LAB = first_assistants()
SCRIPT = LAB.instructions or ""


def test_there_are_a_guide_and_a_latency_lab() -> None:
    assert [(one.name, one.model) for one in (GUIDE, LAB)] == [
        ("Guide", "builtin/guide"),
        ("Latency lab", "builtin/script"),
    ]


def test_each_says_that_it_is_not_a_language_model() -> None:
    for one in (GUIDE, LAB):
        assert "Not a language model" in one.description
        assert dict(one.metadata) == {"built_in": "demo, not a language model"}


def test_the_lab_fits_the_schema_and_the_limits_of_an_assistant() -> None:
    Draft202012Validator(yaml.safe_load(schema_text())).validate(yaml.safe_load(SCRIPT))
    assert len(SCRIPT) < 10_000
    assert all(len(one.description) <= 512 for one in (GUIDE, LAB))


async def said(word: str, clock: StoppedClock | None = None) -> str:
    chunks, error = await play(SCRIPT, said=word, clock=clock)
    assert error is None
    assert chunks[-1] == Finish("stop")
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))


async def test_anything_else_gets_the_words_it_knows_and_an_echo() -> None:
    text = await said("What is this?")
    assert "not a language model" in text
    assert text.endswith("You said: What is this?")


async def test_a_long_answer_is_long() -> None:
    text = await said("A long one, please")
    assert 2_000 < len(text.split()) < 3_000
    assert text.endswith("(Latency lab: a script, not a language model.)")


async def test_a_slow_answer_is_slow() -> None:
    clock = StoppedClock()
    text = await said("slow", clock)
    assert clock.slept == [2.0] + [0.5] * (len(words(text)) - 1)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("error", ("upstream", 500, True)),
        ("Rate limit!", ("rate_limit", 429, False)),
        ("cut", ("connection", None, True)),
    ],
)
async def test_a_fault_comes_on_request(word: str, expected: tuple[str, int | None, bool]) -> None:
    _, error = await play(SCRIPT, said=word)
    assert error is not None
    assert (error.kind, error.status, error.partial) == expected
