from __future__ import annotations

from livethread.domain.usage import Usage


def test_usage_has_the_keys_that_were_on_the_wire() -> None:
    assert Usage.of(260, 12).model_dump() == {
        "prompt_tokens": 260,
        "completion_tokens": 12,
        "total_tokens": 272,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def test_the_usage_of_a_run_is_the_sum_over_its_steps() -> None:
    steps = [Usage.of(1, 2, cached=3, reasoning=4), Usage.of(10, 20, cached=30, reasoning=40)]
    assert sum(steps, Usage()) == Usage.of(11, 22, cached=33, reasoning=44)
