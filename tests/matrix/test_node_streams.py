"""Node: streams by the helper and raw, their callbacks in order, and what the helper gathers from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.environments import NODES
from tests.matrix.nodes import Told, each_version, plain, told
from tests.sdk.orders import ANSWERED, ASKED, BEGUN, SAID, SPEAKING, order_of

Calls = list[list[Any]]

TELLS_THE_RUN = {"newest"}
"""It has a callback ``run`` for the run that a stream ends with; the types of 4.29 name it, and nothing calls it."""
GATHERS_WHAT_WAS_COMPLETED = {"newest"}
"""The older ones gather deltas: status and times stay those of the message's beginning, and parts keep their index."""
KNOWS_INCOMPLETE = {"newest"}
"""The older ones throw at a stream whose run ends incomplete, having told all of it; the hosted API did that too."""
READS_LINES = {"4.104", "newest"}
"""4.29 has no ``fromReadableStream``, the other end of ``toReadableStream``."""

FINAL = {"4.29": "Final run has been been received", "4.104": "Final run has not been received"}
"""How those throw it, whatever they mean by it."""

ROME = ["call_rome", "get_weather", '{"city": "Rome"}']
OSLO = ["call_oslo", "get_weather", '{"city": "Oslo"}']
FIND = ["call_find", "find_city", '{"country": "Italy"}']
WEATHER = ["call_weather", "get_weather", '{"city": "Rome"}']
CONNECTED = ["connect"]
ANSWERED_CALLS = ["runStepDone", "tool_calls", "completed"]
SUNNY = "It is sunny in Rome."


@pytest.fixture(scope="module")
def helpers(version: str, server: str) -> Told:
    return told(version, "helpers", server)


@pytest.fixture(scope="module")
def raw(version: str, server: str) -> Told:
    return told(version, "raw", server)


def said(text: str, status: str = "completed", step: str = "completed") -> Calls:
    """The callbacks of one message and its step."""
    return [
        ["runStepCreated", "message_creation"],
        ["messageCreated", "in_progress"],
        ["textCreated", 0],
        ["messageDelta", text],
        ["textDelta", text],
        ["textDone", text, text],
        ["messageDone", status, text],
        ["runStepDone", "message_creation", step],
    ]


def asking(*calls: list[str]) -> Calls:
    """The callbacks of a step with calls."""
    told: Calls = [["runStepCreated", "tool_calls"]]
    for call in calls:
        told += [["toolCallCreated", *call], ["toolCallDone", *call]]
    told.insert(-1, ["runStepDelta", *calls])
    return told


def ended(version: str, status: str) -> Calls:
    if status == "incomplete" and version not in KNOWS_INCOMPLETE:
        return [["error", "OpenAIError", FINAL[version]], ["end"]]
    return [*([["run", status]] if version in TELLS_THE_RUN else []), ["end"]]


STREAMS: dict[str, list[tuple[Calls, str]]] = {
    "plain": [(said("You said: Hello"), "completed")],
    "call": [(asking(ROME), "requires_action"), ([ANSWERED_CALLS, *said(SUNNY)], "completed")],
    "parallel": [
        ([*said("Let me look."), *asking(ROME, OSLO)], "requires_action"),
        ([ANSWERED_CALLS, *said("Both are sunny.")], "completed"),
    ],
    "chained": [
        (asking(FIND), "requires_action"),
        ([ANSWERED_CALLS, *asking(WEATHER)], "requires_action"),
        ([ANSWERED_CALLS, *said(SUNNY)], "completed"),
    ],
    "length": [(said("This sentence is not", "incomplete"), "incomplete")],
    "refusal": [
        (
            [call for call in said("I cannot help with that.") if not call[0].startswith("text")],
            "completed",
        )
    ],
    "error-in-mid-stream": [(said("So far so", "incomplete", "failed"), "failed")],
    "http-error": [([], "failed")],
}
"""The callbacks and the status at the end of each stream, by scenario."""


@each_version
@pytest.mark.parametrize("scenario", STREAMS)
def test_the_helper_calls_back_in_order(helpers: Told, version: str, scenario: str) -> None:
    streams = helpers.value["loops"][scenario]["streams"]
    assert [stream["calls"] for stream in streams] == [
        [CONNECTED, *calls, *ended(version, status)] for calls, status in STREAMS[scenario]
    ]
    fails = scenario == "length" and version not in KNOWS_INCOMPLETE
    assert [stream["state"] for stream in streams] == [[True, fails, False]] * len(streams)


@each_version
@pytest.mark.parametrize("scenario", STREAMS)
def test_what_the_helper_gathers_is_what_a_read_shows(helpers: Told, version: str, scenario: str) -> None:
    loop = helpers.value["loops"][scenario]
    last = loop["streams"][-1]
    if scenario == "length" and version not in KNOWS_INCOMPLETE:
        failure = ["OpenAIError", FINAL[version]]
        assert [last["run"], last["messages"], last["steps"]] == [failure] * 3
        return
    gathered = {step["id"]: step for stream in loop["streams"] for step in stream["steps"]}
    messages = [message for stream in loop["streams"] for message in stream["messages"]]
    assert last["run"] == loop["run"]
    assert list(gathered.values()) == loop["steps"]
    assert messages == [
        message if version in GATHERS_WHAT_WAS_COMPLETED else as_begun(message) for message in loop["messages"]
    ]


