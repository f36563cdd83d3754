from __future__ import annotations

import json
import time
from typing import Any

import pytest

from livethread.providers.builtin.tools.turn import MOST_CALLS
from livethread.providers.builtin.tools.wording import HONEST
from livethread.providers.chunks import Finish, PromptMessage, ProviderError, TextPart, ToolCall, Usage
from tests.providers.builtin.tools.runs import (
    CONVERT,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    TOOLBOX,
    WEATHER,
    assistant,
    calls_of,
    function,
    run,
    turn,
    user,
)

LOCATION = function("get_location", "Where the user is now.")


def weather(city: str, **more: str) -> tuple[str, dict[str, Any]]:
    return ("get_weather", {"city": city, **more})


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


CONVERTED = ("convert_units", {"value": 20, "from": "celsius", "to": "fahrenheit"})


@pytest.mark.parametrize(
    ("said", "rounds"),
    [
        ("What is the weather in Rome?", [[weather("Rome")]]),
        ("weather in rome", [[weather("rome")]]),
        ("What is the weather in Rome and Paris?", [[weather("Rome"), weather("Paris")]]),
        ("weather in rome, new york and oslo please", [[weather("rome"), weather("new york"), weather("oslo")]]),
        ("Is it warm in Rome? The weather in celsius please.", [[weather("Rome", unit="celsius")]]),
        ("Weather in San Francisco, CA and Boston, MA", [[weather("San Francisco, CA"), weather("Boston, MA")]]),
        ("Weather in Paris, France", [[weather("Paris, France")]]),
        ("Rome weather", [[weather("Rome")]]),
        ("[Ada]: weather in Rome", [[weather("Rome")]]),
        ("Rome and Paris weather", [[weather("Rome"), weather("Paris")]]),
        ('get_weather(city="Bern")', [[weather("Bern")]]),
        ("The weather in Rome tomorrow and on Monday", [[weather("Rome")]]),
        ("weather and time in Rome", [[weather("Rome"), ("get_time", {"timezone": "Rome"})]]),
        ("weather in Rome, time in Oslo", [[weather("Rome"), ("get_time", {"timezone": "Oslo"})]]),
        (
            "What is the weather in Rome and Paris, and then convert 20 celsius to fahrenheit?",
            [[weather("Rome"), weather("Paris")], [CONVERTED]],
        ),
        (
            "weather in Rome, then in Paris, then the time in Oslo",
            [[weather("Rome")], [weather("Paris")], [("get_time", {"timezone": "Oslo"})]],
        ),
        ("convert 20 celsius to fahrenheit", [[CONVERTED]]),
        (
            "convert 20 and 30 celsius to fahrenheit",
            [[CONVERTED, ("convert_units", {"value": 30, "from": "celsius", "to": "fahrenheit"})]],
        ),
        ("Convert 1,000.5 miles into km", [[("convert_units", {"value": 1000.5, "from": "miles", "to": "km"})]]),
        ("weather in Rome, then weather in Rome", [[weather("Rome")]]),
    ],
)
def test_the_words_of_a_message_decide_what_is_called(said: str, rounds: list[Any]) -> None:
    played = run(said)
    assert played.rounds == rounds
    assert played.finishes == ["tool_calls"] * len(rounds) + ["stop"]


@pytest.mark.parametrize("said", ["Hello", "What can you do?", "What is the capital of France?", "", "💥", "今日は"])
def test_where_nothing_fits_it_lists_what_there_is(said: str) -> None:
    played = run(said)
    assert played.rounds == []
    assert "- `get_weather`: The weather in a city now\n- `get_time`: The time" in played.text
    assert played.text.endswith(HONEST)


def test_a_required_argument_that_is_missing_is_asked_for() -> None:
    played = run("I would like to know the weather.")
    assert (played.rounds, played.finishes) == ([], ["stop"])
    assert played.text == f"To call `get_weather` I need `city` (The city). What shall I take?\n\n{HONEST}"


def test_a_stage_goes_on_with_what_can_be_called_and_asks_for_the_rest_at_the_end() -> None:
    flight = function("book_flight", "", {"date": {**STRING, "format": "date"}})
    played = run("weather in Rome and book a flight", tools=[WEATHER, flight])
    assert played.rounds == [[weather("Rome")]]
    assert '- `get_weather` with city "Rome": fine\n\nTo call `book_flight` I need `date`.' in played.text


