"""What goes wrong with a model API, as statuses and headers that clients act on."""

from __future__ import annotations

from typing import get_args

import pytest

from livethread.providers.chunks import ErrorKind, ProviderError
from livethread.services.upstream_errors import Stopping, upstream_error

KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_status_and_keeps_its_sentence(kind: ErrorKind) -> None:
    error = upstream_error(ProviderError(kind, "It said no.", retryable=True))
    assert (error.message, 400 <= error.status < 600) == ("It said no.", True)
    assert error.headers == {}


@pytest.mark.parametrize("kind", KINDS)
def test_where_asking_again_does_not_help_nobody_is_made_to(kind: ErrorKind) -> None:
    error = upstream_error(ProviderError(kind, "It said no."))
    asked_again = error.status in (408, 409, 429) or error.status >= 500  # by the official SDKs
    assert error.headers == ({"x-should-retry": "false"} if asked_again else {})


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "0"), (0.2, "1"), (7.0, "7"), (61.5, "62")])
def test_a_wait_is_told_in_whole_seconds_and_never_too_short(seconds: float, told: str) -> None:
    error = upstream_error(ProviderError("rate_limit", "Slow down.", retry_after=seconds, retryable=True))
    assert error.headers == {"retry-after": told}


def test_the_field_that_an_upstream_blames_is_told() -> None:
    assert upstream_error(ProviderError("bad_request", "no", param="stop")).param == "stop"
    assert upstream_error(ProviderError("not_found", "no", param="stop")).param == "model"
    assert upstream_error(ProviderError("context_length", "long")).described == {
        "message": "long", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded",
    }  # fmt: skip


def test_a_stop_is_worth_asking_again() -> None:
    assert (Stopping().status, Stopping().headers) == (503, {"retry-after": "1"})
