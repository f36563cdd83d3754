"""Run steps: read only; the engine writes them."""

from __future__ import annotations

from livethread.domain.cursor import Cursor
from livethread.domain.lists import ListQuery
from livethread.errors import NotFound
from livethread.live.reading import Reading
from livethread.services.answers import Answer, Listing
from livethread.services.pages import window
from livethread.storage import queries
from livethread.storage.database import Connection
from livethread.storage.pages import Page, page_of_steps
from livethread.storage.queries import AnyRow


class Steps:
    """What a caller may ask of run steps.

    Args:
        reading: where they are read.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def get(self, thread_id: str, run_id: str, step_id: str) -> Answer:
        """A step.

        Raises:
            NotFound: no such thread, run or step.
        """

        def query(connection: Connection, _: AnyRow) -> AnyRow:
            _check_run(connection, thread_id, run_id)
            row = queries.step(connection, run_id, step_id)
            if row is None:
                raise NotFound("run step", step_id)
            return row

        def build(thread: AnyRow, row: AnyRow) -> Answer:
            return Answer(row.object, str(Cursor(thread.seq, thread.tag)))

        return await self._reading.thread(thread_id, query, build)

    async def list(self, thread_id: str, run_id: str, query: ListQuery) -> Listing:
        """The steps of a run.

        Raises:
            NotFound: no such thread or run.
            ApiError: ``after`` or ``before`` is no step of it.
        """

        def read(connection: Connection, _: AnyRow) -> Page:
            _check_run(connection, thread_id, run_id)
            part = window(query, "run step", lambda id: queries.step(connection, run_id, id))
            return page_of_steps(connection, run_id, part)

        def build(_: AnyRow, page: Page) -> Listing:
            return Listing([row.object for row in page.rows], [row.id for row in page.rows], page.has_more)

        return await self._reading.thread(thread_id, read, build)


def _check_run(connection: Connection, thread_id: str, run_id: str) -> None:
    if queries.run(connection, thread_id, run_id) is None:
        raise NotFound("run", run_id)
