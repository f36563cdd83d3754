from __future__ import annotations

import json

import pytest

from livethread.client.refusals import refusal, retry_after
from livethread.errors import ApiError, NotFound

URL = "http://127.0.0.1:8000/v1/threads"


def envelope(**fields: object) -> bytes:
    return json.dumps({"error": {"type": "invalid_request_error", "param": None, "code": None, **fields}}).encode()


def test_an_envelope_is_the_error_that_the_server_raised() -> None:
    error = refusal(400, envelope(message="No.", param="limit", code="invalid_value"), URL)
    assert (str(error), error.status, error.param, error.code) == ("No.", 400, "limit", "invalid_value")
    assert refusal(500, envelope(message="Sorry.", type="server_error"), URL).type == "server_error"


def test_what_does_not_exist_is_not_found() -> None:
    error = refusal(404, envelope(message="No thread found with id 'thread_1'."), URL)
    assert isinstance(error, NotFound)
    assert (error.status, str(error)) == (404, "No thread found with id 'thread_1'.")


def test_an_address_that_is_none_of_ours_is_not_a_thing_that_does_not_exist() -> None:
    error = refusal(404, envelope(message="Invalid URL (GET /v1/x)"), URL)
    assert type(error) is ApiError


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"error"', b'{"error": "no"}', b'{"error": {}}', b"\xff"])
def test_an_answer_of_somebody_else_is_told_with_its_address(body: bytes) -> None:
    error = refusal(502, body, URL)
    assert str(error) == f"{URL} answers 502 and gives no reason; check that a Livethread server is there."
    assert error.status == 502


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("7", 7.0), ("", None), ("-1", None), ("Fri, 20 Nov 2026 09:00:00 GMT", None), ("9" * 400, None)],
)
def test_only_seconds_are_read_of_what_a_server_asks_for(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds
