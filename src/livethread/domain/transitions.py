"""The one table of a run's status moves, and the refusals that follow from it.

See reference section 4, and ARCHITECTURE section 5, "Owning a run".

::

    queued ──▶ in_progress ──▶ completed | incomplete | failed
      ▲             │
      └── requires_action        queued, in_progress, requires_action ──▶ cancelling | expired
                                 cancelling ──▶ cancelled, and nowhere else

A run that fails before it says a word still goes through ``in_progress``, so that every stream has the order that was
recorded (reference section 5.5). A queued run expires only when it has started before: one that waits has no
``expires_at``. Only deleting the thread leads to ``cancelled`` without ``cancelling``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from livethread.domain.run_bodies import ToolOutput
from livethread.domain.runs import Run, RunStatus
from livethread.errors import ApiError, LivethreadError

MOVES: Final[Mapping[RunStatus, frozenset[RunStatus]]] = {
    "queued": frozenset(["in_progress", "cancelling", "expired"]),
    "in_progress": frozenset(["requires_action", "completed", "incomplete", "failed", "cancelling", "expired"]),
    "requires_action": frozenset(["queued", "cancelling", "expired"]),
    "cancelling": frozenset(["cancelled"]),
    "cancelled": frozenset(),
    "failed": frozenset(),
    "completed": frozenset(),
    "incomplete": frozenset(),
    "expired": frozenset(),
}
"""From each status, where a run may go."""

TERMINAL: Final[frozenset[RunStatus]] = frozenset(status for status, onward in MOVES.items() if not onward)
"""Statuses that a run never leaves."""

ACTIVE: Final[frozenset[RunStatus]] = frozenset(MOVES) - TERMINAL
"""Statuses of a run that keeps its thread busy."""

CANCELLABLE: Final[frozenset[RunStatus]] = ACTIVE - {"cancelling"}
"""Statuses in which a run may be asked to cancel."""


_TIMES: Final[Mapping[RunStatus, str]] = {
    "in_progress": "started_at",
    "cancelled": "cancelled_at",
    "failed": "failed_at",
    "completed": "completed_at",
    "incomplete": "completed_at",
}


class IllegalMove(LivethreadError):
    """A status move that the table does not have: a mistake of ours, or the loser of a race."""

    def __init__(self, old: RunStatus, new: RunStatus) -> None:
        super().__init__(f"A run may not go from '{old}' to '{new}'.")
        self.old = old
        self.new = new


def check(old: RunStatus, new: RunStatus, *, deleting: bool = False) -> None:
    """Raises ``IllegalMove`` unless a run may go from ``old`` to ``new``.

    Args:
        deleting: whether its thread is being deleted, which cancels every run that has not ended.
    """
    if deleting and new == "cancelled" and old in ACTIVE:
        return
    if new not in MOVES[old]:
        raise IllegalMove(old, new)


def move(run: Run, new: RunStatus, now: int, *, deleting: bool = False, **changes: Any) -> Run:
    """The run after a checked move, with the fields that every such move sets (reference section 4).

    Args:
        now: goes into ``started_at``, ``cancelled_at``, ``failed_at`` or ``completed_at``; a run that ends
            ``incomplete`` has a ``completed_at`` too, an expired one has none of them.
        changes: what only the caller knows: ``expires_at`` at the first start, ``required_action``, ``usage``, ….
    """
    check(run.status, new, deleting=deleting)
    fields: dict[str, Any] = {"status": new, "required_action": None}
    if new in _TIMES:
        fields[_TIMES[new]] = now
    if new in TERMINAL:
        fields["expires_at"] = None
    return run.model_copy(update=fields | changes)


def check_cancel(run: Run) -> None:
    """Raises the documented 400 unless the run may be asked to cancel (reference section 1.5)."""
    if run.status not in CANCELLABLE:
        raise ApiError(f"Cannot cancel run with status '{run.status}'.")


def check_submit(run: Run, outputs: Sequence[ToolOutput]) -> None:
    """Raises the documented 400 unless the run waits for exactly these outputs, in any order (section 1.5)."""
    if run.status != "requires_action":
        raise ApiError(f'Runs in status "{run.status}" do not accept tool outputs.')
    expected = [call["id"] for call in run.pending_calls]
    got = [output.tool_call_id for output in outputs]
    if sorted(expected) != sorted(got):
        raise ApiError(f"Expected tool outputs for call_ids {expected}, got {got}")


def message_refused(thread_id: str, run_id: str) -> ApiError:
    """The error for a message that a busy thread refuses (reference section 1.5)."""
    return ApiError(f"Can't add messages to {thread_id} while a run {run_id} is active.")


def run_refused(thread_id: str, run_id: str) -> ApiError:
    """The error for a run that a busy thread refuses (reference section 1.5)."""
    return ApiError(f"Thread {thread_id} already has an active run {run_id}.")


def nothing_to_run() -> ApiError:
    """The error for a run that would have nothing to say anything about (reference section 1.5)."""
    return ApiError(
        "Run creation requires a Thread with a user message or an assistant with instructions.", code="invalid_thread"
    )