def test_the_answer_tells_each_call_with_its_arguments_and_its_output() -> None:
    def output(name: str, arguments: dict[str, Any]) -> str:
        told = {"Rome": '{"temp": 21,\n "sky": ["clear"]}', "Paris": "rain,\n  12 degrees", "Oslo": ""}
        return told[arguments["city"]]

    assert run("weather in Rome, Paris and Oslo in celsius", outputs=output).text == (
        "Your functions say:\n\n"
        '- `get_weather` with city "Rome", unit "celsius": {"temp": 21, "sky": ["clear"]}\n'
        '- `get_weather` with city "Paris", unit "celsius": rain, 12 degrees\n'
        '- `get_weather` with city "Oslo", unit "celsius": nothing\n\n'
        f"{HONEST}"
    )


def test_a_long_output_is_cut_in_the_answer() -> None:
    text = run("weather in Rome", outputs=lambda name, arguments: "x" * 1_000_000).text
    assert len(text) < 1_000
    assert "xxx…" in text


# -- options of the run -------------------------------------------------------------------------------


def test_without_parallel_calls_each_has_a_round_of_its_own() -> None:
    played = run("weather in Rome and Paris, and the time in Oslo", parallel_tool_calls=False)
    assert played.rounds == [[weather("Rome")], [weather("Paris")], [("get_time", {"timezone": "Oslo"})]]


def test_no_run_makes_more_calls_than_there_may_be() -> None:
    cities = [f"Town{'abcdefghijklmnopqrstuvwxyz'[at]}" for at in range(26)]
    said = " then ".join(f"weather in {one} and {other}" for one, other in zip(cities[::2], cities[1::2], strict=True))
    for parallel in (True, False):
        played = run(said, tools=[WEATHER, TIME], parallel_tool_calls=parallel)
        assert len(played.calls) == MOST_CALLS


def test_none_calls_nothing() -> None:
    played = run("weather in Rome", tool_choice="none")
    assert played.rounds == []
    assert "`tool_choice` is `none`" in played.text


def test_required_calls_something_also_where_nothing_fits() -> None:
    assert run("Tell me a joke.", tool_choice="required").rounds == [[weather("text")]]
    assert run("Tell me a joke.", tools=[TIME, LOCATION], tool_choice="required").rounds == [[("get_location", {})]]


def test_required_calls_what_the_message_asks_for_if_it_asks() -> None:
    assert run("The weather!", tool_choice="required").rounds == [[weather("text")]]
    assert run("weather in Rome and Oslo", tool_choice="required").rounds == [[weather("Rome"), weather("Oslo")]]


def test_a_named_function_is_called_whatever_the_message_says() -> None:
    assert run("A joke about Rome", tool_choice=named("get_time")).rounds == [[("get_time", {"timezone": "Rome"})]]
    assert run("A joke", tool_choice=named("convert_units")).rounds == [
        [("convert_units", {"value": 0, "from": "text", "to": "text"})]
    ]


def test_a_choice_that_names_no_function_is_refused() -> None:
    with pytest.raises(ProviderError) as raised:
        turn([user("Hello")], tool_choice=named("get_wether"))
    assert (raised.value.kind, raised.value.status) == ("bad_request", 400)
    assert "'get_wether'" in raised.value.message


def test_a_hosted_tool_that_is_chosen_leaves_the_choice_free() -> None:
    assert run("weather in Rome", tool_choice={"type": "file_search"}).rounds == [[weather("Rome")]]


def test_a_json_object_holds_the_calls_and_what_they_brought() -> None:
    played = run("weather in Rome", response_format={"type": "json_object"}, outputs=lambda name, arguments: '{"t": 1}')
    assert json.loads(played.text) == {
        "message": "weather in Rome",
        "results": [{"function": "get_weather", "arguments": {"city": "Rome"}, "output": {"t": 1}}],
        "note": HONEST,
    }


def schema(**properties: Any) -> dict[str, Any]:
    wanted = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": wanted}}


def test_a_json_schema_is_filled_from_the_message() -> None:
    wanted = schema(
        name=STRING, age=INTEGER, city=STRING, married={"type": "boolean"}, height=NUMBER,
        mood={"enum": ["glad", "sad"]}, note={"type": ["string", "null"]},
    )  # fmt: skip
    played = run(
        "My friend Ada is 36 years old and lives in London.",
        response_format=wanted,
    )  # fmt: skip
    assert json.loads(played.text) == {
        "name": "Ada", "age": 36, "city": "London", "married": False, "height": 0, "mood": "glad", "note": None,
    }  # fmt: skip


