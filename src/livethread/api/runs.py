"""Runs over HTTP (reference section 2.4); with ``stream: true`` the answer is the run's stream."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.queries import Include, Page
from livethread.api.sent import AsSent
from livethread.api.streams import RunStream
from livethread.domain.claims import ClaimCreate
from livethread.domain.given_ids import RunId, ThreadId
from livethread.domain.run_bodies import RunCreate, RunUpdate, ThreadAndRunCreate, ToolOutputsSubmit
from livethread.domain.runs import Run
from livethread.domain.transitions import TERMINAL
from livethread.live.hubs import Hubs
from livethread.services.answers import Answer
from livethread.services.remembered import Sent
from livethread.services.runs import Runs

POLL_AFTER: Final = "300"
"""Milliseconds after which a poll helper should look again; it must be a whole number (reference section 7.3)."""

_Token = Annotated[
    str | None,
    Header(
        alias="x-livethread-claim",
        description="The token of the caller's claim on this run: to renew it, and with the outputs, which are refused "
        "unless it still holds.",
    ),
]


class Claimed(BaseModel):
    """What a claim is answered with, for the documentation only (wire.md, Calls); the token only if it is granted."""

    granted: bool
    token: str = ""
    expires_at: int


class Stopped(BaseModel):
    """What stopping a thread is answered with, for the documentation only (wire.md, Calls)."""

    object: Literal["list"]
    data: list[Run]


class RunCalls:
    """The calls on runs.

    Args:
        runs: the service that answers them.
        hubs: where streams attach.
    """

    def __init__(self, runs: Runs, hubs: Hubs) -> None:
        self._runs = runs
        self._hubs = hubs

    async def create(self, thread_id: ThreadId, body: RunCreate, sent: AsSent, include: Include = None) -> Response:
        """Create a run."""
        return self._answered(await self._runs.create(thread_id, body, sent), sent, stream=body.stream)

    async def create_with_thread(self, body: ThreadAndRunCreate, sent: AsSent) -> Response:
        """Create a thread and run it."""
        return self._answered(await self._runs.create_with_thread(body, sent), sent, stream=body.stream)

    async def list(self, thread_id: ThreadId, page: Page) -> Response:
        """List the runs of a thread."""
        return answered(await self._runs.list(thread_id, page))

    async def get(self, thread_id: ThreadId, run_id: RunId) -> Response:
        """Retrieve a run."""
        answer, status = await self._runs.get(thread_id, run_id)
        response = answered(answer)
        if status not in TERMINAL:
            response.headers["openai-poll-after-ms"] = POLL_AFTER
        return response

    async def update(self, thread_id: ThreadId, run_id: RunId, body: RunUpdate, sent: AsSent) -> Response:
        """Modify a run's metadata."""
        return answered(await self._runs.update(thread_id, run_id, body, sent))

    async def cancel(self, thread_id: ThreadId, run_id: RunId, sent: AsSent) -> Response:
        """Cancel a run; it keeps the text that was written."""
        return answered(await self._runs.cancel(thread_id, run_id, sent))

    async def stop(self, thread_id: ThreadId, sent: AsSent) -> Response:
        """Cancel every run of a thread that has not ended; each keeps the text that was written."""
        return answered(await self._runs.stop(thread_id, sent))

    async def claim(
        self, thread_id: ThreadId, run_id: RunId, body: ClaimCreate, sent: AsSent, token: _Token = None
    ) -> Response:
        """Ask to be the one who answers all calls that a run waits for; a claim lapses after 15 seconds."""
        return answered(await self._runs.claim(thread_id, run_id, body, sent, token))

    async def submit(
        self, thread_id: ThreadId, run_id: RunId, body: ToolOutputsSubmit, sent: AsSent, token: _Token = None
    ) -> Response:
        """Submit the outputs of all calls that a run waits for."""
        return self._answered(await self._runs.submit(thread_id, run_id, body, sent, token), sent, stream=body.stream)

    def _answered(self, answer: Answer, sent: Sent, *, stream: bool | None) -> Response:
        if stream and answer.begins is not None:
            return RunStream(self._hubs, answer.begins, answer.written, begun_is_written=sent.uncounted)
        return answered(answer)