def as_begun(message: dict[str, Any]) -> dict[str, Any]:
    """A message as it began, with all that was said."""
    parts = [{"index": index, **part} for index, part in enumerate(message["content"])]
    never = {"incomplete_details": None, "incomplete_at": None, "completed_at": None}
    return {**message, **never, "status": "in_progress", "content": parts}


@each_version
def test_a_thread_and_its_run_are_streamed_together(helpers: Told, version: str) -> None:
    created = helpers.value["createAndRun"]
    assert created["calls"] == [CONNECTED, *said("You said: Ahoy"), *ended(version, "completed")]
    assert order_of(created["types"]) == f"T.created {BEGUN} {SAID} R.completed"


@each_version
def test_the_helper_has_its_first_name_too(helpers: Told, version: str) -> None:
    expected = [CONNECTED, *said("You said: Hello"), *ended(version, "completed")]
    assert helpers.value["createAndStream"] == expected


@each_version
def test_the_helper_knows_where_it_is(helpers: Told) -> None:
    calls, creation = ["tool_calls", "in_progress"], ["message_creation", "in_progress"]
    run_step, message, run = "thread.run.step.", "thread.message.", "thread.run."
    at = "in_progress"
    assert helpers.value["current"] == [
        [
            ["runStepCreated", f"{run_step}created", at, calls, None],
            ["end", f"{run}requires_action", "requires_action", calls, None],
        ],
        [
            ["runStepDone", f"{run_step}completed", None, None, None],
            ["runStepCreated", f"{run_step}created", at, creation, None],
            ["messageCreated", f"{message}created", at, creation, ""],
            ["textDone", f"{message}completed", at, creation, SUNNY],
            ["messageDone", f"{message}completed", at, creation, SUNNY],
            ["runStepDone", f"{run_step}completed", at, None, None],
            ["end", f"{run}completed", "completed", None, None],
        ],
    ]


@each_version
def test_listeners_come_once_are_taken_back_and_are_waited_for(helpers: Told) -> None:
    expected = {"once": 1, "taken": 0, "on": True, "emitted": "You said: Hello", "connected": True}
    assert helpers.value["listeners"] == expected


@each_version
def test_a_helper_is_iterated_and_handed_on_line_by_line(helpers: Told, version: str) -> None:
    handed_on = helpers.value["handedOn"]
    echoed = f"{BEGUN} {SAID} R.completed"
    assert order_of(handed_on["iterated"]) == echoed
    if version in READS_LINES:
        assert handed_on["read"] == [CONNECTED, *said("You said: Hello"), *ended(version, "completed")]
    else:
        assert order_of(handed_on["lines"]) == echoed


ORDERS = {
    "plain": [f"{BEGUN} {SAID} R.completed"],
    "parallel": [f"{BEGUN} {SAID} {ASKED}", f"{ANSWERED} {SAID} R.completed"],
    "chained": [f"{BEGUN} {ASKED}", f"{ANSWERED} {ASKED}", f"{ANSWERED} {SAID} R.completed"],
    "length": [f"{BEGUN} {SPEAKING} M.incomplete S.completed R.incomplete"],
    "refusal": [f"{BEGUN} {SAID} R.completed"],
    "error-in-mid-stream": [f"{BEGUN} {SPEAKING} M.incomplete S.failed R.failed"],
    "http-error": [f"{BEGUN} R.failed"],
}


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


@pytest.mark.matrix
@each_version
@pytest.mark.parametrize("scenario", ORDERS)
def test_a_raw_stream_has_the_recorded_order(raw: Told, scenario: str) -> None:
    assert [order_of(types(events)) for events in raw.value["streams"][scenario]] == ORDERS[scenario]


@pytest.mark.matrix
@pytest.mark.parametrize("scenario", ORDERS)
def test_every_version_is_told_the_same_to_the_last_field(server: str, scenario: str) -> None:
    def streams(version: str) -> Any:
        return plain([whole(events) for events in told(version, "raw", server).value["streams"][scenario]])

    newest = streams("newest")
    assert [version for version in NODES if streams(version) != newest] == []


def whole(events: list[dict[str, Any]]) -> list[Any]:
    """Events with the pieces of a text, whose number is a matter of time, as one."""
    found: list[Any] = []
    for event in events:
        if event["event"] != "thread.message.delta":
            found.append(event)
            continue
        (part,) = event["data"]["delta"]["content"]
        piece = part.get("refusal") or part["text"]["value"]
        said = found.pop()["said"] if "said" in found[-1] else ""
        found.append({"said": said + piece, "type": part["type"], "index": part["index"], "id": event["data"]["id"]})
    return found


@pytest.mark.matrix
@each_version
def test_a_raw_stream_of_a_thread_and_its_run_begins_with_the_thread(raw: Told) -> None:
    assert order_of(types(raw.value["createAndRun"])) == f"T.created {BEGUN} {SAID} R.completed"


@pytest.mark.matrix
@each_version
def test_a_raw_stream_is_split_handed_on_and_read_by_hand(raw: Told) -> None:
    handed_on, echoed = raw.value["handedOn"], f"{BEGUN} {SAID} R.completed"
    status, content_type, iterated = handed_on["withResponse"]
    assert (status, content_type) == (200, "text/event-stream; charset=utf-8")
    assert [order_of(found) for found in (*handed_on["tee"], handed_on["readable"], iterated)] == [echoed] * 4
    assert order_of(handed_on["asResponse"]) == f"{echoed} done"
