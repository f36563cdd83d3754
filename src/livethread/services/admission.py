"""How new runs come onto a thread that may be busy, one by one or as a turn (ARCHITECTURE, "A busy thread")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from livethread.domain.assistants import Assistant
from livethread.domain.messages import MessageCreate
from livethread.domain.options import ThreadPolicy
from livethread.domain.run_bodies import RunOptions
from livethread.domain.runs import Run
from livethread.domain.transitions import ACTIVE, move, nothing_to_run, run_refused
from livethread.errors import ApiError, NotFound
from livethread.ids import Ids
from livethread.live.log import ThreadWrite
from livethread.services.messages import post
from livethread.storage import queries

MAX_WAITING: Final = 100
"""Runs of one thread that wait as ``queued``; one more is refused (429 and 5xx would be retried by SDKs)."""


def assistant_of(write: ThreadWrite, assistant_id: str) -> Assistant:
    """The assistant that a run is to be of.

    Raises:
        NotFound: there is none with this id.
    """
    row = queries.assistant(write.connection, assistant_id)
    if row is None:
        raise NotFound("assistant", assistant_id)
    return Assistant.model_validate_json(row.object)


def make_room(write: ThreadWrite, policy: ThreadPolicy, runs: int = 1) -> None:
    """What so many new runs do to a busy thread, or it to them.

    Raises:
        ApiError: their policy refuses them, or too many would wait.
    """
    active = write.runs(ACTIVE)
    if policy == "reject" and active:
        raise run_refused(write.thread_id, active[0].id)
    if policy == "queue":
        for run in active:
            if run.status == "requires_action":
                raise run_refused(write.thread_id, run.id)
    if policy == "interrupt":  # nothing waits any more
        ask_to_cancel(write, active)
        return
    waiting = sum(run.status == "queued" for run in active)
    if waiting + runs > MAX_WAITING:
        more = f", and {runs} more would be over the limit of {MAX_WAITING}" if runs > 1 else ""
        raise ApiError(
            f"Thread {write.thread_id} already has {waiting} runs waiting{more}. "
            "Wait until one has started, or cancel some."
        )


def ask_to_cancel(write: ThreadWrite, active: Sequence[Run]) -> list[Run]:
    """Ask runs to cancel, but for those that were asked before; all of them, as they are now."""
    asked = []
    for run in active:
        if run.status != "cancelling":
            run = move(run, "cancelling", write.now)
            write.append(run, "thread.run.cancelling")
        asked.append(run)
    return asked


def queue(
    write: ThreadWrite, body: RunOptions, assistant: Assistant, ids: Ids, policy: ThreadPolicy,
    messages: Sequence[MessageCreate] = (), *, turn_id: str | None = None, siblings_seq: int | None = None,
) -> tuple[Run, int]:  # fmt: skip
    """Append a new run behind the messages that come with it.

    Args:
        write: the change of its thread, in which room was made for it.
        body: what was asked for.
        assistant: the one that the body names.
        ids: for the run and its messages.
        policy: what it does while others are active.
        messages: of its own.
        turn_id: the turn it belongs to.
        siblings_seq: where the first run of its parallel turn was created; None for that one and for all others.

    Returns:
        The run, and the seq of its ``thread.run.created``.

    Raises:
        ApiError: there is nothing to run on, or the body forces a function that the run does not have.
    """
    post(write, messages, ids)
    run = Run.create(body, assistant, write.thread_id, ids, write.now, thread_policy=policy, turn_id=turn_id)
    if not run.instructions and not queries.has_messages(write.connection, write.thread_id):
        raise nothing_to_run()
    run_seq = write.seq + 1
    write.append(run, "thread.run.created", "thread.run.queued", siblings_seq=siblings_seq)
    return run, run_seq
