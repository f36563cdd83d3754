"""Node: what is refused, and what gets no answer, as the class that is thrown, with its status, code and words."""

from __future__ import annotations

from typing import Any

import pytest

from livethread import testing
from tests.matrix.nodes import Told, each_version, plain, ran, told
from tests.matrix.wire import checked

KEY = "a-good-key"


@pytest.fixture(scope="module")
def refused(version: str, server: str) -> Told:
    return told(version, "refused", server)


def thrown(kind: str, status: int, message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "status": status,
        "code": code,
        "param": param,
        "type": "invalid_request_error",
        "says": f"{status} {message}",
        "request": "a request",
    }


def bad(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return thrown("BadRequestError", 400, message, param, code)


@each_version
def test_what_is_not_there_is_thrown_by_every_call_and_every_helper(refused: Told) -> None:
    nouns = {"asst": "assistant", "step": "run step", "msg": "message"}

    def missing(kind: str) -> dict[str, Any]:
        return thrown("NotFoundError", 404, f"No {nouns.get(kind, kind)} found with id '{kind}-1'.")

    order = ["asst"] * 3 + ["thread"] * 3 + ["asst"] + ["thread"] * 2 + ["msg"] * 2 + ["thread"] * 2
    order += ["run"] * 5 + ["step"] + ["thread"] * 2 + ["asst", "run"]
    assert plain(refused.value["notFound"]) == [missing(kind) for kind in order]


@each_version
def test_what_is_wrong_is_thrown_with_the_exact_words(refused: Told) -> None:
    missing = bad("Missing required parameter: 'assistant_id'.", "assistant_id", "missing_required_parameter")
    busy, active = "thread-1", "run-1"
    assert plain(refused.value["bad"]) == {
        "busy": [busy, active],
        "waiting": "run-2",
        "found": [
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
            missing,
            missing,
            bad(
                "Invalid 'thread_id': 'run-2'. Expected an ID that begins with 'thread'.",
                "thread_id",
                "invalid_value",
            ),
            bad("Expected tool outputs for call_ids ['call_rome'], got []"),
            bad(f"Can't add messages to {busy} while a run {active} is active."),
            bad(f"Thread {busy} already has an active run {active}."),
            bad("Cannot cancel run with status 'cancelled'."),
            bad('Runs in status "cancelled" do not accept tool outputs.'),
        ],
    }


@each_version
def test_no_answer_is_thrown_as_what_it_is(refused: Told) -> None:
    assert refused.value["noAnswer"] == [
        ["APIConnectionTimeoutError", None, "Request timed out."],
        ["APIConnectionTimeoutError", None, "Request timed out."],
        ["APIConnectionError", None, "Connection error."],
        ["APIUserAbortError", None, "Request was aborted."],
    ]


@pytest.mark.matrix
@each_version
def test_a_wrong_key_and_none_are_thrown_where_the_server_wants_one(version: str) -> None:
    with testing.server(api_keys=(KEY,)) as url, checked(url) as tap:
        keys = ran(version, "keys", tap.url, KEY)
    wrong = thrown(
        "AuthenticationError",
        401,
        "Incorrect API key provided: wro***. Use one of those that this server was given.",
        code="invalid_api_key",
    )
    none = thrown(
        "AuthenticationError",
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using "
        "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )
    assert plain(keys.value) == {"refused": [wrong, none, wrong], "good": "thread"}
