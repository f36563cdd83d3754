"""Assistants: stored configuration, outside all threads."""

from __future__ import annotations

from livethread.clock import Clock
from livethread.domain.assistants import Assistant, AssistantCreate, AssistantUpdate
from livethread.domain.lists import ListQuery
from livethread.domain.record import Deleted
from livethread.errors import NotFound
from livethread.ids import Ids
from livethread.services.answers import Answer, Listing
from livethread.services.pages import window
from livethread.services.remembered import Sent, once
from livethread.storage import queries
from livethread.storage.database import Connection, Database
from livethread.storage.pages import Page, page_of_assistants
from livethread.storage.queries import AnyRow


class Assistants:
    """What a caller may ask of assistants.

    Args:
        database: where they are.
        ids: for new ones.
        clock: the time of their creation.
    """

    def __init__(self, database: Database, ids: Ids, clock: Clock) -> None:
        self._database = database
        self._ids = ids
        self._clock = clock

    async def create(self, body: AssistantCreate, sent: Sent | None = None) -> Answer:
        """Store a new assistant."""
        assistant = Assistant.create(body, self._ids, int(self._clock.now()))

        def change(connection: Connection) -> Answer:
            answer = Answer(assistant.json_text())
            queries.add_assistant(connection, assistant.id, answer.text)
            return answer

        return await self._database.write(once(sent, change))

    async def get(self, assistant_id: str) -> Answer:
        """An assistant.

        Raises:
            NotFound: there is none with this id.
        """
        row = await self._database.read(lambda connection: _row(connection, assistant_id))
        return Answer(row.object)

    async def list(self, query: ListQuery) -> Listing:
        """The assistants, by creation.

        Raises:
            ApiError: ``after`` or ``before`` is no assistant.
        """

        def read(connection: Connection) -> Page:
            part = window(query, "assistant", lambda id: queries.assistant(connection, id))
            return page_of_assistants(connection, part)

        page = await self._database.read(read)
        return Listing([row.object for row in page.rows], [row.id for row in page.rows], page.has_more)

    async def update(self, assistant_id: str, body: AssistantUpdate, sent: Sent | None = None) -> Answer:
        """Change the fields that the body gives; runs that were created before keep their copy.

        Raises:
            NotFound: there is none with this id.
        """

        def change(connection: Connection) -> Answer:
            stored = Assistant.model_validate_json(_row(connection, assistant_id).object)
            answer = Answer(stored.updated(body, self._ids).json_text())
            queries.change_assistant(connection, assistant_id, answer.text)
            return answer

        return await self._database.write(once(sent, change))

    async def delete(self, assistant_id: str) -> Answer:
        """Forget an assistant; its threads and runs stay.

        Raises:
            NotFound: there is none with this id.
        """

        def change(connection: Connection) -> Answer:
            if not queries.remove_assistant(connection, assistant_id):
                raise NotFound("assistant", assistant_id)
            return Answer(Deleted(id=assistant_id, object="assistant.deleted").json_text())

        return await self._database.write(change)


def _row(connection: Connection, assistant_id: str) -> AnyRow:
    row = queries.assistant(connection, assistant_id)
    if row is None:
        raise NotFound("assistant", assistant_id)
    return row
