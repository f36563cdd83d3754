from __future__ import annotations

import pytest

from livethread.engine.attempts import Attempts
from livethread.engine.limits import Limits
from livethread.providers.chunks import ProviderError


def attempts(jitter: float = 0.0, **limits: float) -> Attempts:
    return Attempts(Limits(**({"retries": 3, "retry_seconds": 60.0} | limits)), lambda: jitter)  # type: ignore[arg-type]


def error(*, retryable: bool = True, retry_after: float | None = None) -> ProviderError:
    return ProviderError("overloaded", "Later.", retryable=retryable, retry_after=retry_after)


def pauses(tried: Attempts, *errors: ProviderError) -> list[float | None]:
    return [tried.pause_after(error) for error in errors]


def test_each_pause_is_twice_the_one_before_up_to_eight_seconds() -> None:
    tried = attempts(retries=7)
    assert pauses(tried, *[error()] * 8) == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, None]
    assert tried.count == 8


def test_pauses_are_drawn_apart() -> None:
    assert pauses(attempts(jitter=1.0), error(), error()) == [0.375, 0.75]


def test_what_would_fail_again_is_not_asked_again() -> None:
    tried = attempts()
    assert pauses(tried, error(retryable=False)) == [None]
    assert tried.count == 1


def test_without_retries_there_is_one_attempt() -> None:
    assert pauses(attempts(retries=0), error()) == [None]


def test_a_hint_is_never_undercut() -> None:
    assert pauses(attempts(), error(retry_after=20.0)) == [20.0]
    assert pauses(attempts(jitter=1.0), error(retry_after=20.0)) == [20.5]


@pytest.mark.parametrize("hint", [60.1, 3600.0, float("inf")])
def test_a_hint_beyond_the_budget_ends_the_turn_at_once(hint: float) -> None:
    assert pauses(attempts(), error(retry_after=hint)) == [None]


def test_the_budget_is_for_all_pauses_together() -> None:
    assert pauses(attempts(), error(retry_after=40.0), error(retry_after=30.0)) == [40.0, None]
    assert pauses(attempts(retry_seconds=1.0), error(), error()) == [0.5, None]
