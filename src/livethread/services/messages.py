"""Messages: posted, read, changed, deleted. Those of runs are written by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from livethread.domain.lists import ListQuery
from livethread.domain.messages import Message, MessageCreate, MessageUpdate
from livethread.domain.options import ThreadPolicy
from livethread.domain.record import Deleted
from livethread.domain.transitions import ACTIVE, message_refused
from livethread.errors import ApiError, NotFound
from livethread.ids import Ids
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.reading import Reading
from livethread.services.answers import Answer, Listing
from livethread.services.pages import window
from livethread.services.policy import policy_of
from livethread.services.remembered import Sent, append
from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.pages import Page, page_of_messages
from livethread.storage.queries import AnyRow


class Messages:
    """What a caller may ask of messages.

    Args:
        log: where they are written.
        reading: where they are read, with the text of open ones.
        ids: for new ones.
        policy: whether a busy thread takes them (``reject`` does not), unless the thread says otherwise.
    """

    def __init__(self, log: ThreadLog, reading: Reading, ids: Ids, policy: ThreadPolicy) -> None:
        self._log = log
        self._reading = reading
        self._ids = ids
        self._policy = policy

    async def create(self, thread_id: str, body: MessageCreate, sent: Sent | None = None) -> Answer:
        """Post a message.

        Raises:
            NotFound: there is no such thread.
            ApiError: the thread is busy, and its policy refuses.
        """

        def change(write: ThreadWrite) -> Answer:
            if policy_of(write.thread(), self._policy) == "reject" and (active := write.runs(ACTIVE)):
                raise message_refused(thread_id, active[0].id)
            (message,) = post(write, [body], self._ids)
            return Answer(message.json_text())

        return await append(self._log, thread_id, sent, change)

    async def get(self, thread_id: str, message_id: str) -> Answer:
        """A message; while it grows, with its text so far.

        Raises:
            NotFound: no such thread or message.
        """

        def query(connection: Connection, _: AnyRow) -> AnyRow:
            row = queries.message(connection, thread_id, message_id)
            if row is None:
                raise NotFound("message", message_id)
            return row

        def build(thread: AnyRow, row: AnyRow) -> Answer:
            (text,), cursor = self._reading.messages(thread, [row])
            return Answer(text, str(cursor))

        return await self._reading.thread(thread_id, query, build)

    async def list(self, thread_id: str, query: ListQuery, run_id: str | None = None) -> Listing:
        """The messages of a thread; open ones with their text so far.

        Args:
            thread_id: which thread.
            query: which page.
            run_id: only those that this run wrote.

        Raises:
            NotFound: there is no such thread.
            ApiError: ``after`` or ``before`` never was a message of it.
        """

        def read(connection: Connection, _: AnyRow) -> Page:
            def find(id: str) -> AnyRow | None:
                # Whoever deletes what he lists goes on behind a message that is gone.
                return queries.message(connection, thread_id, id) or queries.created_message(connection, thread_id, id)

            return page_of_messages(connection, thread_id, window(query, "message", find), run_id)

        def build(thread: AnyRow, page: Page) -> Listing:
            texts, cursor = self._reading.messages(thread, page.rows)
            ids = [row.id for row in page.rows]
            return Listing(texts, ids, page.has_more, str(cursor) if query.newest else None)

        return await self._reading.thread(thread_id, read, build)

    async def update(self, thread_id: str, message_id: str, body: MessageUpdate, sent: Sent | None = None) -> Answer:
        """Replace a message's metadata.

        Raises:
            NotFound: no such thread or message.
        """

        def change(write: ThreadWrite) -> Answer:
            old = write.message(message_id)
            message = old.updated(body)
            if message != old:
                write.append(message, "thread.message.updated")
            return Answer(message.json_text())

        answer = await append(self._log, thread_id, sent, change)
        if Message.model_validate_json(answer.text).status == "in_progress":
            shown = await self.get(thread_id, message_id)
            return replace(shown, written=answer.written)
        return answer

    async def delete(self, thread_id: str, message_id: str) -> Answer:
        """Forget a message.

        Raises:
            NotFound: no such thread or message.
            ApiError: a run is still writing it.
        """

        def change(write: ThreadWrite) -> Answer:
            message = write.message(message_id)
            if message.status == "in_progress":
                raise ApiError(
                    f"Can't delete message {message_id} while run {message.run_id} is writing it. Cancel the run first."
                )
            deleted = Deleted(id=message_id, object="thread.message.deleted")
            write.append(deleted, "thread.message.deleted")
            return Answer(deleted.json_text())

        return await self._log.append(thread_id, change)


def post(write: ThreadWrite, bodies: Sequence[MessageCreate], ids: Ids) -> list[Message]:
    """Append new messages to a thread, behind the change that their attachments make to it."""
    old = write.thread()
    thread, posted = old.with_messages(bodies, ids, write.now)
    if thread != old:
        write.append(thread, "thread.updated")
    for message in posted:
        write.append(message, "thread.message.created")
    return posted
