"""Node: rounds of calls by every way, streams that are left, runs that are cancelled, the helpers that poll."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.environments import NODES
from tests.matrix.nodes import Told, each_version, told
from tests.matrix.test_node_streams import ended, said
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, order_of

each_that_polls = pytest.mark.parametrize("version", [name for name in NODES if name != "4.29"], scope="module")
"""The helpers that poll are younger than 4.29, whose users poll by hand."""

pytestmark = pytest.mark.matrix

ROUNDS = [["call_hotel", "call_train"], ["call_price"], ["call_book"]]
BOOKING, BOOKED = "The Aurora is free 🏨. ", "Done: ‘Aurora’, and the train 🚄 at nine."
TOOLBOX = """Your functions say:

- `get_weather` with city "Rome": from get_weather
- `get_weather` with city "Paris": from get_weather
- `convert_units` with value 20, from "celsius", to "fahrenheit": from convert_units

(Built-in demo model, not a language model: I call your functions with what I find in the message.)"""
PAUSED = {
    "status": "completed",
    "texts": [["user", "completed", "Hello"], ["assistant", "completed", "Before the pause and behind it."]],
}
"""What became of a run whose reader had gone."""


@pytest.fixture(scope="module")
def rounds(version: str, server: str) -> Told:
    return told(version, "rounds", server)


@pytest.fixture(scope="module")
def leaving(version: str, server: str) -> Told:
    return told(version, "leaving", server)


@pytest.fixture(scope="module")
def polling(version: str, server: str) -> Told:
    return told(version, "polling", server)


@each_version
@pytest.mark.parametrize("way", ["raw", "leaving", "within", "polling"])
def test_parallel_and_chained_calls_are_answered_by_every_way(rounds: Told, way: str) -> None:
    went = rounds.value[way]
    orders = [f"{BEGUN} {ASKED}", f"{ANSWERED} {ASKED}", f"{ANSWERED} {SAID} {ASKED}", f"{ANSWERED} {SAID} R.completed"]
    assert [order_of(types) for types in went.pop("types")] == ([] if way == "polling" else orders)
    assert went == {
        "rounds": ROUNDS,
        "said": "" if way == "polling" else BOOKING + BOOKED,
        "status": "completed",
        "texts": [
            ["user", "completed", "Hello"],
            ["assistant", "completed", BOOKING],
            ["assistant", "completed", BOOKED],
        ],
    }


@each_version
def test_the_model_that_calls_functions_is_answered(rounds: Told) -> None:
    assert rounds.value["toolbox"] == {
        "rounds": [
            [["get_weather", {"city": "Rome"}], ["get_weather", {"city": "Paris"}]],
            [["convert_units", {"value": 20, "from": "celsius", "to": "fahrenheit"}]],
        ],
        "answer": ["assistant", "completed", TOOLBOX],
    }


@each_version
@pytest.mark.parametrize("way", ["broken", "brokenHelper"])
def test_a_loop_that_is_left_stops_no_run(leaving: Told, way: str) -> None:
    assert leaving.value[way] == PAUSED


@each_version
def test_what_is_asked_for_again_behind_a_stream_that_was_left_is_another_run(leaving: Told) -> None:
    assert leaving.value["askedAgain"] == {"said": "Before the pause and behind it.", "runs": 2}


@each_version
def test_a_stream_that_its_controller_aborts_ends_quietly_and_stops_no_run(leaving: Told) -> None:
    assert leaving.value["controller"] == {"ended": "was not refused", **PAUSED}


@each_version
def test_a_helper_that_is_aborted_says_so_and_stops_no_run(leaving: Told) -> None:
    aborted = "Request was aborted."
    told_so_far = [call for call in said("Before the pause") if not call[0].endswith("Done")]
    assert leaving.value["abort"] == {
        "calls": [["connect"], *told_so_far, ["abort", "APIUserAbortError", aborted], ["end"]],
        "kind": "APIUserAbortError",
        "state": [True, True, True],
        **PAUSED,
    }
    assert leaving.value["signal"] == {"kind": "APIUserAbortError", **PAUSED}


@each_version
def test_a_run_that_is_cancelled_in_mid_stream_ends_in_order_and_keeps_its_text(leaving: Told, version: str) -> None:
    cancelled, helper = leaving.value["cancelled"], leaving.value["cancelledHelper"]
    assert order_of(cancelled["types"]) == (
        f"{BEGUN} {SPEAKING} cancelling R.cancelling M.incomplete S.cancelled R.cancelled"
    )
    assert cancelled["texts"] == [["user", "completed", "Hello"], ["assistant", "incomplete", "One moment"]]
    assert helper == {
        "status": "cancelled",
        "calls": [["connect"], *said("One moment", "incomplete", "cancelled"), *ended(version, "cancelled")],
    }


@each_version
def test_a_run_can_be_cancelled_whatever_it_waits_for(leaving: Told) -> None:
    assert leaving.value["cancels"] == ["cancelling", "cancelled"] * 3


@each_that_polls
def test_the_polling_helpers_come_back_when_a_run_waits_or_has_ended(polling: Told) -> None:
    def texts(question: str, answer: str) -> Any:
        return [["user", "completed", question], ["assistant", "completed", answer]]

    assert polling.value == {
        "createAndPoll": {"status": "completed", "texts": texts("Hello", "You said: Hello")},
        "createAndRunPoll": {"status": "completed", "texts": texts("Ahoy", "You said: Ahoy")},
        "submitToolOutputsAndPoll": {
            "statuses": ["requires_action", "completed"],
            "texts": texts("Hello", "It is sunny in Rome."),
        },
        "poll": "cancelled",
        "steered": {"status": "completed", "soon": True},
    }
