"""Threads over HTTP (reference section 2.2)."""

from __future__ import annotations

from pydantic import BaseModel
from starlette.responses import Response

from livethread.api.answers import answered
from livethread.api.queries import Page
from livethread.api.sent import AsSent
from livethread.domain.given_ids import ThreadId
from livethread.domain.threads import Thread, ThreadCreate, ThreadUpdate
from livethread.services.threads import Threads


class Author(BaseModel):
    """Who wrote a message, for the documentation only."""

    role: str
    assistant_id: str | None
    name: str | None
    user_id: str | None


class LastMessage(BaseModel):
    """The end of a thread, cut at 200 characters, for the documentation only (wire.md, Calls)."""

    text: str
    author: Author
    created_at: int


class ListedThread(Thread):
    """A thread as the list shows it, for the documentation only (wire.md, Calls)."""

    title: str | None
    last_message: LastMessage | None
    active_at: int


class ThreadCalls:
    """The calls on threads.

    Args:
        threads: the service that answers them.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def create(self, body: ThreadCreate, sent: AsSent) -> Response:
        """Create a thread, with its first messages if you like."""
        return answered(await self._threads.create(body, sent))

    async def list(self, page: Page) -> Response:
        """List threads, those with the newest activity first, each with its title and last message."""
        return answered(await self._threads.list(page))

    async def get(self, thread_id: ThreadId) -> Response:
        """Retrieve a thread."""
        return answered(await self._threads.get(thread_id))

    async def update(self, thread_id: ThreadId, body: ThreadUpdate, sent: AsSent) -> Response:
        """Modify a thread; fields that are not given keep their value."""
        return answered(await self._threads.update(thread_id, body, sent))

    async def delete(self, thread_id: ThreadId) -> Response:
        """Delete a thread; runs that have not ended are cancelled."""
        return answered(await self._threads.delete(thread_id))
