from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from livethread.ids import Ids
from livethread.providers.builtin.reading import read
from livethread.providers.builtin.schema import schema_text
from livethread.providers.builtin.script import Player, chosen
from livethread.providers.builtin.words import words
from livethread.providers.chunks import (
    Chunk,
    Finish,
    Reasoning,
    Refusal,
    Text,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from tests.providers.builtin.stopped_clock import EXAMPLES, SCHEMA, SPEC, StoppedClock, play
from tests.providers.builtin.test_script_faults import FAULTS


def cut_up(text: str) -> list[Chunk]:
    return [Text(word) for word in words(text)]


def script(*steps: dict[str, Any]) -> str:
    return json.dumps({"turns": [steps]})


def calls(*chunks: tuple[int, str, str] | tuple[int, str]) -> list[Chunk]:
    return [ToolCallStart(*chunk) if len(chunk) == 3 else ToolCallArguments(*chunk) for chunk in chunks]


PLAYED: dict[str, tuple[list[Chunk], list[float]]] = {
    # file: chunks of the first turn, and sleeps
    "arguments-in-pieces": (
        [
            *calls((0, "call_koeln", "get_weather"), (0, '{"city": "K'), (0, "ö"), (0, 'ln"}')),
            Usage(1, 2),
            Finish("tool_calls"),
        ],
        [],
    ),
    "broken-arguments": (
        [
            *calls((0, "call_broken", "get_weather"), (0, '{"city": "Ro')),
            Usage(1, 2),
            Finish("tool_calls"),
        ],
        [],
    ),
    "cases": ([*cut_up("Say slow or rate limit."), Usage(1, 5), Finish("stop")], []),
    "content-filter": ([*cut_up("The recipe is"), Usage(1, 3), Finish("content_filter")], []),
    "echo": ([*cut_up("You said: Hello"), Usage(1, 3), Finish("stop")], []),
    "exact-pieces": (
        [Text("Hel"), Text("lo wor"), Text("ld"), Usage(1, 2), Finish("stop")],
        [0.02, 0.02],
    ),
    "invalid-bytes": (
        [*map(Text, ["a", "\ufffd", "b", "\ufffdc", "\ufffdd", "\ufffd"]), Usage(1, 1), Finish("stop")],
        [],
    ),
    "length": ([*cut_up("This sentence is not"), Usage(1, 4), Finish("length")], []),
    "long-text": ([*(cut_up("All work and no play. ") * 200), Usage(1, 1000), Finish("stop")], []),
    "no-usage": ([*cut_up("Nobody counted."), Finish("stop")], []),
    "reasoning": (
        [
            *(Reasoning(word) for word in words("The user greets me.")),
            *cut_up("Good morning."),
            Usage(1, 6, reasoning=4),
            Finish("stop"),
        ],
        [],
    ),
    "refusal": (
        [*(Refusal(word) for word in words("I cannot help with that.")), Usage(1, 5), Finish("stop")],
        [],
    ),
    "split-character": (
        [*map(Text, ["Fish: ", "🐟", " and face: ", "😀"]), Usage(1, 5), Finish("stop")],
        [],
    ),
    "tool-calls-chained": (
        [
            *calls((0, "call_find", "find_city"), (0, '{"country": '), (0, '"Italy"}')),
            Usage(1, 2),
            Finish("tool_calls"),
        ],
        [],
    ),
    "tool-calls-parallel": (
        [
            *cut_up("Let me look."),
            *calls((0, "call_rome", "get_weather"), (1, "call_oslo", "get_weather")),
            *calls((0, '{"city'), (1, '{"city'), (0, '": "Ro'), (1, '": "Os'), (0, 'me"}'), (1, 'lo"}')),
            Usage(1, 5),
            Finish("tool_calls"),
        ],
        [],
    ),
    "usage": ([*cut_up("Fifty-two tokens."), Finish("stop"), Usage(40, 12, 32, 4)], []),
    "words-with-delays": (
        [*cut_up("Every word waits a little."), *cut_up(" And these come two a second."), Usage(1, 11), Finish("stop")],
        [0.1] * 4 + [0.5] + [0.5] * 5,
    ),
    "unknown-function": (
        [
            *calls((0, "call_mars", "book_a_flight_to_mars"), (0, '{"seats": 2}')),
            Usage(1, 2),
            Finish("tool_calls"),
        ],
        [],
    ),
}


def test_the_schema_is_written_from_the_models() -> None:
    assert (SPEC / "script.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_the_schema(path: Any) -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    SCHEMA.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_every_example_is_played_here() -> None:
    assert {path.stem for path in EXAMPLES} == {*PLAYED, *FAULTS, "stall"}  # the stall is in test_provider.py


@pytest.mark.parametrize("name", PLAYED)
async def test_each_example_plays_exactly_what_it_says(name: str) -> None:
    clock = StoppedClock()
    chunks, error = await play((SPEC / "scripts" / f"{name}.yaml").read_text(encoding="utf-8"), clock=clock)
    assert (chunks, clock.slept, error) == (*PLAYED[name], None)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.text(min_size=1, max_size=60))
def test_any_text_comes_back_whole_however_its_bytes_are_cut(data: st.DataObject, text: str) -> None:
    octets = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    pieces = [{"hex": octets[a:b].hex()} for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    assert spoken(script({"pieces": pieces})) == text


@settings(max_examples=60, deadline=None)
@given(st.data(), st.text(min_size=1, max_size=60))
def test_any_text_comes_back_whole_however_its_surrogate_pairs_are_cut(data: st.DataObject, text: str) -> None:
    units = text.encode("utf-16-le")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units) // 2), max_size=6)))
    ends = zip([0, *cuts], [*cuts, len(units) // 2], strict=True)
    pieces = [units[2 * a : 2 * b].decode("utf-16-le", "surrogatepass") for a, b in ends]
    assert spoken(script({"pieces": pieces})) == text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200).filter(lambda text: "{{message}}" not in text), st.integers(1, 3))
def test_any_text_is_played_word_by_word_as_it_was_written(text: str, repeat: int) -> None:
    assert spoken(script({"text": text, "repeat": repeat})) == text * repeat


def spoken(scenario: str) -> str:
    from_script = Player(message="", prompt_words=0, words_per_second=0, call_id=lambda: "call_1")
    chunks = list(from_script.play(chosen(read(scenario), "", 0)))
    assert Text("") not in chunks
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))


