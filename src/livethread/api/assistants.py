"""Assistants over HTTP (reference section 2.1)."""

from __future__ import annotations

from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.queries import Page
from livethread.api.sent import AsSent
from livethread.domain.assistants import AssistantCreate, AssistantUpdate
from livethread.domain.given_ids import AssistantId
from livethread.services.assistants import Assistants


class AssistantCalls:
    """The calls on assistants.

    Args:
        assistants: the service that answers them.
    """

    def __init__(self, assistants: Assistants) -> None:
        self._assistants = assistants

    async def create(self, body: AssistantCreate, sent: AsSent) -> Response:
        """Create an assistant."""
        return answered(await self._assistants.create(body, sent))

    async def list(self, page: Page) -> Response:
        """List assistants."""
        return answered(await self._assistants.list(page))

    async def get(self, assistant_id: AssistantId) -> Response:
        """Retrieve an assistant."""
        return answered(await self._assistants.get(assistant_id))

    async def update(self, assistant_id: AssistantId, body: AssistantUpdate, sent: AsSent) -> Response:
        """Modify an assistant; fields that are not given keep their value."""
        return answered(await self._assistants.update(assistant_id, body, sent))

    async def delete(self, assistant_id: AssistantId) -> Response:
        """Delete an assistant; its threads and runs stay."""
        return answered(await self._assistants.delete(assistant_id))
