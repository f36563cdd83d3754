"""Turns over HTTP (wire.md, Calls)."""

from __future__ import annotations

from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.sent import AsSent
from livethread.domain.given_ids import ThreadId
from livethread.domain.turns import TurnCreate
from livethread.services.turns import Turns


class TurnCalls:
    """The calls on turns.

    Args:
        turns: the service that answers them.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def create(self, thread_id: ThreadId, body: TurnCreate, sent: AsSent) -> Response:
        """Post a message and have one or more assistants answer it."""
        return answered(await self._turns.create(thread_id, body, sent))
