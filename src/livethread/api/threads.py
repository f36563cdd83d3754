"""Threads over HTTP (reference section 2.2)."""

from __future__ import annotations

from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.paths import ThreadId
from livethread.api.queries import Page
from livethread.domain.threads import ThreadCreate, ThreadUpdate
from livethread.services.threads import Threads


class ThreadCalls:
    """The calls on threads.

    Args:
        threads: the service that answers them.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def create(self, body: ThreadCreate) -> Response:
        """Create a thread, with its first messages if you like."""
        return answered(await self._threads.create(body))

    async def list(self, page: Page) -> Response:
        """List threads, those with the newest activity first, each with its title and last message."""
        return answered(await self._threads.list(page))

    async def get(self, thread_id: ThreadId) -> Response:
        """Retrieve a thread."""
        return answered(await self._threads.get(thread_id))

    async def update(self, thread_id: ThreadId, body: ThreadUpdate) -> Response:
        """Modify a thread; fields that are not given keep their value."""
        return answered(await self._threads.update(thread_id, body))

    async def delete(self, thread_id: ThreadId) -> Response:
        """Delete a thread; runs that have not ended are cancelled."""
        return answered(await self._threads.delete(thread_id))
