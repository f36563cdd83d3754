"""Run steps: read only; the engine writes them."""

from __future__ import annotations

from sqlalchemy import Connection

from livethread.domain.cursor import Cursor
from livethread.errors import NotFound
from livethread.live.reading import Reading
from livethread.services.answers import Answer, Listing, ListQuery
from livethread.services.pages import page_of
from livethread.storage import queries
from livethread.storage.queries import AnyRow, Page
from livethread.storage.tables import run_steps, runs


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
            row = _find(connection, run_id, step_id)
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
            return page_of(
                connection, run_steps, run_steps.c.run_id == run_id, [run_steps.c.created_seq], query,
                noun="run step", find=lambda id: _find(connection, run_id, id),
            )  # fmt: skip

        def build(_: AnyRow, page: Page) -> Listing:
            return Listing([row.object for row in page.rows], [row.id for row in page.rows], page.has_more)

        return await self._reading.thread(thread_id, read, build)


def _check_run(connection: Connection, thread_id: str, run_id: str) -> None:
    run = queries.get(connection, runs, run_id)
    if run is None or run.thread_id != thread_id:
        raise NotFound("run", run_id)


def _find(connection: Connection, run_id: str, step_id: str) -> AnyRow | None:
    row = queries.get(connection, run_steps, step_id)
    return row if row is not None and row.run_id == run_id else None
