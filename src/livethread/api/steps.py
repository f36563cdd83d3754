"""Run steps over HTTP (reference section 2.4)."""

from __future__ import annotations

from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.queries import Include, Page
from livethread.domain.given_ids import RunId, StepId, ThreadId
from livethread.services.steps import Steps


class StepCalls:
    """The calls on run steps.

    Args:
        steps: the service that answers them.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    async def list(self, thread_id: ThreadId, run_id: RunId, page: Page, include: Include = None) -> Response:
        """List the steps of a run."""
        return answered(await self._steps.list(thread_id, run_id, page))

    async def get(self, thread_id: ThreadId, run_id: RunId, step_id: StepId, include: Include = None) -> Response:
        """Retrieve a step of a run."""
        return answered(await self._steps.get(thread_id, run_id, step_id))
