from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from livethread.providers.builtin.assistants import first_assistants
from livethread.providers.builtin.schema import schema_text
from livethread.providers.builtin.words import words
from livethread.providers.chunks import Finish, Text
from tests.providers.builtin.stopped_clock import StoppedClock, play
from tests.providers.builtin.tools.runs import run

FIRST = GUIDE, TOOLBOX, LAB = first_assistants()
SCRIPT = LAB.instructions or ""


def test_there_are_a_guide_a_toolbox_and_a_latency_lab() -> None:
    assert [(one.name, one.model) for one in FIRST] == [
        ("Guide", "builtin/guide"),
        ("Toolbox", "builtin/tools"),
        ("Latency lab", "builtin/script"),
    ]


def test_each_says_that_it_is_not_a_language_model() -> None:
    for one in FIRST:
        assert "Not a language model" in one.description
        assert dict(one.metadata) == {"built_in": "demo, not a language model"}


def test_the_lab_fits_the_schema_and_the_limits_of_an_assistant() -> None:
    Draft202012Validator(yaml.safe_load(schema_text())).validate(yaml.safe_load(SCRIPT))
    assert len(SCRIPT) < 10_000
    assert all(len(one.description) <= 512 for one in FIRST)


def test_the_toolbox_has_functions_whose_parameters_are_schemas() -> None:
    assert [tool["function"]["name"] for tool in TOOLBOX.tools] == ["get_weather", "get_time", "convert_units"]
    for tool in TOOLBOX.tools:
        Draft202012Validator.check_schema(tool["function"]["parameters"])
    assert (GUIDE.tools, LAB.tools) == ([], [])


@pytest.mark.parametrize(
    ("said", "rounds"),
    [
        ("What is the weather in Rome?", [[("get_weather", {"city": "Rome"})]]),
        ("What time is it in Tokyo?", [[("get_time", {"timezone": "Tokyo"})]]),
        (
            "How is the weather in Oslo in celsius? And the time in Europe/Oslo?",
            [[("get_weather", {"city": "Oslo", "unit": "celsius"}), ("get_time", {"timezone": "Europe/Oslo"})]],
        ),
        (
            "What is the weather in Rome and Paris, and then convert 20 celsius to fahrenheit?",
            [
                [("get_weather", {"city": "Rome"}), ("get_weather", {"city": "Paris"})],
                [("convert_units", {"value": 20, "from": "celsius", "to": "fahrenheit"})],
            ],
        ),
    ],
)
def test_the_toolbox_calls_its_functions(said: str, rounds: list[Any]) -> None:
    assert run(said, tools=TOOLBOX.tools).rounds == rounds


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
        ("error", ("upstream", None, True)),
        ("Rate limit!", ("rate_limit", 429, False)),
        ("cut", ("connection", None, True)),
    ],
)
async def test_a_fault_comes_on_request(word: str, expected: tuple[str, int | None, bool]) -> None:
    _, error = await play(SCRIPT, said=word)
    assert error is not None
    assert (error.kind, error.status, error.partial) == expected
