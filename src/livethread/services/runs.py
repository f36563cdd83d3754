"""Runs: created, read, cancelled, answered. What happens in between is the engine's."""

from __future__ import annotations

from collections.abc import Sequence

from livethread.clock import Clock
from livethread.domain.claims import ClaimCreate, check_claim, check_claimable, claimed
from livethread.domain.cursor import Cursor
from livethread.domain.lists import ListQuery
from livethread.domain.messages import MessageCreate
from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunCreate, RunOptions, RunUpdate, ThreadAndRunCreate, ToolOutputsSubmit
from livethread.domain.runs import Run
from livethread.domain.threads import Thread, ThreadCreate
from livethread.domain.transitions import ACTIVE, check_cancel, check_submit, move
from livethread.errors import NotFound
from livethread.ids import Ids
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.live.reading import Reading
from livethread.services.admission import ask_to_cancel, assistant_of, make_room, queue
from livethread.services.answers import Answer, Beginning, Listing
from livethread.services.pages import window
from livethread.services.policy import policy_of
from livethread.services.remembered import Sent, append
from livethread.services.threads import begin
from livethread.storage import claims, queries
from livethread.storage.database import Connection
from livethread.storage.pages import Page, page_of_runs
from livethread.storage.queries import AnyRow


class Runs:
    """What a caller may ask of runs.

    Args:
        log: where they are written.
        reading: where they are read.
        ids: for new ones.
        clock: the time of an id's making.
        policy: what a new run does on a busy thread, unless the thread or the request says otherwise.
    """

    def __init__(self, log: ThreadLog, reading: Reading, ids: Ids, clock: Clock, policy: ThreadPolicy) -> None:
        self._log = log
        self._reading = reading
        self._ids = ids
        self._clock = clock
        self._policy = policy

    async def create(self, thread_id: str, body: RunCreate, sent: Sent | None = None) -> Answer:
        """Queue a run, behind the messages that come with it; all or nothing.

        Raises:
            NotFound: no such thread or assistant.
            ApiError: the thread is busy and its policy refuses, or there is nothing to run on.
        """

        def change(write: ThreadWrite) -> Answer:
            run, run_seq = self._queue(write, body, body.additional_messages or [])
            return _answer(run, run_seq, before=run_seq - 1)

        return await append(self._log, thread_id, sent, change)

    async def create_with_thread(self, body: ThreadAndRunCreate, sent: Sent | None = None) -> Answer:
        """Make a thread with its messages, and queue a run on it; all or nothing.

        Raises:
            NotFound: no such assistant.
            ApiError: there is nothing to run on.
        """
        start = body.thread or ThreadCreate()
        now = int(self._clock.now())
        thread, messages = Thread.create(start, self._ids, now).with_messages(start.messages or (), self._ids, now)

        def change(write: ThreadWrite) -> Answer:
            begin(write, thread, messages)
            return _answer(*self._queue(write, body, ()), before=0)

        return await append(self._log, thread.id, sent, change, create=True)

    async def get(self, thread_id: str, run_id: str) -> tuple[Answer, str]:
        """A run, and its status.

        Raises:
            NotFound: no such thread or run.
        """

        def build(thread: AnyRow, row: AnyRow) -> tuple[Answer, str]:
            return Answer(row.object, str(Cursor(thread.seq, thread.tag))), row.status

        def query(connection: Connection, _: AnyRow) -> AnyRow:
            row = queries.run(connection, thread_id, run_id)
            if row is None:
                raise NotFound("run", run_id)
            return row

        return await self._reading.thread(thread_id, query, build)

    async def list(self, thread_id: str, query: ListQuery) -> Listing:
        """The runs of a thread.

        Raises:
            NotFound: no such thread.
            ApiError: ``after`` or ``before`` is no run of it.
        """

        def read(connection: Connection, _: AnyRow) -> Page:
            part = window(query, "run", lambda id: queries.run(connection, thread_id, id))
            return page_of_runs(connection, thread_id, part)

        def build(_: AnyRow, page: Page) -> Listing:
            return Listing([row.object for row in page.rows], [row.id for row in page.rows], page.has_more)

        return await self._reading.thread(thread_id, read, build)

    async def update(self, thread_id: str, run_id: str, body: RunUpdate, sent: Sent | None = None) -> Answer:
        """Replace a run's metadata, whatever its status.

        Raises:
            NotFound: no such thread or run.
        """

        def change(write: ThreadWrite) -> Answer:
            run = write.run(run_id).updated(body)
            write.append(run, "thread.run.updated")
            return Answer(run.json_text())

        return await append(self._log, thread_id, sent, change)

    async def cancel(self, thread_id: str, run_id: str, sent: Sent | None = None) -> Answer:
        """Ask a run to stop; it keeps its text and ends ``cancelled``.

        Raises:
            NotFound: no such thread or run.
            ApiError: it is over already, or has been asked.
        """

        def change(write: ThreadWrite) -> Answer:
            run = write.run(run_id)
            check_cancel(run)
            run = move(run, "cancelling", write.now)
            write.append(run, "thread.run.cancelling")
            return Answer(run.json_text())

        return await append(self._log, thread_id, sent, change)

    async def stop(self, thread_id: str, sent: Sent | None = None) -> Answer:
        """Ask every run of a thread that has not ended to cancel; those that were asked before are no error.

        Returns:
            A list of these runs, oldest first; it is empty where nothing runs.

        Raises:
            NotFound: there is no such thread.
        """

        def change(write: ThreadWrite) -> Answer:
            runs = ask_to_cancel(write, write.runs(ACTIVE))
            return Answer(f'{{"object":"list","data":[{",".join(run.json_text() for run in runs)}]}}')

        return await append(self._log, thread_id, sent, change)

    async def claim(
        self, thread_id: str, run_id: str, body: ClaimCreate, sent: Sent | None = None, token: str | None = None
    ) -> Answer:
        """Ask to be the one who answers all calls that a run waits for (wire.md, Calls).

        Args:
            thread_id: whose run.
            run_id: the run.
            body: who asks.
            sent: the request.
            token: of the claim that is to be renewed.

        Raises:
            NotFound: no such thread or run.
            ApiError: it does not wait.
        """

        def change(write: ThreadWrite) -> Answer:
            check_claimable(write.run(run_id))
            held = claims.held(write.connection, run_id)
            claim, granted = claimed(held, body.user_id, token, self._ids, write.now)
            if granted:
                claims.hold(write.connection, run_id, claim)
            return Answer(claim.answer(granted=granted))

        return await append(self._log, thread_id, sent, change)

    async def submit(
        self, thread_id: str, run_id: str, body: ToolOutputsSubmit, sent: Sent | None = None, token: str | None = None
    ) -> Answer:
        """Answer all calls that a run waits for; it is queued again.

        Args:
            thread_id: whose run.
            run_id: the run.
            body: the outputs.
            sent: the request.
            token: of the caller's claim; None from a caller that knows of no claims, as the SDKs.

        Raises:
            NotFound: no such thread or run.
            ApiError: it does not wait, or not for these calls; or the claim is lost.
        """

        def change(write: ThreadWrite) -> Answer:
            run, before = write.run(run_id), write.seq
            check_submit(run, body.tool_outputs)
            if token is not None:
                check_claim(claims.held(write.connection, run_id), token, write.now)
            outputs = {output.tool_call_id: output.text for output in body.tool_outputs}
            for step in write.steps(run_id):
                if step.status == "in_progress":
                    done = step.with_outputs(outputs).ended("completed", write.now, usage=write.kept_usage(run_id))
                    write.append(done, "thread.run.step.completed")
            run = move(run, "queued", write.now)
            write.append(run, "thread.run.queued")
            return _answer(run, write.run_seq(run_id), before)

        return await append(self._log, thread_id, sent, change)

    def _queue(self, write: ThreadWrite, body: RunOptions, messages: Sequence[MessageCreate]) -> tuple[Run, int]:
        """Append a new run behind its messages; it, and the seq of its ``thread.run.created``."""
        assistant = assistant_of(write, body.assistant_id)
        policy = body.thread_policy or policy_of(write.thread(), self._policy)
        make_room(write, policy)
        return queue(write, body, assistant, self._ids, policy, messages)


def _answer(run: Run, run_seq: int, before: int) -> Answer:
    return Answer(run.json_text(), begins=Beginning(run.thread_id, run.id, run_seq, before))
