"""Turns: a message, and the runs that answer it (wire.md, Calls)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from livethread.domain.body import Body
from livethread.domain.choice import by_kind, shape
from livethread.domain.content import Text
from livethread.domain.messages import Message, MessageCreate
from livethread.domain.options import ThreadPolicy
from livethread.domain.record import Record
from livethread.domain.run_bodies import RunCreate
from livethread.domain.runs import Run

MAX_ASSISTANTS: Final = 100
"""Runs of one turn: as many as may wait in a thread (ARCHITECTURE section 5, Busy thread)."""

TurnMode = Literal["parallel", "sequential"]
"""Whether the runs of a turn start together, and never see each other, or each when the one before it has ended."""


class TurnRun(RunCreate):
    """A run of a turn: as one that is created alone, but that it neither streams nor has a policy of its own."""

    @field_validator("stream")
    @classmethod
    def _does_not_stream(cls, stream: bool | None) -> bool | None:
        if stream:
            raise ValueError("a turn is answered with its runs. Follow the thread's stream, or that of each run")
        return stream

    @field_validator("thread_policy")
    @classmethod
    def _has_the_policy_of_the_turn(cls, policy: ThreadPolicy | None) -> ThreadPolicy | None:
        if policy is not None:
            raise ValueError("a turn has one policy for all its runs. Put it beside 'assistants'")
        return policy


class TurnCreate(Body):
    """The body of ``POST /threads/{thread_id}/turns``.

    Args:
        message: what is said; a text alone is a user's.
        assistants: who answers, in this order; the same one may answer more than once. An id alone is a run without
            overrides.
        mode: whether they answer together or one after the other.
        thread_policy: what the turn does, as a whole, while a run of the thread is active.
    """

    message: Annotated[
        Annotated[Text, shape("string")] | Annotated[MessageCreate, shape("object")],
        by_kind,
    ]
    assistants: Annotated[
        list[Annotated[Annotated[str, shape("string")] | Annotated[TurnRun, shape("object")], by_kind]],
        Field(min_length=1, max_length=MAX_ASSISTANTS),
    ]
    mode: TurnMode = "parallel"
    thread_policy: ThreadPolicy | None = None

    @property
    def said(self) -> MessageCreate:
        """The message, as one that is posted alone."""
        return MessageCreate(role="user", content=self.message) if isinstance(self.message, str) else self.message

    @property
    def asked(self) -> list[RunCreate]:
        """The runs, as those that are created alone."""
        return [RunCreate(assistant_id=run) if isinstance(run, str) else run for run in self.assistants]


class Turn(Record):
    """What a turn is answered with; stored are only its message and its runs, which carry its id."""

    object: Literal["thread.turn"] = "thread.turn"
    message: Message
    runs: list[Run]
