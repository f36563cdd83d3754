"""Threads: opened, read, listed, changed, deleted."""

from __future__ import annotations

from collections.abc import Sequence

from livethread.clock import Clock
from livethread.domain.cursor import Cursor
from livethread.domain.listed import listed
from livethread.domain.lists import ListQuery
from livethread.domain.messages import Message
from livethread.domain.record import Deleted
from livethread.domain.threads import Thread, ThreadCreate, ThreadUpdate
from livethread.domain.transitions import ACTIVE, move
from livethread.ids import Ids
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.reading import Reading
from livethread.services.answers import Answer, Listing
from livethread.services.pages import window
from livethread.services.remembered import Sent, append
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.pages import Page, page_of_threads
from livethread.storage.queries import AnyRow


class Threads:
    """What a caller may ask of threads.

    Args:
        database: where the list of them is read.
        log: where they are written.
        reading: where they are read.
        ids: for new ones.
        clock: the time of their creation.
    """

    def __init__(self, database: Database, log: ThreadLog, reading: Reading, ids: Ids, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._reading = reading
        self._ids = ids
        self._clock = clock

    async def create(self, body: ThreadCreate | None = None, sent: Sent | None = None) -> Answer:
        """Open a thread with its first messages, in one transaction."""
        body = body or ThreadCreate()
        now = int(self._clock.now())
        thread, messages = Thread.create(body, self._ids, now).with_messages(body.messages or (), self._ids, now)

        def change(write: ThreadWrite) -> Answer:
            begin(write, thread, messages)
            return Answer(thread.json_text())

        return await append(self._log, thread.id, sent, change, create=True)

    async def get(self, thread_id: str) -> Answer:
        """A thread.

        Raises:
            NotFound: there is no such thread.
        """
        return await self._reading.thread(
            thread_id, lambda *_: None, lambda row, _: Answer(row.object, str(Cursor(row.seq, row.tag)))
        )

    async def list(self, query: ListQuery) -> Listing:
        """The threads that are not deleted, by their last activity (wire.md, Calls).

        Raises:
            ApiError: ``after`` or ``before`` is no thread.
        """

        def read(connection: Connection) -> Page:
            def find(id: str) -> AnyRow | None:
                row = queries.thread(connection, id)
                # A deleted one stands where its end put it and not where the caller saw it.
                return row if row is not None and row.deleted_at is None else None

            return page_of_threads(connection, window(query, "thread", find))

        page = await self._database.read(read)
        texts = [listed(row.object, row.opening, row.last_message, row.active_at) for row in page.rows]
        return Listing(texts, [row.id for row in page.rows], page.has_more)

    async def update(self, thread_id: str, body: ThreadUpdate, sent: Sent | None = None) -> Answer:
        """Change the fields that the body gives.

        Raises:
            NotFound: there is no such thread.
        """

        def change(write: ThreadWrite) -> Answer:
            old = write.thread()
            thread = old.updated(body, self._ids)
            if thread != old:
                write.append(thread, "thread.updated")
            return Answer(thread.json_text())

        return await append(self._log, thread_id, sent, change)

    async def delete(self, thread_id: str) -> Answer:
        """End a thread: the runs that have not ended are cancelled at once, and their owners refused from now on.

        Raises:
            NotFound: there is no such thread, any more.
        """
        return await self._log.append(thread_id, _delete)


def begin(write: ThreadWrite, thread: Thread, messages: Sequence[Message]) -> None:
    """Append a new thread with its first messages, the resources that they bring already in it."""
    write.append(thread, "thread.created")
    for message in messages:
        write.append(message, "thread.message.created")


def _delete(write: ThreadWrite) -> Answer:
    write.deleting = True
    for run in write.runs(ACTIVE):
        write.release(run.id)
        write.append(move(run, "cancelled", write.now, deleting=True), "thread.run.cancelled")
    deleted = Deleted(id=write.thread_id, object="thread.deleted")
    write.append(deleted, "thread.deleted")
    return Answer(deleted.json_text())
