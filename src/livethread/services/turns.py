"""Turns: one message, answered by several assistants (wire.md, Calls)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from livethread.domain.options import ThreadPolicy
from livethread.domain.runs import Run
from livethread.domain.turns import Turn, TurnCreate
from livethread.errors import ApiError
from livethread.ids import Ids
from livethread.live.log import ThreadLog, ThreadWrite
from livethread.services.admission import assistant_of, make_room, queue
from livethread.services.answers import Answer
from livethread.services.messages import post
from livethread.services.policy import policy_of
from livethread.services.remembered import Sent, append


class Turns:
    """What a caller may ask of turns.

    Args:
        log: where they are written.
        ids: for them, their messages and their runs.
        policy: what a turn does on a busy thread, unless the thread or the request says otherwise.
    """

    def __init__(self, log: ThreadLog, ids: Ids, policy: ThreadPolicy) -> None:
        self._log = log
        self._ids = ids
        self._policy = policy

    async def create(self, thread_id: str, body: TurnCreate, sent: Sent | None = None) -> Answer:
        """Post a message, and queue the runs that answer it; all or nothing.

        Raises:
            NotFound: no such thread or assistant.
            ApiError: the thread is busy and the turn's policy refuses, too many runs would wait, or one of them cannot
                be as it was asked for.
        """

        def change(write: ThreadWrite) -> Answer:
            assistants = []
            for index, asked in enumerate(body.asked):
                with _at(index):
                    assistants.append(assistant_of(write, asked.assistant_id))
            policy = body.thread_policy or policy_of(write.thread(), self._policy)
            make_room(write, policy, len(assistants))
            (message,) = post(write, [body.said], self._ids)
            turn_id, siblings_seq = self._ids.new("turn"), None
            runs: list[Run] = []
            for index, (asked, assistant) in enumerate(zip(body.asked, assistants, strict=True)):
                with _at(index):
                    run, run_seq = queue(
                        write, asked, assistant, self._ids, policy, asked.additional_messages or (),
                        turn_id=turn_id, siblings_seq=siblings_seq,
                    )  # fmt: skip
                runs.append(run)
                if body.mode == "parallel":
                    siblings_seq = siblings_seq or run_seq
            return Answer(Turn(id=turn_id, message=message, runs=runs).json_text())

        return await append(self._log, thread_id, sent, change)


@contextmanager
def _at(index: int) -> Iterator[None]:
    """Whatever is refused here is refused of this run of the turn."""
    try:
        yield
    except ApiError as refusal:
        place = f"assistants[{index}]"
        refusal.param = place if refusal.param is None else f"{place}.{refusal.param}"
        raise
