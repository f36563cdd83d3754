"""Scripts that are not valid: each is refused with its place and what is allowed there."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from livethread.providers.builtin.reading import read
from livethread.providers.chunks import ProviderError, ToolCallArguments
from tests.providers.builtin.stopped_clock import SCHEMA, play


def deep_arguments(depth: int) -> str:
    arguments = '{"a":' * depth + "1" + "}" * depth
    return f'{{"turns": [[{{"tool_calls": [{{"name": "a", "arguments": {arguments}}}]}}]]}}'


BAD = [
    ("turns: [[{text: a}, {text: b, delay_ms: -1}]]", "turns[0].steps[1].delay_ms: must be greater than or equal to 0"),
    ("turns: [[{text: a, dealy_ms: 3}]]", "turns[0].steps[0]: 'dealy_ms' is not known here; allowed are"),
    ("turns: [[{txt: a}]]", "turns[0].steps[0]: a step is an object with one of: text, pieces,"),
    ("turns: [x]", "turns[0]: a turn is a list of steps, or an object with steps or attempts"),
    ("turns: [{words_per_second: 1}]", "turns[0]: takes either steps or attempts"),
    ("turns: [{steps: [], attempts: [[]]}]", "turns[0]: takes either steps or attempts"),
    ("turns: [{attempts: []}]", "turns[0].attempts: must not be empty"),
    ("turns: [{attempts: [[{text: 7}]]}]", "turns[0].attempts[0][0].text: must be text"),
    (
        "turns: [{attempts: [[], [{cut: true}, {text: a}]]}]",
        "turns[0]: attempts[1][1] is never played, because",
    ),
    ("turns: [[{fault: fire}]]", "turns[0].steps[0].fault: must be 'refused', 'dns', 'html', 'unknown_model' or"),
    ("turns: [[{text: a}, {fault: dns}]]", "turns[0]: steps[1] must come first: it is trouble before any answer"),
    ("turns: [[{timeout_ms: forever}]]", "turns[0].steps[0].timeout_ms: must be a valid number"),
    (
        "turns: [[{error: {kind: timeout}}]]",
        "turns[0].steps[0].error: 'kind' is not known here; allowed are status",
    ),
    ("turns: 3", "turns: must be a list"),
    ("turns: []", "turns: must not be empty"),
    ("turns: [[{text: 7}]]", "turns[0].steps[0].text: must be text (in quotes, if it looks like a number)"),
    ("turns: [[{finish: soon}]]", "turns[0].steps[0].finish: must be 'stop', 'length',"),
    ("turns: [[{stall_ms: true}]]", "turns[0].steps[0].stall_ms: must be a number of milliseconds or forever"),
    ("turns: [[{tool_calls: [{id: a}]}]]", "turns[0].steps[0].tool_calls[0].name: is required"),
    ("turns: [[{tool_calls: [{name: a, arguments: [1]}]}]]", "tool_calls[0].arguments: must be an object, or text"),
    ("turns: [[{pieces: [{hex: xyz}]}]]", "turns[0].steps[0].pieces[0].hex: must be pairs of hex digits"),
    ("turns: [[{pieces: [{base64: '='}]}]]", "turns[0].steps[0].pieces[0].base64: must be base64 with padding"),
    ("turns: [[{usage: {prompt: 1}}]]", "turns[0].steps[0].usage.completion: is required"),
    ("turns: [[{cut: true}, {text: a}]]", "turns[0]: steps[1] is never played, because steps[0] ends the stream"),
    ("turns: [[{finish: stop}, {text: a}]]", "turns[0]: steps[1] comes after steps[0], which finishes the turn"),
    ("cases: [{when: 3, turns: [[]]}]", "cases[0].when: must be a word, or a list of words"),
    ("cases: [{when: ' ', turns: [[]]}]", "cases[0].when: must not be blank"),
    (deep_arguments(400), "nested too deeply"),
    ('{"turns": [[{"tool_calls": [{"name": "\\ud83d"}]}]]}', "must not hold half of a surrogate pair"),
    ("{}", "needs turns, or cases"),
    ("You are a helpful assistant.", "must be an object with keys and values"),
    ("turns: [[", "line 1, column 10:"),
    ("a: &a [1]\nb: [*a, *a]", "aliases (*name) are not allowed"),
    ("[" * 5000, "nested too deeply"),
    ("!!python/object:os.system []", "could not determine a constructor"),
    ("x" * 64_001, "64000 characters of YAML are allowed"),
    ("x" * 256_001, "256000 characters are allowed"),
    (
        "turns: [[{text: '0123456789', repeat: 10000}, {text: '" + "x" * 300 + "', repeat: 10000}]]",
        "2000000 are allowed",
    ),
]


@pytest.mark.parametrize(("scenario", "says"), BAD, ids=[says[:40] for _, says in BAD])
async def test_a_malformed_script_is_refused_with_its_place(scenario: str, says: str) -> None:
    _, error = await play(scenario)
    assert error is not None
    assert (error.kind, error.status, error.retryable) == ("bad_request", 400, False)
    assert error.message.startswith("The script is not valid: ")
    assert says in error.message


BEYOND_SCHEMA = (
    "must be base64",
    "half of a",
    "is never played",
    "comes after",
    "must come first",
    "line 1",
    "aliases",
    "nested",
    "constructor",
    "allowed",
)


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario, says in BAD if "allowed are" in says or not any(w in says for w in BEYOND_SCHEMA)],
)
def test_the_schema_refuses_what_the_reader_refuses_for_its_shape(scenario: str) -> None:
    assert not SCHEMA.is_valid(yaml.safe_load(scenario))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="{}[]:,-&*!|>'\"#%@ \n\tturnstext01\0é", max_size=40))
def test_any_other_text_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(ProviderError):
        read(text)


async def test_arguments_may_be_nested_in_arguments() -> None:
    chunks, _ = await play(deep_arguments(100))
    arguments = "".join(chunk.text for chunk in chunks if isinstance(chunk, ToolCallArguments))
    assert arguments.count("}") == 100


@pytest.mark.parametrize("scenario", ['{"turns": [[{"text": "a"}]]}', "turns: [[{text: a}]]\n..."])
def test_instructions_that_are_added_behind_a_script_are_no_part_of_it(scenario: str) -> None:
    assert read(f"{scenario}\nPlease address the user as: Ann.\nToday is {{") == read(scenario)


def test_behind_the_value_on_its_line_nothing_may_stand() -> None:
    with pytest.raises(ProviderError, match="line 1, column 28"):
        read('{"turns":[[{"text":"a"}]]} x')
