"""People who look at a thread, over HTTP; that they come and go is told by their streams (wire.md, People)."""

from __future__ import annotations

from pydantic import BaseModel
from starlette.responses import Response

from livethread.api.sent import AsSent
from livethread.domain.given_ids import ThreadId
from livethread.domain.people import Typing, typing_data
from livethread.errors import ApiError
from livethread.live.hubs import Hubs
from livethread.services.threads import Threads


class TypingPerson(BaseModel):
    """Who types, or has ceased to, for the documentation only."""

    user_id: str
    name: str
    typing: bool


class PeopleCalls:
    """The calls on people.

    Args:
        hubs: where they look on.
        threads: knows which threads there are.
    """

    def __init__(self, hubs: Hubs, threads: Threads) -> None:
        self._hubs = hubs
        self._threads = threads

    async def typing(self, thread_id: ThreadId, body: Typing, sent: AsSent) -> Response:
        """Say that somebody types, or has ceased to; it lapses after 5 seconds unless it is said again."""
        person = self._hubs.type(thread_id, body.user_id, typing=body.typing)
        if person is None:
            await self._threads.get(thread_id)
            raise ApiError(
                f"Nobody with the user_id '{body.user_id}' looks at this thread. "
                "Open its stream with ?name=…&user_id=… first.",
                param="user_id",
            )
        return Response(typing_data(person), media_type="application/json")