def test_a_schema_that_nothing_fits_is_refused_in_words() -> None:
    played = run("Hello", tools=[], response_format=schema(impossible=False))
    assert played.text == "(Built-in demo model, not a language model.) I found no JSON that fits the schema 'answer'."


def test_without_functions_it_says_how_to_give_it_some() -> None:
    played = run("What is the weather in Rome?", tools=[])
    assert 'model="builtin/tools", tools=[' in played.text
    assert played.text.endswith(HONEST)


def test_images_are_acknowledged() -> None:
    shown = user("[image file-abc] The weather in Rome?", "https://example.com/a.png", "data:image/png;base64,AAAA")
    played = run(shown)
    assert played.rounds == [[weather("Rome")]]
    seen = "https://example.com/a.png, a data URL of 26 characters, file-abc"
    assert played.text.startswith(f"You sent an image ({seen}). I cannot look into images.\n\n")


def test_usage_counts_words_as_tokens() -> None:
    chunks = turn([user("weather in Rome")])
    assert [call.arguments for call in calls_of(chunks)] == ['{"city": "Rome"}']
    assert chunks[-2:] == [Usage(7, 2), Finish("tool_calls")]


# -- what may stand in a conversation -----------------------------------------------------------------


def test_a_call_that_was_made_is_not_made_again_however_its_arguments_were_written() -> None:
    made = ToolCall("call_1", "get_weather", '{ "city" :"\\u0052ome"}')
    messages = [
        user("weather in Rome and Paris"),
        PromptMessage("assistant", (), (made,)),
        PromptMessage("tool", (TextPart("sun"),), tool_call_id="call_1"),
    ]
    assert [call.arguments for call in calls_of(turn(messages))] == ['{"city": "Paris"}']


def test_calls_of_an_earlier_run_do_not_count() -> None:
    made = ToolCall("call_1", "get_weather", '{"city": "Rome"}')
    earlier = [user("weather in Rome"), PromptMessage("assistant", (), (made,)), assistant("Sunny.")]
    assert run(*earlier, "weather in Rome").rounds == [[weather("Rome")]]


def test_calls_that_are_no_json_and_a_thread_without_a_user_break_nothing() -> None:
    broken = PromptMessage("assistant", (), (ToolCall("call_1", "get_weather", '{"city'),))
    assert "- `get_weather`: nothing" in run(user("Hello"), broken).text
    assert run(assistant("Hello")).rounds == []
    assert run(tools=[]).rounds == []


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    played = run('weather in "Ro\ud83dme"', outputs=lambda name, arguments: "\ud83d")
    assert played.rounds == [[weather("Ro\ufffdme")]]
    played.text.encode()


def test_a_schema_that_branches_without_end_is_given_up() -> None:
    node = {"anyOf": [{"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"]}] * 9}
    endless = function("weather", "", {"tree": {"$ref": "#/$defs/n"}})
    endless["function"]["parameters"]["$defs"] = {"n": node}
    started = time.process_time()
    assert run("weather in Rome", tools=[endless]).rounds == []
    assert time.process_time() - started < 1


@pytest.mark.parametrize("piece", ["weather in Rome ", "2 ", "Rome, ", "in a ", "a.@", "'", "...", "then ", '"a', "a-"])
def test_a_very_long_message_is_answered_quickly(piece: str) -> None:
    started = time.process_time()
    run((piece * 256_000)[:256_000])
    assert time.process_time() - started < 0.5


def test_a_turn_costs_about_a_millisecond() -> None:
    said = [user("What is the weather in Rome and Paris, and then convert 20 celsius to fahrenheit?")]
    turn(said)
    started = time.process_time()
    for _ in range(50):
        turn(said, TOOLBOX)
    # It takes 0.6 ms; 2 leaves room for a busy machine.
    assert (time.process_time() - started) / 50 < 0.002


def test_the_same_request_gets_the_same_answer() -> None:
    said = [user("weather in Rome and Paris, time in Oslo"), assistant("What?"), user("Convert 3 miles to km")]
    assert turn(said, (CONVERT, TIME)) == turn(said, (CONVERT, TIME))


def test_what_another_assistant_said_is_no_question() -> None:
    other = PromptMessage("user", (TextPart("[Guide]: weather in Oslo"),), of_assistant=True)
    assert run("weather in Rome", other).rounds == [[weather("Rome")]]
