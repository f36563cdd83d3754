"""Claims: of all who could answer the calls that a run waits for, one does (wire.md, Calls)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from livethread.domain.body import Body
from livethread.domain.people import UserId
from livethread.domain.runs import Run
from livethread.errors import ApiError
from livethread.ids import Ids

CLAIM_SECONDS: Final = 15
"""How long a claim holds unless it is renewed: who closes the page does not keep the others waiting for long."""


class ClaimCreate(Body):
    """The body of ``POST /threads/{thread_id}/runs/{run_id}/claim``."""

    user_id: UserId


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer all calls that a run waits for, until it goes on.

    Args:
        user_id: who has it.
        token: proves it; the tabs of one person are told apart by it.
        expires_at: from this second on it is nobody's.
    """

    user_id: str
    token: str
    expires_at: int

    def holds(self, now: int) -> bool:
        """Whether it is still somebody's."""
        return now < self.expires_at

    def answer(self, *, granted: bool) -> str:
        """What a claimant is told, as JSON; the token only if it is theirs."""
        told: dict[str, Any] = {"granted": granted} | ({"token": self.token} if granted else {})
        return json.dumps(told | {"expires_at": self.expires_at}, separators=(",", ":"))


def claimed(held: Claim | None, user_id: str, token: str | None, ids: Ids, now: int) -> tuple[Claim, bool]:
    """Who may answer, now that somebody asks for it.

    Args:
        held: the claim there is.
        user_id: who asks.
        token: of the claim that they want to renew; it keeps its token, as outputs may be on their way with it.
        ids: for the token of a new one.
        now: seconds.

    Returns:
        The claim that holds from now on, and whether it is theirs: a new one where none held, the same with a new end
        for whoever has it, and as it was for all others.
    """
    if held is None or not held.holds(now):
        return Claim(user_id, ids.new("claim"), now + CLAIM_SECONDS), True
    if (held.user_id, held.token) == (user_id, token):
        return replace(held, expires_at=now + CLAIM_SECONDS), True
    return held, False


def check_claimable(run: Run) -> None:
    """Raises a 400 unless the run waits for its caller."""
    if run.status != "requires_action":
        raise ApiError(
            f'Runs in status "{run.status}" cannot be claimed. Only one that waits for tool outputs can, '
            'in status "requires_action".'
        )


def check_claim(held: Claim | None, token: str, now: int) -> None:
    """Raises a 400 unless the token is that of the claim that holds."""
    if held is None or held.token != token or not held.holds(now):
        raise ApiError(
            "The token in 'x-livethread-claim' is not that of the claim that holds on this run; one lapses after "
            f"{CLAIM_SECONDS} seconds unless it is renewed. Claim the run again, and send the outputs with the token "
            "that you get.",
            code="claim_lost",
        )
