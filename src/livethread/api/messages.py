"""Messages over HTTP (reference section 2.3)."""

from __future__ import annotations

from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.queries import Page
from livethread.api.sent import AsSent
from livethread.domain.given_ids import MessageId, RunId, ThreadId
from livethread.domain.messages import MessageCreate, MessageUpdate
from livethread.services.messages import Messages


class MessageCalls:
    """The calls on messages.

    Args:
        messages: the service that answers them.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def create(self, thread_id: ThreadId, body: MessageCreate, sent: AsSent) -> Response:
        """Post a message."""
        return answered(await self._messages.create(thread_id, body, sent))

    async def list(self, thread_id: ThreadId, page: Page, run_id: RunId | None = None) -> Response:
        """List messages, those that still grow with their text so far."""
        return answered(await self._messages.list(thread_id, page, run_id))

    async def get(self, thread_id: ThreadId, message_id: MessageId) -> Response:
        """Retrieve a message; while it grows, with its text so far."""
        return answered(await self._messages.get(thread_id, message_id))

    async def update(self, thread_id: ThreadId, message_id: MessageId, body: MessageUpdate, sent: AsSent) -> Response:
        """Modify a message's metadata."""
        return answered(await self._messages.update(thread_id, message_id, body, sent))

    async def delete(self, thread_id: ThreadId, message_id: MessageId) -> Response:
        """Delete a message that no run is writing any more."""
        return answered(await self._messages.delete(thread_id, message_id))
