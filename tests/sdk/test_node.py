"""The official Node SDK, driven by the scripts of tests/node."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.sdk.javascript import node
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, order_of

ROME = ["call_rome", "get_weather", '{"city": "Rome"}']
OSLO = ["call_oslo", "get_weather", '{"city": "Oslo"}']


@pytest.fixture(scope="module")
def streamed(url: str) -> Any:
    """What the stream helper told, by scenario."""
    return node("helper_streams", url)


@pytest.fixture(scope="module")
def iterated(url: str) -> Any:
    """What the raw iterators told, by scenario."""
    return node("raw_streams", url)


@pytest.fixture(scope="module")
def called(url: str) -> Any:
    """What the calls that do not stream told, by noun."""
    return node("calls", url)


def said(text: str, status: str = "completed", step: str = "completed") -> list[list[Any]]:
    """The callbacks of one message and its step."""
    return [
        ["runStepCreated", "message_creation"],
        ["messageCreated", "in_progress"],
        ["textCreated", 0],
        ["textDelta", text],
        ["textDone", text],
        ["messageDone", status, text],
        ["runStepDone", "message_creation", step],
    ]


def asking(*calls: list[str]) -> list[list[Any]]:
    """The callbacks of a step with calls, up to the end of the stream."""
    told: list[list[Any]] = [["runStepCreated", "tool_calls"]]
    for call in calls:
        told += [["toolCallCreated", *call], ["toolCallDone", *call]]
    told.insert(-1, ["runStepDelta", [call[0] for call in calls]])
    return [*told, *ended("requires_action")]


def ended(status: str) -> list[list[Any]]:
    return [["run", status], ["end"]]


DONE = ["runStepDone", "tool_calls", "completed"]


@pytest.mark.parametrize(
    ("scenario", "streams"),
    [
        ("plain", [[*said("You said: Hello"), *ended("completed")]]),
        ("call", [asking(ROME), [DONE, *said("It is sunny in Rome."), *ended("completed")]]),
        (
            "parallel",
            [
                [*said("Let me look."), *asking(ROME, OSLO)],
                [DONE, *said("Both are sunny."), *ended("completed")],
            ],
        ),
        (
            "chained",
            [
                asking(["call_find", "find_city", '{"country": "Italy"}']),
                [DONE, *asking(["call_weather", "get_weather", '{"city": "Rome"}'])],
                [DONE, *said("It is sunny in Rome."), *ended("completed")],
            ],
        ),
        ("length", [[*said("This sentence is not", "incomplete"), *ended("incomplete")]]),
        ("failed", [[*said("So far so", "incomplete", "failed"), *ended("failed")]]),
    ],
)
def test_the_stream_helper_calls_back_in_order(streamed: Any, scenario: str, streams: list[list[Any]]) -> None:
    assert streamed[scenario]["calls"] == streams


@pytest.mark.parametrize("scenario", ["plain", "call", "parallel", "chained", "length", "failed"])
@pytest.mark.parametrize("noun", ["run", "messages", "steps"])
def test_what_the_stream_helper_gathers_is_what_a_read_shows(streamed: Any, scenario: str, noun: str) -> None:
    gathered, read = streamed[scenario][noun]
    assert gathered
    assert gathered == read


def test_create_and_run_stream_begins_with_the_thread(streamed: Any) -> None:
    assert streamed["created"] == {
        "first": "thread.created",
        "calls": [*said("You said: Hello"), *ended("completed")],
        "said": ["You said: Hello"],
    }


@pytest.mark.parametrize(
    ("scenario", "orders"),
    [
        ("plain", [f"{BEGUN} {SAID} R.completed"]),
        ("call", [f"{BEGUN} {ASKED}", f"{ANSWERED} {SAID} R.completed"]),
        ("chained", [f"{BEGUN} {ASKED}", f"{ANSWERED} {ASKED}", f"{ANSWERED} {SAID} R.completed"]),
        ("parallel", [f"{BEGUN} {SAID} {ASKED}", f"{ANSWERED} {SAID} R.completed"]),
        ("length", [f"{BEGUN} {SPEAKING} M.incomplete S.completed R.incomplete"]),
        ("error", [f"{BEGUN} R.failed"]),
    ],
)
def test_a_raw_iterator_sees_the_recorded_order(iterated: Any, scenario: str, orders: list[str]) -> None:
    assert [order_of(types) for types in iterated[scenario]] == orders


def test_a_run_cancelled_in_mid_stream_ends_in_order_and_keeps_its_text(iterated: Any) -> None:
    cancelled = iterated["cancelled"]
    assert order_of(cancelled["types"]) == f"{BEGUN} {SPEAKING} R.cancelling M.incomplete S.cancelled R.cancelled"
    assert cancelled["texts"] == [["user", "completed", "Hello"], ["assistant", "incomplete", "One moment"]]


def test_a_client_that_drops_its_stream_does_not_stop_the_run(iterated: Any) -> None:
    assert iterated["dropped"] == {
        "status": "completed",
        "texts": [["user", "completed", "Hello"], ["assistant", "completed", "Before and behind."]],
    }


def test_objects_are_made_changed_and_deleted(called: Any) -> None:
    assert called["objects"] == {
        "assistant": ["Old", "New", {"a": "1"}, "New"],
        "thread": [{}, {"topic": "tides"}],
        "message": ["Hello 🦊", {"seen": "yes"}],
        "deleted": ["thread.message.deleted", "thread.deleted", "assistant.deleted"],
        "models": ["builtin/guide", "builtin/tools", "builtin/script"],
        "requestId": True,
    }


def test_the_polling_helpers_come_back_when_a_run_waits_or_has_ended(called: Any) -> None:
    def talk(question: str, answer: str) -> list[list[str]]:
        return [["user", "completed", question], ["assistant", "completed", answer]]

    assert called["polling"] == {
        "statuses": ["completed", "completed", "requires_action", "completed", "completed"],
        "texts": [
            talk("Hello", "You said: Hello"),
            talk("Ahoy", "You said: Ahoy"),
            talk("Hello", "It is sunny in Rome."),
        ],
        "steered": True,
    }


def test_a_queued_and_a_working_run_can_be_cancelled(called: Any) -> None:
    assert called["cancelling"] == ["cancelling", "cancelled", "cancelling", "cancelled"]


def test_a_list_pages_by_itself_in_a_for_await(called: Any) -> None:
    assert called["paging"] == {
        "asc": ["0", "1", "2", "3", "4", "5", "6"],
        "desc": ["6", "5", "4", "3", "2", "1", "0"],
        "after": ["3", "4", "5", "6"],
        "before": ["6", "5"],
    }


def test_what_is_refused_is_thrown_as_its_class_with_the_exact_words(called: Any) -> None:
    def thrown(kind: str, status: int, message: str, param: str | None = None, code: str | None = None) -> list[Any]:
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        return [kind, "APIError", status, error, True]

    def bad(message: str, param: str | None = None, code: str | None = None) -> list[Any]:
        return thrown("BadRequestError", 400, message, param, code)

    missing = bad("Missing required parameter: 'assistant_id'.", "assistant_id", "missing_required_parameter")
    nobody = thrown("NotFoundError", 404, f"No thread found with id 'thread_{'A' * 24}'.")
    errors = copy.deepcopy(called["errors"])
    wrong_order = errors["found"].pop(1)
    assert errors["found"] == [
        nobody,
        missing,
        missing,
        bad(
            "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
            "metadata.modified",
            "invalid_type",
        ),
        bad(
            "Invalid 'content': string too long. Expected a string with maximum length 256000, "
            "but got a string with length 256001 instead.",
            "content",
            "string_above_max_length",
        ),
        bad("Cannot cancel run with status 'completed'."),
        bad('Runs in status "completed" do not accept tool outputs.'),
    ]
    assert errors["helper"] == nobody
    # The arguments of Node's v4 given to its v5 or later: the id that landed in the wrong place is named.
    assert wrong_order[:3] == ["BadRequestError", "APIError", 400]
    assert wrong_order[3]["message"].startswith("Invalid 'thread_id': 'run_")
    assert wrong_order[3]["message"].endswith("'. Expected an ID that begins with 'thread'.")
