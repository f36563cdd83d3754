"""A thread as one knows it who hears every event of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from livethread.domain.events import LoggedEvent
from livethread.domain.transitions import ACTIVE
from livethread.engine.worker import MAX_ACTIVE

Object = dict[str, Any]


@dataclass
class Followed:
    """Remembers what it hears.

    Args:
        id: the thread's.
        events: the log so far, with the time at which each was heard.
        snapshots: what viewers were given meanwhile, parsed.
        deleted: whether the thread is.
    """

    id: str
    events: list[tuple[LoggedEvent, float]] = field(default_factory=list)
    snapshots: list[Object] = field(default_factory=list)
    deleted: bool = False
    _objects: dict[str, Object] = field(default_factory=dict)

    def hear(self, events: Iterable[LoggedEvent], now: float) -> None:
        """Take in the next events; they come in order, and none is left out."""
        for event in events:
            assert (event.seq, self.deleted) == (self.seq + 1, False)
            self.events.append((event, now))
            match event.type:
                case "thread.deleted":
                    self.deleted = True
                case "thread.message.deleted":
                    del self._objects[event.object_id]
                case "thread.run.step.delta":
                    continue
                case _:
                    self._objects[event.object_id] = json.loads(event.data)

    @property
    def seq(self) -> int:
        return len(self.events)

    @property
    def messages(self) -> list[Object]:
        """Oldest first; those that grow, too."""
        return self._all("thread.message")

    @property
    def runs(self) -> list[Object]:
        """Oldest first."""
        return self._all("thread.run")

    @property
    def active(self) -> list[Object]:
        return [run for run in self.runs if run["status"] in ACTIVE]

    @property
    def waiting(self) -> list[Object]:
        """The runs that wait for their caller."""
        return [run for run in self.runs if run["status"] == "requires_action"]

    @property
    def open(self) -> list[Object]:
        """The messages and steps that are in progress, but for the steps that wait for a caller."""
        waiting = {run["id"] for run in self.waiting}
        pieces = [*self.messages, *self._all("thread.run.step")]
        return [piece for piece in pieces if piece["status"] == "in_progress" and piece["run_id"] not in waiting]

    def check_at_rest(self, now: float) -> None:
        """What holds whenever nothing moves: nothing is left to do that could be done."""
        active = self.active
        busy = sum(run["status"] != "queued" for run in active)
        for earlier, run in enumerate(active):
            may_start = busy < MAX_ACTIVE and not any(waits_for(run, other) for other in active[:earlier])
            assert run["status"] != "cancelling", run
            assert run["expires_at"] is None or run["expires_at"] > now, run
            assert not (run["status"] == "queued" and may_start), run

    def _all(self, kind: str) -> list[Object]:
        return [item for item in self._objects.values() if item["object"] == kind]


def of_one_turn(run: Object, other: Object) -> bool:
    """Whether two runs belong to the same turn."""
    return run["turn_id"] is not None and run["turn_id"] == other["turn_id"]


def are_siblings(run: Object, other: Object) -> bool:
    """Whether two runs belong to the same parallel turn; the runs of a program know the mode of theirs."""
    return of_one_turn(run, other) and run["metadata"]["mode"] == "parallel"


def waits_for(run: Object, earlier: Object) -> bool:
    """Whether a run has to wait for one that was created earlier and has not ended."""
    if of_one_turn(run, earlier):
        return not are_siblings(run, earlier)
    return bool(run["thread_policy"] != "parallel")


def calls_of(run: Object) -> list[str]:
    """The ids of the calls that a run waits for."""
    action = run["required_action"]
    return [] if action is None else [call["id"] for call in action["submit_tool_outputs"]["tool_calls"]]
