from __future__ import annotations

import pytest
from pydantic import ValidationError

from livethread.domain.assistants import Assistant, AssistantCreate
from livethread.domain.claims import Claim, ClaimCreate, check_claim, check_claimable, claimed
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run, RunStatus
from livethread.domain.transitions import MOVES
from livethread.errors import ApiError
from livethread.ids import Ids

NOW = 1_700_000_000
HELD = Claim("ann", "claim_1", NOW + 15)
ASSISTANT = Assistant.create(AssistantCreate(model="m"), Ids(1), 1)
RUN = Run.create(RunCreate(assistant_id=ASSISTANT.id), ASSISTANT, "thread_1", Ids(2), 2, thread_policy="queue")


def test_who_asks_first_has_it_for_15_seconds() -> None:
    claim, granted = claimed(None, "ann", None, Ids(3), NOW)
    assert (claim.user_id, claim.expires_at, granted) == ("ann", NOW + 15, True)
    assert claim.token == Ids(3).new("claim")


@pytest.mark.parametrize(
    ("user_id", "token"), [("ben", None), ("ben", "claim_2"), ("ben", "claim_1"), ("ann", None), ("ann", "claim_2")]
)
def test_nobody_else_has_it_before_it_lapses_not_even_another_tab_of_the_same_person(
    user_id: str, token: str | None
) -> None:
    assert claimed(HELD, user_id, token, Ids(3), NOW + 14) == (HELD, False)
    claim, granted = claimed(HELD, user_id, token, Ids(3), NOW + 15)
    assert (claim, granted) == (Claim(user_id, Ids(3).new("claim"), NOW + 30), True)


def test_who_has_it_may_renew_it_and_keeps_the_token() -> None:
    assert claimed(HELD, "ann", "claim_1", Ids(3), NOW + 14) == (Claim("ann", "claim_1", NOW + 29), True)


def test_one_that_has_lapsed_is_not_renewed_but_made_anew() -> None:
    claim, granted = claimed(HELD, "ann", "claim_1", Ids(3), NOW + 15)
    assert granted
    assert claim.token != "claim_1"


def test_only_who_has_it_is_told_the_token() -> None:
    assert HELD.answer(granted=True) == '{"granted":true,"token":"claim_1","expires_at":1700000015}'
    assert HELD.answer(granted=False) == '{"granted":false,"expires_at":1700000015}'


@pytest.mark.parametrize(
    ("held", "token", "now"),
    [(None, "claim_1", NOW), (HELD, "claim_2", NOW), (HELD, "", NOW), (HELD, "claim_1", NOW + 15)],
)
def test_a_token_is_good_only_while_its_claim_holds(held: Claim | None, token: str, now: int) -> None:
    check_claim(HELD, "claim_1", NOW + 14)
    with pytest.raises(ApiError) as refused:
        check_claim(held, token, now)
    assert (refused.value.status, refused.value.code) == (400, "claim_lost")


@pytest.mark.parametrize("status", sorted(MOVES.keys() - {"requires_action"}))
def test_only_a_run_that_waits_for_its_caller_can_be_claimed(status: RunStatus) -> None:
    check_claimable(RUN.model_copy(update={"status": "requires_action"}))
    with pytest.raises(ApiError) as refused:
        check_claimable(RUN.model_copy(update={"status": status}))
    assert refused.value.message == (
        f'Runs in status "{status}" cannot be claimed. Only one that waits for tool outputs can, '
        'in status "requires_action".'
    )


def test_who_claims_says_who_they_are() -> None:
    assert ClaimCreate.model_validate({"user_id": "ann"}).user_id == "ann"
    for body in ({}, {"user_id": ""}, {"user_id": None}, {"user_id": "a b"}):
        with pytest.raises(ValidationError):
            ClaimCreate.model_validate(body)
