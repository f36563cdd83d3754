"""How long model APIs ask to wait."""

from __future__ import annotations

from typing import Any

import pytest

from livethread.providers.waits import in_words, seconds_to_wait

DATE = {"Date": "Fri, 20 Nov 2026 10:00:00 GMT"}
MOMENT = 1_795_168_800  # that date since 1970


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2.5"}, 2.5),
        ({"RETRY-AFTER": "7", "Retry-After-Ms": "250"}, 0.25),
        ({**DATE, "retry-after": "Fri, 20 Nov 2026 10:01:30 GMT"}, 90.0),
        ({**DATE, "retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, None),
        ({**DATE, "retry-after": "Fri, 20 Nov 2026 09:00:00"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_a_header_says_how_long(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"requests": ("0", "1s"), "tokens": ("0", "6m0s")}, 360.0),
        ({"requests": ("59", "8.64s"), "tokens": ("0", "120ms")}, 0.12),
        ({"requests": ("59", "8.64s"), "tokens": ("31", "2m59.5s")}, 8.64),
        ({"requests": ("0", "23h59m")}, 86340.0),
        ({"requests": ("0", "whenever"), "tokens": ("3", "7")}, 7.0),
    ],
)
def test_a_limit_says_when_it_is_there_again(headers: dict[str, tuple[str, str]], seconds: float) -> None:
    found: dict[str, str] = {}
    for limit, (remaining, reset) in headers.items():
        found |= {f"x-ratelimit-remaining-{limit}": remaining, f"X-RateLimit-Reset-{limit}": reset}
    assert seconds_to_wait(found) == pytest.approx(seconds)
    assert seconds_to_wait({**found, "Retry-After": "3"}) == 3.0


@pytest.mark.parametrize("reset", [MOMENT + 30, (MOMENT + 30) * 1000])
def test_a_limit_may_name_the_moment(reset: int) -> None:
    assert seconds_to_wait({**DATE, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}) == 30.0
    assert seconds_to_wait({"X-RateLimit-Reset": str(reset)}) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Rate limit reached for gpt-4 on tokens per min: Limit 10000. Please try again in 6ms. Visit", 0.006),
        ("Please try again in 20s.", 20.0),
        ("Please try again in 1h2m3.5s.", 3723.5),
        ("Please retry after 26 seconds. To increase", 26.0),
        ("Retry in 2 minutes", 120.0),
        ("try again in 500 milliseconds", 0.5),
        ("Try again in a moment.", None),
        ("", None),
        (None, None),
        ({"error": {"message": "Slow down. Try again in 4s"}}, 4.0),
        ([{"error": {"details": [{"@type": "RetryInfo", "retryDelay": "34.5s"}]}}], 34.5),
    ],
)
def test_the_words_of_an_error_say_how_long(said: Any, seconds: float | None) -> None:
    assert seconds_to_wait({}, said) == seconds
    assert seconds_to_wait({"Retry-After": "1"}, said) == 1.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.006, "1 s"), (1.0, "1 s"), (19.2, "20 s"), (120, "120 s"), (121, "3 min"), (7200, "120 min"), (86340, "24 h")],
)
def test_a_wait_is_told_in_words_and_never_too_short(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
