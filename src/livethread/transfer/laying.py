"""One thread from the stage into its log, in the order that the conversation had."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator

from livethread.domain.threads import Thread
from livethread.live.brought import Brought
from livethread.transfer.stage import MESSAGE, RUN, STEP, THREAD, Item, Stage


def lay(stage: Stage, thread_id: str, known: bool, brought: Brought) -> None:
    """Append what is new of a thread.

    Messages, runs and steps each stand by time. Ties stand as in the file, or the other way round where the thread's
    items of that kind stand newest first in it; if these do not say, those of most threads do, or else its other kinds.
    A run stands before all that it wrote and did, and in a tie behind the messages before that: so a later run is told
    each answer behind the message that it answers. A thread that was exported stands in the file as in its log.

    Args:
        stage: where it is, judged.
        thread_id: which thread.
        known: it is stored already.
        brought: its log.
    """
    stands = stage.stands(thread_id)
    own = stage.thread(thread_id) if THREAD in stands else None
    activity = json.loads(own.activity) if own is not None and own.activity is not None else None
    here = Counter({kind: stands[kind].newest_first for kind in (MESSAGE, RUN, STEP) if kind in stands})
    key: Callable[[Item], tuple[int, ...]] = _time
    backwards = {kind: (here[kind] or stage.newest_first[kind] or here.total()) > 0 for kind in here}
    if activity is not None:  # all kinds together are a log
        backwards = dict.fromkeys(here, here.total() > 0)
        key = _backwards if here.total() > 0 else _forwards
    messages, runs, steps = (
        stage.items(thread_id, kind, newest_first=backwards[kind]) if kind in here else iter(())
        for kind in (MESSAGE, RUN, STEP)
    )
    if not known:
        oldest = min(standing.oldest for standing in stands.values())
        made = Thread(id=thread_id, created_at=oldest, metadata={}, tool_resources={})
        brought.thread(own.object if own is not None else made.json_text())
    order = _Order(stage, brought, runs)
    for item in heapq.merge(messages, steps, key=key):
        order.runs_before(key(item), key)
        order.add(item)
    order.all_runs()
    brought.finish(max(standing.newest for standing in stands.values()) * 1_000_000, activity)


class _Order:
    """Runs among all else: where each begins, and ends.

    Args:
        stage: where the items are.
        brought: the thread's log.
        runs: the thread's, in their order.
    """

    def __init__(self, stage: Stage, brought: Brought, runs: Iterator[Item]) -> None:
        self._stage = stage
        self._brought = brought
        self._runs = runs
        self._next = next(runs, None)
        self._open: dict[str, tuple[Item, int]] = {}  # and where it begins
        self._left: Counter[str] = Counter()  # how much of it is still to come

    def runs_before(self, place: tuple[int, ...], key: Callable[[Item], tuple[int, ...]]) -> None:
        """Begin the runs that stand before a place."""
        while self._next is not None and key(self._next) < place:
            self._begin(self._next)

    def all_runs(self) -> None:
        """Begin all that have not begun."""
        while self._next is not None:
            self._begin(self._next)

    def add(self, item: Item) -> None:
        """Append a message or a step, behind the beginning of its run."""
        run = item.run
        if run is not None and run not in self._open and self._is_here(run):
            while self._next is not None and run not in self._open:
                self._begin(self._next)
        if item.kind == MESSAGE:
            self._brought.message(item.id, run, item.status or "", item.object)
        else:
            self._brought.step(item.id, run or "", item.status or "", item.object)
        if run in self._open:
            self._left[run] -= 1
            self._end_if_over(run)

    def _is_here(self, run: str) -> bool:
        return self._stage.one("SELECT 1 FROM items WHERE id = ? AND stored = 0", run) is not None

    def _begin(self, run: Item) -> None:
        self._open[run.id] = run, self._brought.run_begins(run.id, run.object)
        self._left[run.id] = self._stage.one(
            "SELECT count(*) FROM items WHERE run = ? AND thread = ? AND stored = 0", run.id, run.thread
        )
        self._next = next(self._runs, None)
        self._end_if_over(run.id)

    def _end_if_over(self, id: str) -> None:
        if not self._left[id]:
            run, created_seq = self._open.pop(id)
            del self._left[id]
            self._brought.run_ends(id, run.status or "", run.object, created_seq)


def _time(item: Item) -> tuple[int, ...]:
    return (item.at,)


def _forwards(item: Item) -> tuple[int, ...]:
    return (item.at, item.position)


def _backwards(item: Item) -> tuple[int, ...]:
    return (item.at, -item.position)