async def test_a_later_turn_of_the_run_plays_the_later_turn() -> None:
    scenario = (SPEC / "scripts" / "tool-calls-chained.yaml").read_text(encoding="utf-8")
    second, _ = await play(scenario, turn=1)
    third, _ = await play(scenario, turn=2)
    assert second[0] == ToolCallStart(0, "call_weather", "get_weather")
    assert third == [*cut_up("It is sunny in Rome."), Usage(1, 5), Finish("stop")]


async def test_past_the_end_the_last_turn_is_played_again() -> None:
    scenario = "turns: [[{text: one}], [{text: two}]]"
    assert await play(scenario, turn=5) == ([Text("two"), Usage(1, 1), Finish("stop")], None)


async def test_past_the_end_of_tool_calls_a_sentence_closes_the_run() -> None:
    closing = "(Built-in script, not a language model.) The script has no further turn."
    chunks, error = await play("turns: [[{tool_calls: [{name: again}]}]]", turn=1)
    assert (chunks, error) == ([*cut_up(closing), Usage(1, 12), Finish("stop")], None)


async def test_a_call_without_an_id_gets_one_and_calls_of_two_steps_count_on() -> None:
    ids = Ids(seed=1)
    chunks, _ = await play(script({"tool_calls": [{"name": "a"}]}, {"tool_calls": [{"name": "b", "arguments": ""}]}))
    assert chunks == [
        ToolCallStart(0, ids.new("call"), "a"),
        ToolCallArguments(0, "{}"),
        ToolCallStart(1, ids.new("call"), "b"),
        Usage(1, 1),
        Finish("tool_calls"),
    ]


async def test_calls_can_come_with_a_delay_between_their_pieces() -> None:
    clock = StoppedClock()
    step = {"tool_calls": [{"name": "a", "id": "1", "arguments": "abcd", "piece_length": 2}], "delay_ms": 5}
    await play(script(step), clock=clock)
    assert clock.slept == [0.005, 0.005]


@pytest.mark.parametrize(
    ("scenario", "slept"),
    [
        ("turns: [[{text: a b c}]]", [0.1, 0.1]),
        ("{words_per_second: 4, turns: [[{text: a b}]]}", [0.25]),
        ("{words_per_second: 4, turns: [{words_per_second: 2, steps: [{text: a b}]}]}", [0.5]),
        ("turns: [{words_per_second: 2, steps: [{text: a b, words_per_second: 1}]}]", [1.0]),
        ("turns: [{words_per_second: 2, steps: [{text: a b, delay_ms: 7}]}]", [0.007]),
        ("turns: [{words_per_second: 2, steps: [{text: a b, words_per_second: 0}]}]", []),
        ("turns: [[{text: a, repeat: 3, delay_ms: 1000}, {text: b}]]", [1.0, 1.0]),
    ],
)
async def test_the_nearest_pace_counts(scenario: str, slept: list[float]) -> None:
    clock = StoppedClock()
    await play(scenario, clock=clock, pace=10)
    assert clock.slept == slept


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("please be SLOW", "slow"),
        ("slowly", "default"),
        ("the rate  limit, now", "limit"),
        ("error: slow", "slow"),
        ("429!", "limit"),
        ("", "default"),
    ],
)
async def test_the_first_case_with_a_word_of_the_message_is_played(said: str, answer: str) -> None:
    scenario = """
    cases:
      - {when: slow, turns: [[{text: slow}]]}
      - {when: [Rate limit, "429"], turns: [[{text: limit}]]}
      - {when: error, turns: [[{text: error}]]}
    turns: [[{text: default}]]
    """
    chunks, _ = await play(scenario, said=said)
    assert chunks[0] == Text(answer)


async def test_without_turns_of_its_own_a_script_names_the_words_it_knows() -> None:
    chunks, _ = await play("cases: [{when: yes, turns: [[]]}, {when: [no, maybe], turns: [[]]}]")
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, Text))
    assert text == "(Built-in script, not a language model.) Say one of: yes, no, maybe."


async def test_a_very_slow_pace_is_a_wait_of_an_hour() -> None:
    clock = StoppedClock()
    await play('{"turns": [[{"text": "a b", "words_per_second": 1e-309}]]}', clock=clock)
    assert clock.slept == [3_600.0]


async def test_a_message_is_put_in_without_lone_surrogates() -> None:
    chunks, _ = await play('turns: [[{text: "<{{message}}> {{message}}"}]]', said="x\ud83dy")
    assert chunks[:2] == [Text("<x\ufffdy>"), Text(" x\ufffdy")]


async def test_words_that_yaml_once_took_for_truth_or_dates_are_words() -> None:
    chunks, _ = await play("turns: [[{text: yes}, {text: 2026-11-20}]]")
    assert chunks[:2] == [Text("yes"), Text("2026-11-20")]
