"""How a run's pieces end: always messages first, then steps, then the run (reference section 5.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from livethread.domain.content import ContentBlock
from livethread.domain.messages import IncompleteReason
from livethread.domain.record import Deleted
from livethread.domain.runs import Run, RunStatus
from livethread.domain.steps import RunStep
from livethread.domain.transitions import move
from livethread.domain.usage import Usage, total
from livethread.live.log import ThreadWrite

ContentOf = Callable[[str], list[ContentBlock]]
"""The text of an open message so far, by its id: the final text is always the draft's."""

Ending = Literal["incomplete", "failed", "cancelled", "expired"]

_REASONS: Final[Mapping[Ending, IncompleteReason]] = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "cancelled": "run_cancelled",
    "expired": "run_expired",
}
_STEPS: Final[Mapping[Ending, Literal["completed", "failed", "cancelled", "expired"]]] = {
    "incomplete": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}

AGAIN: Final = {"code": "server_error", "message": "written again after a restart"}


def end_run(
    write: ThreadWrite,
    run_id: str,
    ending: Ending,
    content_of: ContentOf,
    *,
    usage: Usage | None = None,
    error: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
    reason: IncompleteReason | None = None,
) -> Run:
    """End a run in any way but well, with its open message and steps.

    Args:
        write: the change of its thread.
        run_id: which run.
        ending: how; from ``cancelling`` a run goes to ``cancelled`` and nowhere else.
        content_of: the text of its open message.
        usage: what its last model turn cost, if it was asked.
        error: ``last_error``, where it failed.
        details: ``incomplete_details``, where it is incomplete.
        reason: why its message is incomplete, where the ending does not say it.
    """
    run = write.run(run_id)
    if run.status == "cancelling":
        ending, error, details, reason = "cancelled", None, None, None
    _cut_messages(write, run_id, content_of, reason or _REASONS[ending])
    steps = write.steps(run_id)
    for index, step in enumerate(steps):
        if step.status == "in_progress":
            cost = write.kept_usage(run_id)
            if step.type == "message_creation":
                cost, usage = usage, None
            steps[index] = step.ended(_STEPS[ending], write.now, usage=cost, last_error=dict(error) if error else None)
            write.append(steps[index], f"thread.run.step.{_STEPS[ending]}")
    return finish(write, run, ending, steps, unsaid=usage, error=error, details=details)


def finish(
    write: ThreadWrite,
    run: Run,
    status: RunStatus,
    steps: list[RunStep],
    *,
    unsaid: Usage | None = None,
    error: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
) -> Run:
    """Move a run to its end; nobody owns it any more.

    Args:
        write: the change of its thread.
        run: the run.
        status: its end.
        steps: its steps, whose costs are its own.
        unsaid: what a model turn cost that came to no step.
        error: ``last_error``, where it failed.
        details: ``incomplete_details``, where it is incomplete.
    """
    changes: dict[str, Any] = {"usage": total([*(step.usage for step in steps), unsaid])}
    if error is not None:
        changes["last_error"] = dict(error)
    if details is not None:
        changes["incomplete_details"] = dict(details)
    ended = move(run, status, write.now, **changes)
    write.append(ended, f"thread.run.{status}")
    write.release(run.id)
    return ended


def break_off(write: ThreadWrite, run_id: str, content_of: ContentOf) -> None:
    """Close what a run was writing when its owner went away; the run itself goes on (ARCHITECTURE, "After a crash")."""
    _cut_messages(write, run_id, content_of, "run_failed")
    for step in write.steps(run_id):
        if step.status == "in_progress":
            write.append(step.ended("failed", write.now, last_error=AGAIN), "thread.run.step.failed")


def _cut_messages(write: ThreadWrite, run_id: str, content_of: ContentOf, reason: IncompleteReason) -> None:
    """End what a run was writing; a message whose text a power cut took is none, and goes."""
    for message in write.open_messages(run_id):
        content = content_of(message.id)
        if content:
            write.append(message.cut(content, reason, write.now), "thread.message.incomplete")
        else:
            write.append(Deleted(id=message.id, object="thread.message.deleted"), "thread.message.deleted")
